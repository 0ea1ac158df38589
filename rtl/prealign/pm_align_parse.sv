// SPDX-License-Identifier: Apache-2.0
/// One floating-point code as sign, significand and the places by which it is shifted to a group's largest exponent.
/// Combinational.
module pm_align_parse #(
    /// Bits of an exponent, 2..8.
    parameter int unsigned E = 8,
    /// Bits of a mantissa, 1..10.
    parameter int unsigned M = 7,
    /// Places from which on nothing is left, at least 1.
    parameter int unsigned Most = 12,
    localparam int unsigned ShiftW = $clog2(Most + 1)
) (
    /// Sign, exponent, mantissa.
    input  logic [     E+M:0] u_i,
    /// The group's largest e: at least this code's.
    input  logic [     E-1:0] emax_i,
    /// Its sign.
    output logic              neg_o,
    /// With the hidden one; of the top exponent, the largest number's.
    output logic [       M:0] sig_o,
    /// emax - e, Most where it is more.
    output logic [ShiftW-1:0] shift_o,
    /// The code has the top exponent.
    output logic              special_o
);
  if (E < 2 || E > 8 || M < 1 || M > 10 || Most < 1) begin : g_range
    $error("pm_align_parse: E must be 2..8, M 1..10, Most at least 1");
  end

  logic [E-1:0] field, e;
  logic [E:0] below;

  assign field     = u_i[M+:E];
  assign special_o = &field;
  assign neg_o     = u_i[E+M];
  assign sig_o     = {field != '0, u_i[M-1:0] | {M{special_o}}};
  assign e         = field - E'(special_o) + E'(field == '0);
  assign below     = (E + 1)'(emax_i) - (E + 1)'(e);
  assign shift_o   = 32'(below) > Most ? ShiftW'(Most) : ShiftW'(below);
endmodule

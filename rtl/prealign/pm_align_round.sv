// SPDX-License-Identifier: Apache-2.0
/// A significand shifted into B bits, rounded and signed. Combinational: the magnitude takes the bit below its last place, and
/// its negative, ~m + 1, the complement of that bit, so that one incrementer serves both.
module pm_align_round #(
    /// Bits of a mantissa, 1..10.
    parameter int unsigned M = 7,
    /// Bits of a result, signed, 4..16.
    parameter int unsigned B = 12,
    /// Bits of the shift, at least 1.
    parameter int unsigned ShiftW = 4
) (
    /// Half away from zero, saturated; otherwise truncated.
    input  logic              round_i,
    /// The code's sign.
    input  logic              neg_i,
    /// With the hidden one.
    input  logic [       M:0] sig_i,
    /// Places below the group's largest exponent.
    input  logic [ShiftW-1:0] shift_i,
    /// |q| < 2^(B-1).
    output logic [     B-1:0] q_o,
    /// A bit that is 1 was shifted out.
    output logic              inexact_o
);
  if (M < 1 || M > 10 || B < 4 || B > 16 || ShiftW < 1) begin : g_range
    $error("pm_align_round: M must be 1..10, B 4..16, ShiftW at least 1");
  end

  // The significand stands so that a shift by 0 leaves its leading one at bit B-2; Drop places of it are below bit 0 then.
  localparam int unsigned Up = B > M + 2 ? B - M - 2 : 0;
  localparam int unsigned Drop = M + 2 > B ? M + 2 - B : 0;
  localparam int unsigned W = M + 1 + Up;

  logic [W-1:0] placed, lost;
  logic [  W:0] shifted;  // with the bit below the last place
  logic [B-2:0] m;
  logic up, one;

  always_comb begin
    placed  = W'(sig_i) << Up;
    shifted = ({placed, 1'b0} >> Drop) >> shift_i;
    lost    = placed & ~(({W{1'b1}} << Drop) << shift_i);
    m       = shifted[B-1:1];
    up      = round_i && shifted[0] && m != '1;
    one     = up ^ neg_i;
    q_o     = {neg_i, m ^ {(B - 1) {neg_i}}} + B'(one);
  end
  assign inexact_o = lost != '0;

  if (W > B - 1) begin : g_above
    logic unused_above;
    assign unused_above = ^shifted[W:B];
  end
endmodule

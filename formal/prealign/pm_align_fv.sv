// SPDX-License-Identifier: Apache-2.0
// pm_align_parse and pm_align_round, as pm_prealign has them, on any two codes of one group, at any exponent that is at least
// theirs: the definition, step by step in wide arithmetic; odd; monotone; bounded; what is not called inexact is exact; where the
// exponent is a code's own and more than 1, that code keeps all places.
module pm_align_fv #(
    parameter int unsigned E = 8,
    parameter int unsigned M = 7,
    parameter int unsigned B = 12
) (
    input logic         round_i,
    input logic [E+M:0] a_i,
    input logic [E+M:0] b_i,
    input logic [E-1:0] emax_i
);
  localparam int unsigned Most = (M + 1 > B - 1 ? M + 1 : B - 1) + 1;
  localparam int unsigned ShiftW = $clog2(Most + 1);
  localparam int unsigned W = M + B + 4;
  localparam int Last = 32'(M) + 2;  // signed

  // a, b, and a with the other sign.
  logic [3*(1+E+M)-1:0] u;
  logic [3*E-1:0] e;
  logic [3*(M+1)-1:0] sig;
  logic [2:0] special, neg, inexact;
  logic [3*B-1:0] q;
  assign u = {{!a_i[E+M], a_i[E+M-1:0]}, b_i, a_i};

  for (genvar i = 0; i < 3; i++) begin : g_code
    logic [ShiftW-1:0] shift;
    logic [M:0] dut_sig;
    logic dut_neg, dut_special;

    pm_align_parse #(.E(E), .M(M), .Most(Most)) u_parse (
        .u_i(u[i*(1+E+M)+:1+E+M]), .emax_i, .neg_o(dut_neg), .sig_o(dut_sig), .shift_o(shift), .special_o(dut_special));
    pm_align_round #(.M(M), .B(B), .ShiftW(ShiftW)) u_round (
        .round_i, .neg_i(dut_neg), .sig_i(dut_sig), .shift_i(shift), .q_o(q[i*B+:B]), .inexact_o(inexact[i]));

    // The definition.
    logic [E-1:0] field;
    logic [M-1:0] mant;
    logic signed [E+5:0] r;
    logic [W-1:0] wide, m, back;
    logic lost;
    logic [B-1:0] short;
    always_comb begin
      field = u[i*(1+E+M)+M+:E];
      mant = u[i*(1+E+M)+:M];
      special[i] = field == '1;
      neg[i] = u[i*(1+E+M)+E+M];
      if (special[i]) begin
        field = E'(2 ** E - 2);
        mant = '1;
      end
      e[i*E+:E] = field == '0 ? E'(1) : field;
      sig[i*(M+1)+:M+1] = {field != '0, mant};
      assume (emax_i >= e[i*E+:E]);
      wide = W'(sig[i*(M+1)+:M+1]);
      r = $signed((E + 6)'(emax_i)) - $signed((E + 6)'(e[i*E+:E])) + $signed((E + 6)'(M + 2)) - $signed((E + 6)'(B));
      if (r > Last) m = '0;
      else if (r > 0) m = (wide + (round_i ? W'(1) << (r - 1) : '0)) >> r;
      else m = wide << -r;
      back = r > Last ? '0 : r > 0 ? (wide >> r) << r : wide;
      lost = back != wide;
      if (m > W'(2 ** (B - 1) - 1)) m = W'(2 ** (B - 1) - 1);
      short = B'(m);
      assert (q[i*B+:B] == (neg[i] ? -short : short));
      assert (inexact[i] == lost);
      assert (dut_special == special[i]);
      if (!lost) assert (r > 0 ? (r > Last ? wide == '0 : m << r == wide) : m == wide << -r);
      assert (q[i*B+:B] != {1'b1, {(B - 1) {1'b0}}});
      if (emax_i == e[i*E+:E] && emax_i > 1) assert (m >= W'(2 ** (B - 2)));
    end
  end

  always_comb begin
    odd : assert (q[2*B+:B] == -q[0+:B]);
    if (!a_i[E+M] && !b_i[E+M] && a_i <= b_i) monotone : assert (q[0+:B] <= q[B+:B]);
`ifdef CANARY
    canary : assert (!(q[0+:B] == B'(3) && inexact[0]));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// The sum of two codes against the rounded sum of their integers; commutative; monotone in a summand.
module pm_fp16_add_fv #(
    /// What is proven: 0 it commutes, 1 its value, 2 it is monotone.
    parameter int unsigned What = 0
) (
    input logic [15:0] a_i,
    input logic [15:0] b_i,
    input logic [15:0] c_i
);
  logic [15:0] ab, ba, cb, exact;
  logic [2:0] nv, of;
  logic unused_nv, exact_of;
  pm_fp16_add #(.Cut(1'b0)) u_ab (.clk_i(1'b0), .en_i(1'b0), .a_i(a_i), .b_i(b_i), .y_o(ab), .nv_o(nv[0]), .of_o(of[0]));
  pm_fp16_add #(.Cut(1'b0)) u_ba (.clk_i(1'b0), .en_i(1'b0), .a_i(b_i), .b_i(a_i), .y_o(ba), .nv_o(nv[1]), .of_o(of[1]));
  pm_fp16_add #(.Cut(1'b0)) u_cb (.clk_i(1'b0), .en_i(1'b0), .a_i(c_i), .b_i(b_i), .y_o(cb), .nv_o(nv[2]), .of_o(of[2]));

  // X of a code, in 2^-24.
  function logic signed [41:0] fixed(input logic [15:0] x);
    logic [41:0] m;
    m = x[14:10] == '0 ? 42'(x[9:0]) : 42'({1'b1, x[9:0]}) << (x[14:10] - 5'd1);
    fixed = x[15] ? -m : m;
  endfunction
  // Codes in the numbers' order.
  function logic [15:0] key(input logic [15:0] x);
    key = {!x[15], x[14:0] ^ {15{x[15]}}};
  endfunction

  logic [41:0] sum;
  logic finite, any_nan;
  assign sum = fixed(a_i) + fixed(b_i);
  assign finite = a_i[14:10] != '1 && b_i[14:10] != '1;
  assign any_nan = a_i[14:0] > 15'h7C00 || b_i[14:0] > 15'h7C00;
  pm_fp16_rn #(.AW(42), .KW(6), .Cut(1'b0)) u_exact (
      .clk_i(1'b0), .en_i(1'b0), .neg_i(sum == '0 ? a_i[15] && b_i[15] : sum[41]), .a_i(sum[41] ? -sum : sum), .k_i(-6'd24),
      .inf_i(1'b0), .nan_i(1'b0), .y_o(exact), .nv_o(unused_nv), .of_o(exact_of));

  always_comb begin
    if (What == 0) commutes : assert (ab == ba && nv[0] == nv[1] && of[0] == of[1]);
    if (What == 1) begin
      if (finite) rounded_once : assert (ab == exact && !nv[0] && of[0] == exact_of);
      else if (any_nan || (a_i[14:0] == b_i[14:0] && a_i[15] != b_i[15])) none : assert (ab == 16'h7E00 && nv[0] && !of[0]);
      else infinite : assert (ab == (a_i[14:0] == 15'h7C00 ? a_i : b_i) && !nv[0] && !of[0]);
    end
    if (What == 2 && !nv[0] && !nv[2] && key(a_i) <= key(c_i)) monotone : assert (key(ab) <= key(cb));
`ifdef CANARY
    canary : assert (!(ab == 16'h3C01 && c_i == 16'h0001 && a_i[14:10] == 5'd5));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// The definition that pm_fp_norm is held against is monotone, and odd but for +0.
module pm_fp_ref_fv #(
    parameter int unsigned DpvW = 28,
    parameter int unsigned PW = 10
) (
    input logic [DpvW-1:0] a_i,
    input logic [DpvW-1:0] b_i,
    input logic [  PW-1:0] p_i
);
  logic [31:0] a, b, minus;
  logic [2:0] uf, of;
  pm_fp_ref #(.DpvW(DpvW), .PW(PW)) u_a (.dpv_i(a_i), .p_i, .y_o(a), .uf_o(uf[0]), .of_o(of[0]));
  pm_fp_ref #(.DpvW(DpvW), .PW(PW)) u_b (.dpv_i(b_i), .p_i, .y_o(b), .uf_o(uf[1]), .of_o(of[1]));
  pm_fp_ref #(.DpvW(DpvW), .PW(PW)) u_minus (.dpv_i(-a_i), .p_i, .y_o(minus), .uf_o(uf[2]), .of_o(of[2]));

  // A float's order is that of its pattern, complemented below 0.
  logic signed [31:0] order_a, order_b;
  always_comb begin
    assume (a_i != {1'b1, {(DpvW - 1) {1'b0}}});
    order_a = $signed(a[31] ? a ^ 32'h7FFFFFFF : a);
    order_b = $signed(b[31] ? b ^ 32'h7FFFFFFF : b);
    if ($signed(a_i) <= $signed(b_i)) monotone : assert (order_a <= order_b);
    odd : assert (minus == (a == '0 ? '0 : a ^ 32'h80000000) && uf[2] == uf[0] && of[2] == of[0]);
`ifdef CANARY
    canary : assert (a != 32'h3F800001);
`endif
  end
endmodule

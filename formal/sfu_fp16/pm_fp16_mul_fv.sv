// SPDX-License-Identifier: Apache-2.0
// Products of codes, whatever the significands' products are as long as they commute and are monotone: a b = b a, a b + c = b a +
// c, |a b| <= |c b| where |a| <= |c|, and both with the other sign where a factor has it.
module pm_fp16_mul_fv #(
    /// What is proven: 0 they commute, 1 signs, 2 products are monotone.
    parameter int unsigned What = 0
) (
    input logic [15:0] a_i,
    input logic [15:0] b_i,
    input logic [15:0] c_i
);
  logic [15:0] ab, ba, cb, nb, abc, bac;
  logic [5:0] nv, of;
  pm_fp16_mul #(.Cut(1'b0)) u_ab (.clk_i(1'b0), .en_i(1'b0), .a_i(a_i), .b_i(b_i), .y_o(ab), .nv_o(nv[0]), .of_o(of[0]));
  pm_fp16_mul #(.Cut(1'b0)) u_ba (.clk_i(1'b0), .en_i(1'b0), .a_i(b_i), .b_i(a_i), .y_o(ba), .nv_o(nv[1]), .of_o(of[1]));
  pm_fp16_mul #(.Cut(1'b0)) u_cb (.clk_i(1'b0), .en_i(1'b0), .a_i(c_i), .b_i(b_i), .y_o(cb), .nv_o(nv[2]), .of_o(of[2]));
  pm_fp16_mul #(.Cut(1'b0)) u_nb (
      .clk_i(1'b0), .en_i(1'b0), .a_i(a_i ^ 16'h8000), .b_i(b_i), .y_o(nb), .nv_o(nv[3]), .of_o(of[3]));
  pm_fp16_fma #(.Cut(1'b0)) u_abc (
      .clk_i(1'b0), .en_i(1'b0), .a_i(a_i), .b_i(b_i), .c_i(c_i), .y_o(abc), .nv_o(nv[4]), .of_o(of[4]));
  pm_fp16_fma #(.Cut(1'b0)) u_bac (
      .clk_i(1'b0), .en_i(1'b0), .a_i(b_i), .b_i(a_i), .c_i(c_i), .y_o(bac), .nv_o(nv[5]), .of_o(of[5]));

  (* hierconn *) wire [21:0] \u_ab.product ;
  (* hierconn *) wire [21:0] \u_ba.product ;
  (* hierconn *) wire [21:0] \u_cb.product ;
  (* hierconn *) wire [21:0] \u_nb.product ;
  (* hierconn *) wire [21:0] \u_abc.product ;
  (* hierconn *) wire [21:0] \u_bac.product ;
  (* hierconn *) wire [10:0] \u_ab.u_factors.sa ;
  (* hierconn *) wire [10:0] \u_cb.u_factors.sa ;
  (* hierconn *) wire [ 4:0] \u_ab.u_factors.ea ;
  (* hierconn *) wire [ 4:0] \u_cb.u_factors.ea ;
  logic [4:0] up;
  assign up = \u_cb.u_factors.ea - \u_ab.u_factors.ea ;

  always_comb begin
    assume (\u_ba.product == \u_ab.product && \u_nb.product == \u_ab.product );
    assume (\u_bac.product == \u_abc.product );
    // Of equal exponents the larger significand has the larger product; of a higher one, it is more than half of the largest.
    if (\u_ab.u_factors.ea == \u_cb.u_factors.ea && \u_ab.u_factors.sa <= \u_cb.u_factors.sa ) assume (\u_ab.product <= \u_cb.product );
    if (\u_cb.u_factors.ea > \u_ab.u_factors.ea && {31'd0, \u_ab.u_factors.sa } <= {31'd0, \u_cb.u_factors.sa } << up)
      assume ({31'd0, \u_ab.product } <= {31'd0, \u_cb.product } << up);
    if (What == 0) commutes : assert (ab == ba && nv[0] == nv[1] && of[0] == of[1] && abc == bac && nv[4] == nv[5] && of[4] == of[5]);
    if (What == 1 && !nv[0]) signed_ : assert (nb == (ab ^ 16'h8000) && of[3] == of[0]);
    if (What == 2 && !nv[0] && !nv[2] && a_i[14:0] <= c_i[14:0]) monotone : assert (ab[14:0] <= cb[14:0]);
`ifdef CANARY
    canary : assert (!(ab == 16'h3C01 && c_i == 16'h0001 && a_i[14:10] == 5'd5));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// With registers as without: operands that are taken at one clock of en_i have their result three such clocks later; a register
// that en_i holds has nothing to prove.
module pm_fp16_cut_fv (
    input logic        clk_i,
    input logic        en_i,
    input logic        neg_i,
    input logic [14:0] a_i,
    input logic [ 5:0] k_i,
    input logic        inf_i,
    input logic        nan_i
);
  logic [15:0] y, z;
  logic [1:0] nv, of;
  pm_fp16_rn #(.AW(15), .KW(6), .Cut(1'b1)) u_cut (
      .clk_i, .en_i, .neg_i, .a_i, .k_i, .inf_i, .nan_i, .y_o(y), .nv_o(nv[0]), .of_o(of[0]));
  pm_fp16_rn #(.AW(15), .KW(6), .Cut(1'b0)) u_wire (
      .clk_i, .en_i, .neg_i, .a_i, .k_i, .inf_i, .nan_i, .y_o(z), .nv_o(nv[1]), .of_o(of[1]));

  logic [53:0] then_q;  // the results of the last three operands
  logic [1:0] seen_q = '0;
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      then_q <= {then_q[35:0], z, nv[1], of[1]};
      seen_q <= seen_q == 2'd3 ? 2'd3 : seen_q + 2'd1;
    end
  end
  always_comb begin
    assume (en_i);
    if (seen_q == 2'd3) same : assert ({y, nv[0], of[0]} == then_q[53:36]);
`ifdef CANARY
    canary : assert (!(seen_q == 2'd3 && y == 16'h3C01));
`endif
  end
endmodule

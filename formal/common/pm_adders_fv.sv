// SPDX-License-Identifier: Apache-2.0
/// pm_carry_save_tree and pm_split_add against the sum of N numbers and of two.
module pm_adders_fv #(
    parameter int unsigned N = 9,
    parameter int unsigned W = 40
) (
    input logic [N*W-1:0] x_i,
    input logic [W-1:0] a_i,
    input logic [W-1:0] b_i
);
  logic [W-1:0] split, two, tree_sum, tree_carry, all, tree;

  pm_split_add #(.W(W)) u_split (.a_i, .b_i, .sum_o(split));
  pm_carry_save_tree #(.N(N), .W(W)) u_tree (.x_i, .sum_o(tree_sum), .carry_o(tree_carry));
  assign tree  = tree_sum + tree_carry;
  assign two   = a_i + b_i;
  always_comb begin
    all = '0;
    for (int unsigned n = 0; n < N; n++) all += x_i[n*W+:W];
    assert (tree == all);
    assert (split == two);
`ifdef CANARY
    canary : assert (split != W'(5));
`endif
  end
endmodule

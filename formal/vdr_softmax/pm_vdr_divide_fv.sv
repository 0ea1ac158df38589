// SPDX-License-Identifier: Apache-2.0
// Division without a divider, for every table that a host can make: quotient and remainder by their definition.
module pm_vdr_divide_fv (
    input logic [10:0] distance_i,
    input logic [11:0] l_i
);
  logic [ 3:0] q;
  logic [14:0] rem;
  pm_vdr_divide u_dut (.distance_i, .l_i, .q_o(q), .rem_o(rem));
  always_comb begin
    assume (l_i >= 1408 && l_i <= 2848);
    whole : assert ({12'd0, q} * {4'd0, l_i} + {1'b0, rem} == {1'b0, distance_i, 4'd0});
    small : assert (rem < {3'd0, l_i} || q == 15);
`ifdef CANARY
    canary : assert (!(q == 4'd9 && rem == 15'd3));
`endif
  end
endmodule

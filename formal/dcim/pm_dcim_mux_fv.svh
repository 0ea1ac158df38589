// SPDX-License-Identifier: Apache-2.0
// The selected sum is the dot product, for all bits and weights.
logic signed [SumW:0] fv_dot;
always_comb begin
  fv_dot = '0;
  for (int unsigned g = 0; g < G; g++) fv_dot = fv_dot + $signed({1'b0, x_i[g]}) * $signed(w_i[g*W+:W]);
  is_dot : assert ({sum_o[SumW-1], sum_o} == fv_dot);
`ifdef CANARY
`ifdef TOP_pm_dcim_mux
  canary : assert (fv_dot != 3);
`endif
`endif
end

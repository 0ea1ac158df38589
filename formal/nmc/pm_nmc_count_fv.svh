// SPDX-License-Identifier: Apache-2.0
// The trees and their sum count as one adds bit by bit.
`ifdef TOP_pm_nmc_count
logic [ColsW-1:0] fv_count;
always_comb begin
  fv_count = '0;
  for (int unsigned c = 0; c < Cols; c++) fv_count = fv_count + ColsW'(x_i[c]);
  counted : assert (count_o == fv_count);
`ifdef CANARY
  canary : assert (count_o != ColsW'(Cols - 1));
`endif
end
`endif

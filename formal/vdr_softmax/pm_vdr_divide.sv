// SPDX-License-Identifier: Apache-2.0
/// The plain form of pm_vdr_reduce: 16 * distance = q*l + rem by four compare-and-subtract steps. rem < l unless q = 15.
module pm_vdr_divide (
    input  logic [10:0] distance_i,
    /// 1408..2848.
    input  logic [11:0] l_i,
    output logic [ 3:0] q_o,
    output logic [14:0] rem_o
);
  logic [14:0] subtrahend;

  always_comb begin
    rem_o = {distance_i, 4'b0};
    for (int k = 3; k >= 0; k--) begin
      subtrahend = {3'b0, l_i} << k;
      q_o[k]     = rem_o >= subtrahend;
      if (q_o[k]) rem_o = rem_o - subtrahend;
    end
  end
endmodule

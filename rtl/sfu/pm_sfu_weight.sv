// SPDX-License-Identifier: Apache-2.0
/// A score's weight of a few bits from its exponential: the shift, rounding. Two clocks of en_i.
module pm_sfu_weight (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// The largest weight is 2^bits - 1, 8..16. Configuration.
    input  logic [ 4:0] bits_i,
    /// The exponential is m * 2^k, k = -49..-18: m, 2^17..2^18, or 0 of a score that takes no part.
    input  logic [18:0] m_i,
    /// k's lower bits.
    input  logic [ 5:0] k_i,
    /// Weight, 0 where it has none.
    output logic [15:0] a_o
);
  logic [18:0] shifted, shifted_q, rounded;
  logic [5:0] down;

  // One place more than the weight's, to round by.
  assign down    = ~k_i - 6'(bits_i);
  assign shifted = m_i >> down;
  assign rounded = 19'(shifted_q[18:1]) + 19'(shifted_q[0]);
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      shifted_q <= shifted;
      a_o       <= rounded >= (19'd1 << bits_i) ? 16'((17'd1 << bits_i) - 17'd1) : rounded[15:0];
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_weight_fv.svh"
`endif
endmodule

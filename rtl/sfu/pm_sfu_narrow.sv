// SPDX-License-Identifier: Apache-2.0
/// A product shifted to a number of eight bits, to nearest even: two clocks of en_i.
module pm_sfu_narrow (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// The number is negative.
    input  logic        neg_i,
    /// Its size, in 2^-(shift + 1).
    input  logic [27:0] p_i,
    /// At least 9, so that the number is at most 127.
    input  logic [ 5:0] shift_i,
    /// -127..127.
    output logic [ 7:0] q_o
);
  logic neg_q, lost_q;
  logic [27:0] shifted;
  logic [7:0] near_q, q;  // with the place to round by

  assign shifted = p_i >> shift_i;
  assign q       = {1'b0, near_q[7:1]} + 8'(near_q[0] && (lost_q || near_q[1]));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      near_q <= shifted[7:0];
      lost_q <= (p_i & ~({28{1'b1}} << shift_i)) != '0;
      neg_q  <= neg_i;
      q_o    <= neg_q ? -q : q;
    end
  end

  logic unused_ok;
  assign unused_ok = ^shifted[27:8];

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_narrow_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
// The gated clock has whole pulses only: time goes in steps in which clk_i, en_i and test_i may do anything; en_i and test_i are only
// asked to be still while the clock rises.
module pm_clk_gate_fv (
    input logic step_i,
    input logic clk_i,
    input logic en_i,
    input logic test_i
);
  logic gated, clk_q, gated_q, enabled_q, init_q = 1'b1;

  pm_clk_gate u_dut (.clk_i, .en_i, .test_i, .clk_o(gated));

  always_ff @(posedge step_i) begin
    init_q  <= 1'b0;
    clk_q   <= clk_i;
    gated_q <= gated;
    if (!clk_i) enabled_q <= en_i || test_i;
  end
  always_comb begin
    if (!init_q) begin
      low : assert (clk_i || !gated);
      if (clk_i && clk_q) whole_pulse : assert (gated == gated_q);
      if (clk_i && !clk_q) as_enabled : assert (gated == enabled_q);
      cover (gated && !clk_q);
    end
`ifdef CANARY
    if (!init_q) canary : assert (!(clk_i && clk_q && gated && !en_i));
`endif
  end
endmodule

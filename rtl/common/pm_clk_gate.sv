// SPDX-License-Identifier: Apache-2.0
/// A clock gate, behavioural: in silicon the library's cell takes its place. The enable passes a latch that is open while the
/// clock is low, so that the gated clock has whole pulses only. It is the one latch of the library.
module pm_clk_gate (
    input  logic clk_i,
    /// The next pulse of clk_i passes; settles while clk_i is low.
    input  logic en_i,
    /// Passes every pulse, for scan tests.
    input  logic test_i,
    /// The gated clock.
    output logic clk_o
);
  logic en_q;

  always_latch if (!clk_i) en_q = en_i || test_i;
  assign clk_o = clk_i && en_q;
endmodule

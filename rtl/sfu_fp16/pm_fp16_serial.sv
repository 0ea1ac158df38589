// SPDX-License-Identifier: Apache-2.0
/// The clocks of a serial operation: one to load, Steps to step, Rest until its result is there, which stands until it is taken.
module pm_fp16_serial #(
    /// Steps, at least 1.
    parameter int unsigned Steps = 15,
    /// Clocks from the last step to the one in which the result is there, at least 0.
    parameter int unsigned Rest  = 3
) (
    input  logic clk_i,
    input  logic rst_ni,
    /// Operands; taken where nothing is inside or the result is taken.
    input  logic x_valid_i,
    output logic x_ready_o,
    /// Operands are taken.
    output logic load_o,
    /// A step.
    output logic step_o,
    /// A result.
    output logic y_valid_o,
    input  logic y_ready_i
);
  if (Steps < 1) begin : g_range
    $error("pm_fp16_serial: Steps must be at least 1");
  end

  localparam int unsigned W = $clog2(Steps + Rest + 2);
  logic [W-1:0] count_q;  // 0: empty; Steps + Rest + 1: the result is there

  assign y_valid_o = count_q == W'(Steps + Rest + 1);
  assign x_ready_o = count_q == '0 || (y_valid_o && y_ready_i);
  assign load_o    = x_valid_i && x_ready_o;
  assign step_o    = count_q != '0 && count_q <= W'(Steps);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_q <= '0;
    else if (x_ready_o) count_q <= W'(load_o);
    else if (!y_valid_o) count_q <= count_q + 1'b1;
  end
endmodule

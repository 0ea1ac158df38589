// SPDX-License-Identifier: Apache-2.0
/// Start * 2^17 / d, floored: a bit a clock, a result every 18 clocks.
///
/// x_ready_o depends on y_ready_i in the same clock where a result is there.
module pm_sfu_recip #(
    /// Bits of the divisor, 2..24.
    parameter int unsigned W     = 18,
    /// What is divided, in 2^17: at least 1, below twice any divisor, and below 2^W.
    parameter int unsigned Start = 131072
) (
    input  logic         clk_i,
    input  logic         rst_ni,
    /// Divisors.
    input  logic         x_valid_i,
    output logic         x_ready_o,
    /// More than Start / 2.
    input  logic [W-1:0] d_i,
    /// A result.
    output logic         y_valid_o,
    input  logic         y_ready_i,
    /// The quotient.
    output logic [ 17:0] r_o
);
  if (W < 2 || W > 24 || Start < 1) begin : g_range
    $error("pm_sfu_recip: W must be 2..24, Start at least 1");
  end

  logic load, step;
  logic [W-1:0] divisor_q, rest_q;
  logic [W:0] first, difference;
  logic [17:0] quotient_q;

  pm_fp16_serial #(
      .Steps(17),
      .Rest (0)
  ) u_serial (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .load_o(load),
      .step_o(step),
      .y_valid_o,
      .y_ready_i
  );

  assign first      = (W + 1)'(Start) - {1'b0, d_i};
  assign difference = {rest_q, 1'b0} - {1'b0, divisor_q};

  always_ff @(posedge clk_i) begin
    if (load) begin
      divisor_q  <= d_i;
      rest_q     <= first[W] ? W'(Start) : first[W-1:0];
      quotient_q <= {17'd0, !first[W]};
    end else if (step) begin
      rest_q     <= difference[W] ? {rest_q[W-2:0], 1'b0} : difference[W-1:0];
      quotient_q <= {quotient_q[16:0], !difference[W]};
    end
  end
  assign r_o = quotient_q;

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_recip_fv.svh"
`endif
endmodule

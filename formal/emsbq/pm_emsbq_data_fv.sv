// SPDX-License-Identifier: Apache-2.0
/// pm_emsbq's functions without its pipeline: the outputs are left open, which removes the registers, and the
/// properties that pm_emsbq_fv.svh has for this top stay, combinational.
module pm_emsbq_data_fv #(
    parameter int unsigned N = 8,
    parameter int unsigned W = 20,
    parameter int unsigned Q = 8
) (
    input logic           signed_i,
    input logic           round_i,
    input logic [N*W-1:0] x_i,
    input logic [  N-1:0] keep_i
);
  pm_emsbq #(
      .N(N),
      .W(W),
      .Q(Q)
  ) u_dut (
      .clk_i(1'b0),
      .rst_ni(1'b1),
      .signed_i,
      .round_i,
      .x_valid_i(1'b0),
      .x_ready_o(),
      .x_i,
      .keep_i,
      .y_valid_o(),
      .y_ready_i(1'b1),
      .y_o(),
      .s_o()
  );
endmodule

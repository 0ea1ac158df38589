// SPDX-License-Identifier: Apache-2.0
/// A digital SRAM macro: nine inputs of three bits times two columns of nine words, bit planes through adder trees.
module sram_dcim (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        signed_i,
    input  logic        x_valid_i,
    output logic        x_ready_o,
    input  logic [26:0] x_i,
    output logic        y_valid_o,
    input  logic        y_ready_i,
    output logic [29:0] y_o
);
  logic [143:0] w;

  pm_dcim #(
      .Rows(9),
      .Outputs(2),
      .XBits(3),
      .G(2),
      .Every(1)
  ) u_edge (
      .clk_i,
      .rst_ni,
      .w_i(w),
      .signed_i,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .y_valid_o,
      .y_ready_i,
      .y_o
  );
  sram_dcim9 u_array (
      .ck(clk_i),
      .w (w)
  );
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_shift_fifo: that of pm_fifo.
module pm_shift_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 2
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             valid_i,
    output logic             ready_o,
    input  logic [Width-1:0] data_i,
    output logic             valid_o,
    input  logic             ready_i,
    output logic [Width-1:0] data_o
);
  pm_fifo #(.Width(Width), .Depth(Depth)) u_fifo (.clk_i, .rst_ni, .valid_i, .ready_o, .data_i, .valid_o, .ready_i, .data_o);
endmodule

// SPDX-License-Identifier: Apache-2.0
// pm_mlc_shift_add between C's codes and C's comparison.
module pm_mlc_shift_add_tb #(
    parameter int unsigned Rows = 64,
    parameter int unsigned Cols = 128,
    parameter bit Flexible = 1
) (
    input logic clk_i,
    input logic rst_ni
);
  localparam int unsigned ColW = $clog2(Cols);
  localparam int unsigned PopW = $clog2(Rows + 1);
  localparam int unsigned OutW = $clog2(Cols / 4);

  import "DPI-C" function void pm_mlc_shift_add_step(
    input int cols,
    input bit y_valid,
    input int y_index,
    input int y,
    output bit mlc,
    output bit diff,
    output bit valid,
    output int code,
    output int column,
    output bit flip,
    output int plane,
    output int pop
  );

  bit mlc, diff, valid, flip, mlc_next, diff_next, valid_next, flip_next;
  int code, column, plane, pop, code_next, column_next, plane_next, pop_next;
  logic y_valid;
  logic [OutW-1:0] y_index;
  logic signed [$bits(u_dut.y_o)-1:0] y;

  pm_mlc_shift_add #(
      .Rows(Rows),
      .Cols(Cols),
      .Flexible(Flexible)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .mlc_i(mlc),
      .diff_i(diff),
      .valid_i(valid),
      .code_i(code[6:0]),
      .column_i(column[ColW-1:0]),
      .flip_i(flip),
      .plane_i(plane[2:0]),
      .pop_i(pop[PopW-1:0]),
      .valid_o(y_valid),
      .index_o(y_index),
      .y_o(y)
  );

  always @(posedge clk_i)
    if (rst_ni) begin
      pm_mlc_shift_add_step(Cols, y_valid, 32'(y_index), 32'(y), mlc_next, diff_next, valid_next, code_next,
                            column_next, flip_next, plane_next, pop_next);
      mlc    <= mlc_next;
      diff   <= diff_next;
      valid  <= valid_next;
      code   <= code_next;
      column <= column_next;
      flip   <= flip_next;
      plane  <= plane_next;
      pop    <= pop_next;
    end
endmodule

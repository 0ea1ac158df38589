// SPDX-License-Identifier: Apache-2.0
// pm_nor_dot with its arrays in C: storage, row latches, and cells that a NOR can only clear, and only after a preset.
module pm_nor_dot_tb #(
    parameter int unsigned Units = 4,
    parameter int unsigned Heads = 4,
    parameter int unsigned Cols = 1024
) (
    input logic clk_i,
    input logic rst_ni
);
  localparam int unsigned Rows = 1024;
  localparam int unsigned MaxTerms = 8192;
  localparam int unsigned Arrays = Units * Heads;
  localparam int unsigned Lanes = Cols / 3;
  localparam int unsigned M8 = Lanes / 64;
  localparam int unsigned M12 = Lanes / 96;
  localparam int unsigned AW = 8 * M8 > 12 * M12 ? 8 * M8 : 12 * M12;
  localparam int unsigned WordW = $clog2(Cols / (8 * M12));
  localparam int unsigned UnitW = $clog2(Units + 1);
  localparam int unsigned AccW = 33;

  import "DPI-C" function void pm_nor_dot_step(
    input int acc_w,
    input bit job_ready,
    input bit x_ready,
    input bit y_valid,
    input bit [Arrays*AccW-1:0] y,
    input bit y_last,
    output bit job_valid,
    output bit wide,
    output int rounds,
    output int units,
    output int terms,
    output int row,
    output int stride,
    output int work,
    output bit x_valid,
    output bit [Heads*AW-1:0] x,
    output bit y_ready
  );
  import "DPI-C" function void pm_nor_dot_array(
    input int strobes,
    input int row,
    input int word,
    input bit [Units-1:0] active,
    input bit [Arrays*Lanes-1:0] data,
    output bit [Arrays*8*M8-1:0] b,
    output bit [Arrays*Lanes-1:0] result
  );

  bit job_valid, job_wide, x_valid, y_ready, job_valid_next, job_wide_next, x_valid_next, y_ready_next;
  int job_rounds, job_units, job_terms, job_row, job_stride, work_row;
  int job_rounds_next, job_units_next, job_terms_next, job_row_next, job_stride_next, work_row_next;
  bit [Heads*AW-1:0] x, x_next;
  bit [Arrays*8*M8-1:0] b, b_next;
  bit [Arrays*Lanes-1:0] result, result_next;
  logic job_ready, x_ready, y_valid, y_last;
  logic [5:0] strobes;
  logic [9:0] row;
  logic [WordW-1:0] word;
  logic [Units-1:0] active;
  logic [Arrays*Lanes-1:0] data;
  logic [Arrays*AccW-1:0] y;

  pm_nor_dot #(
      .Units   (Units),
      .Heads   (Heads),
      .Cols    (Cols),
      .Rows    (Rows),
      .MaxTerms(MaxTerms)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .job_valid_i (job_valid),
      .job_ready_o (job_ready),
      .job_wide_i  (job_wide),
      .job_rounds_i(job_rounds[13:0]),
      .job_units_i (job_units[UnitW-1:0]),
      .job_terms_i (job_terms[13:0]),
      .job_row_i   (job_row[9:0]),
      .job_stride_i(job_stride[9:0]),
      .work_row_i  (work_row[9:0]),
      .x_valid_i   (x_valid),
      .x_ready_o   (x_ready),
      .x_i         (x),
      .active_o    (active),
      .fetch_o     (strobes[0]),
      .write_a_o   (strobes[1]),
      .write_b_o   (strobes[2]),
      .preset_o    (strobes[3]),
      .nor_o       (strobes[4]),
      .read_o      (strobes[5]),
      .row_o       (row),
      .word_o      (word),
      .data_o      (data),
      .b_i         (b),
      .result_i    (result),
      .y_valid_o   (y_valid),
      .y_ready_i   (y_ready),
      .y_o         (y),
      .y_last_o    (y_last)
  );

  always @(posedge clk_i)
    if (rst_ni) begin
      pm_nor_dot_step(AccW, job_ready, x_ready, y_valid, y, y_last, job_valid_next, job_wide_next, job_rounds_next,
                      job_units_next, job_terms_next, job_row_next, job_stride_next, work_row_next, x_valid_next, x_next,
                      y_ready_next);
      job_valid  <= job_valid_next;
      job_wide   <= job_wide_next;
      job_rounds <= job_rounds_next;
      job_units  <= job_units_next;
      job_terms  <= job_terms_next;
      job_row    <= job_row_next;
      job_stride <= job_stride_next;
      work_row   <= work_row_next;
      x_valid    <= x_valid_next;
      x          <= x_next;
      y_ready    <= y_ready_next;
    end
  // The arrays act at the falling edge, on strobes and data that are settled: b is shown half a clock before its write, results half a
  // clock before they are taken.
  always @(negedge clk_i)
    if (rst_ni) begin
      pm_nor_dot_array(32'(strobes), 32'(row), 32'(word), active, data, b_next, result_next);
      b      <= b_next;
      result <= result_next;
    end
endmodule

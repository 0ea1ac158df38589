// SPDX-License-Identifier: Apache-2.0
// pm_hyflex_gemv at the pins of a real macro: cells, sample-and-hold and comparators are in C.
module pm_hyflex_gemv_tb #(
    parameter int unsigned Sars = 1
) (
    input logic clk_i,
    input logic rst_ni
);
  localparam int unsigned Rows = 64;
  localparam int unsigned Cols = 128;
  localparam int unsigned Outputs = 32;
  localparam int unsigned AccW = 24;  // the DUT's, at 64 rows

  import "DPI-C" function void pm_hyflex_gemv_step(
    input int sars,
    input int acc_w,
    input bit x_ready,
    input bit [Rows-1:0] wordlines,
    input bit read,
    input bit track_bank,
    input bit hold,
    input bit scan_bank,
    input int column,
    input int sample,
    input int c7_en,
    input bit code_valid,
    input int code,
    input int code_column,
    input bit y_valid,
    input bit [Outputs*AccW-1:0] y,
    output bit mlc,
    output bit diff,
    output bit mode6,
    output bit x_valid,
    output bit [Rows*8-1:0] x,
    output bit read_done,
    output bit y_ready
  );
  import "DPI-C" function void pm_hyflex_gemv_flip(output bit [Cols-1:0] flip);
  import "DPI-C" function void pm_hyflex_gemv_compare(
    input int sars,
    input bit [55:0] dac,
    output int cmp
  );

  bit mlc, diff, mode6, x_valid, read_done, y_ready;
  bit mlc_next, diff_next, mode6_next, x_valid_next, read_done_next, y_ready_next;
  bit [Rows*8-1:0] x, x_next;
  bit [Cols-1:0] flip, flip_next;
  bit [55:0] dacs;
  int cmp, cmp_next;
  logic x_ready, read, track_bank, hold, scan_bank, y_valid;
  logic [Rows-1:0] wordlines;
  logic [6:0] column;
  logic [Sars-1:0] sample, c7_en;
  logic [Sars*7-1:0] dac;
  logic [Outputs*AccW-1:0] y;

  pm_hyflex_gemv #(
      .Rows(Rows),
      .Cols(Cols),
      .Sars(Sars)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .mlc_i(mlc),
      .diff_i(diff),
      .mode6_i(mode6),
      .flip_i(flip),
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .x_i(x),
      .wordlines_o(wordlines),
      .read_o(read),
      .read_done_i(read_done),
      .track_bank_o(track_bank),
      .hold_o(hold),
      .scan_bank_o(scan_bank),
      .column_o(column),
      .sample_o(sample),
      .dac_o(dac),
      .c7_en_o(c7_en),
      .cmp_i(cmp[Sars-1:0]),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y)
  );
  assign dacs = 56'(dac);

  always @(posedge clk_i)
    if (rst_ni) begin
      pm_hyflex_gemv_step(Sars, AccW, x_ready, wordlines, read, track_bank, hold, scan_bank, 32'(column),
                          32'(sample), 32'(c7_en), u_dut.code_valid, 32'(u_dut.code), 32'(u_dut.code_column),
                          y_valid, y, mlc_next, diff_next, mode6_next, x_valid_next, x_next, read_done_next,
                          y_ready_next);
      if (!x_valid) pm_hyflex_gemv_flip(flip_next);
      mlc       <= mlc_next;
      diff      <= diff_next;
      mode6     <= mode6_next;
      flip      <= flip_next;
      x_valid   <= x_valid_next;
      x         <= x_next;
      read_done <= read_done_next;
      y_ready   <= y_ready_next;
    end
  always @(negedge clk_i)
    if (rst_ni) begin
      pm_hyflex_gemv_compare(Sars, dacs, cmp_next);
      cmp <= cmp_next;
    end
endmodule

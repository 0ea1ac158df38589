// SPDX-License-Identifier: Apache-2.0
// pm_hyflex_chain at the pins of its arrays, which are in C with sample-and-hold and comparators.
module pm_hyflex_module_tb #(
    parameter int unsigned Stages = 1,
    parameter int unsigned Arrays = 8,
    parameter int unsigned Sars = 8,
    parameter int unsigned Lanes = 4
) (
    input logic clk_i,
    input logic rst_ni
);
  localparam int unsigned Rows = 64;
  localparam int unsigned Cols = 128;
  localparam int unsigned Outputs = 32;
  localparam int unsigned AccW = 24;  // the arrays', at 64 rows
  localparam int unsigned All = Stages * Arrays;
  localparam int unsigned ArrayW = $clog2(Arrays + 1);
  localparam int unsigned LeftW = $clog2(Arrays * Outputs + Outputs + 1);

  import "DPI-C" function void pm_hyflex_module_step(
    input int lanes,
    input bit x_ready,
    input bit y_valid,
    input bit [Lanes*32-1:0] y,
    input bit [Lanes*8-1:0] q,
    input bit y_last,
    output bit x_valid,
    output bit [Rows*8-1:0] x,
    output bit y_ready
  );
  import "DPI-C" function void pm_hyflex_module_arrays(
    input int sars,
    input int acc_w,
    input bit [All*Rows-1:0] wordlines,
    input bit [All-1:0] read,
    input bit [All-1:0] track_bank,
    input bit [All-1:0] hold,
    input bit [All-1:0] scan_bank,
    input bit [All*7-1:0] column,
    input bit [All*Sars-1:0] sample,
    input bit [All-1:0] code_valid,
    input bit [All*7-1:0] code,
    input bit [All*7-1:0] code_column,
    input bit [All-1:0] given,
    input bit [All-1:0] shown,
    input bit [All*Outputs*AccW-1:0] acc,
    output bit [All-1:0] read_done
  );
  import "DPI-C" function void pm_hyflex_module_settings(
    input int stage,
    output int mlc,
    output int diff,
    output int mode6,
    output int arrays,
    output int row_tiles,
    output int outputs,
    output int m,
    output int s
  );
  import "DPI-C" function void pm_hyflex_module_flip(output bit [All*Cols-1:0] flip);
  import "DPI-C" function void pm_hyflex_module_compare(
    input int sars,
    input bit [All*Sars*7-1:0] dac,
    input bit [All*Sars-1:0] c7_en,
    output bit [All*Sars-1:0] cmp
  );

  bit x_valid, y_ready, x_valid_next, y_ready_next, set;
  bit [Rows*8-1:0] x, x_next;
  bit [All-1:0] read_done, read_done_next;
  bit [All*Cols-1:0] flip, flip_next;
  bit [All*Sars-1:0] cmp, cmp_next;
  bit [Stages-1:0] mlc, diff, mode6;
  bit [Stages*ArrayW-1:0] arrays, row_tiles;
  bit [Stages*LeftW-1:0] outputs;
  bit [Stages*16-1:0] m;
  bit [Stages*6-1:0] s;
  int mlc_next, diff_next, mode6_next, arrays_next, row_tiles_next, outputs_next, m_next, s_next;
  logic x_ready, y_valid, y_last;
  logic [All*Rows-1:0] wordlines;
  logic [All-1:0] read, track_bank, hold, scan_bank, code_valid, given, shown;
  logic [All*7-1:0] column, code, code_column;
  logic [All*Sars-1:0] sample, c7_en;
  logic [All*Sars*7-1:0] dac;
  logic [All*Outputs*AccW-1:0] acc;
  logic [Lanes*32-1:0] y;
  logic [Lanes*8-1:0] q;

  pm_hyflex_chain #(
      .Stages(Stages),
      .Arrays(Arrays),
      .Rows(Rows),
      .Cols(Cols),
      .Sars(Sars),
      .Lanes(Lanes)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .mlc_i(mlc),
      .diff_i(diff),
      .mode6_i(mode6),
      .flip_i(flip),
      .arrays_i(arrays),
      .row_tiles_i(row_tiles),
      .outputs_i(outputs),
      .m_i(m),
      .s_i(s),
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
      .cmp_i(cmp),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y),
      .q_o(q),
      .y_last_o(y_last)
  );

  // Codes on their way, and results as they leave the arrays.
  for (genvar i = 0; i < Stages; i++) begin : g_stage
    for (genvar k = 0; k < Arrays; k++) begin : g_array
      localparam int unsigned K = i * Arrays + k;
      assign code_valid[K] = u_dut.g_stage[i].u_module.g_array[k].u_gemv.code_valid;
      assign code[K*7+:7] = u_dut.g_stage[i].u_module.g_array[k].u_gemv.code;
      assign code_column[K*7+:7] = u_dut.g_stage[i].u_module.g_array[k].u_gemv.code_column;
    end
    assign shown[i*Arrays+:Arrays] = u_dut.g_stage[i].u_module.a_valid;
    assign given[i*Arrays+:Arrays] = u_dut.g_stage[i].u_module.a_valid & u_dut.g_stage[i].u_module.a_ready;
    assign acc[i*Arrays*Outputs*AccW+:Arrays*Outputs*AccW] = u_dut.g_stage[i].u_module.a_y;
  end

  always @(posedge clk_i)
    if (rst_ni) begin
      pm_hyflex_module_arrays(Sars, AccW, wordlines, read, track_bank, hold, scan_bank, column, sample, code_valid, code,
                              code_column, given, shown, acc, read_done_next);
      pm_hyflex_module_step(Lanes, x_ready, y_valid, y, q, y_last, x_valid_next, x_next, y_ready_next);
      if (!set) begin
        pm_hyflex_module_flip(flip_next);
        flip <= flip_next;
        for (int i = 0; i < Stages; i++) begin
          pm_hyflex_module_settings(i, mlc_next, diff_next, mode6_next, arrays_next, row_tiles_next, outputs_next, m_next,
                                    s_next);
          mlc[i] <= mlc_next[0];
          diff[i] <= diff_next[0];
          mode6[i] <= mode6_next[0];
          arrays[i*ArrayW+:ArrayW] <= arrays_next[ArrayW-1:0];
          row_tiles[i*ArrayW+:ArrayW] <= row_tiles_next[ArrayW-1:0];
          outputs[i*LeftW+:LeftW] <= outputs_next[LeftW-1:0];
          m[i*16+:16] <= m_next[15:0];
          s[i*6+:6] <= s_next[5:0];
        end
      end
      set <= 1'b1;
      x_valid <= x_valid_next;
      x <= x_next;
      read_done <= read_done_next;
      y_ready <= y_ready_next;
    end else set <= 1'b0;
  always @(negedge clk_i)
    if (rst_ni) begin
      pm_hyflex_module_compare(Sars, dac, c7_en, cmp_next);
      cmp <= cmp_next;
    end
endmodule

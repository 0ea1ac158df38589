// SPDX-License-Identifier: Apache-2.0
// pm_col_scan with its converters; the array, its sample-and-hold and the comparators are in C.
module pm_col_scan_tb #(
    parameter int unsigned Cols = 128,
    parameter int unsigned Sars = 1
) (
    input logic clk_i,
    input logic rst_ni
);
  localparam int unsigned ColW = $clog2(Cols);

  import "DPI-C" function void pm_col_scan_step(
    input int cols,
    input int sars,
    input bit plane_ready,
    input bit read,
    input bit track_bank,
    input bit hold,
    input bit scan_bank,
    input int column,
    input int start,
    input bit next_valid,
    input int next_tag,
    input bit code_valid,
    input int code,
    input int code_column,
    input int code_tag,
    output bit plane_valid,
    output int tag,
    output bit read_done,
    output bit stall,
    output bit mode6
  );
  import "DPI-C" function void pm_col_scan_compare(
    input int sars,
    input bit [55:0] dac,
    output int cmp
  );

  bit plane_valid, read_done, stall, mode6, plane_valid_next, read_done_next, stall_next, mode6_next;
  int tag, tag_next, cmp, cmp_next;
  bit [55:0] dacs;
  logic plane_ready, read, track_bank, hold, scan_bank, next_valid, code_valid;
  logic [ColW-1:0] column, code_column;
  logic [Sars-1:0] start, busy, valid;
  logic [Sars*7-1:0] dac, codes;
  logic [6:0] code;
  logic [7:0] next_tag, code_tag;

  pm_col_scan #(
      .Cols(Cols),
      .Sars(Sars),
      .TagW(8)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .plane_valid_i(plane_valid),
      .plane_ready_o(plane_ready),
      .tag_i(tag[7:0]),
      .read_o(read),
      .read_done_i(read_done),
      .track_bank_o(track_bank),
      .hold_o(hold),
      .scan_bank_o(scan_bank),
      .column_o(column),
      .start_o(start),
      .sar_busy_i(busy),
      .sar_valid_i(valid),
      .sar_code_i(codes),
      .stall_i(stall),
      .next_valid_o(next_valid),
      .next_tag_o(next_tag),
      .code_valid_o(code_valid),
      .code_o(code),
      .code_column_o(code_column),
      .code_tag_o(code_tag)
  );
  for (genvar s = 0; s < Sars; s++) begin : g_sar
    pm_sar_ctrl u_sar (
        .clk_i,
        .rst_ni,
        .start_i(start[s]),
        .mode6_i(mode6),
        .cmp_i(cmp[s]),
        .dac_o(dac[s*7+:7]),
        .c7_en_o(),
        .busy_o(busy[s]),
        .code_o(codes[s*7+:7]),
        .valid_o(valid[s])
    );
  end
  assign dacs = 56'(dac);

  always @(posedge clk_i)
    if (rst_ni) begin
      pm_col_scan_step(Cols, Sars, plane_ready, read, track_bank, hold, scan_bank, 32'(column), 32'(start),
                       next_valid, 32'(next_tag), code_valid, 32'(code), 32'(code_column), 32'(code_tag),
                       plane_valid_next, tag_next, read_done_next, stall_next, mode6_next);
      plane_valid <= plane_valid_next;
      tag         <= tag_next;
      read_done   <= read_done_next;
      stall       <= stall_next;
      mode6       <= mode6_next;
    end
  always @(negedge clk_i)
    if (rst_ni) begin
      pm_col_scan_compare(Sars, dacs, cmp_next);
      cmp <= cmp_next;
    end
endmodule

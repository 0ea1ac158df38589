// SPDX-License-Identifier: Apache-2.0
/// The whole periphery of one HyFlexPIM analog array (section 3.2). Input register and plane sequencer, wordline enables,
/// sample-and-hold and column multiplexer, converters, shift-and-add, output register. The cells, the sample-and-hold
/// and the comparators are at its pins.
///
/// One or two bits a cell, offset or differential weights, and 6 or 7 bits a conversion are inputs. A vector takes 8 planes of
/// max(array read, Cols (n+2) / Sars) clocks; the next vector's first plane is read while the last one's last is converted.
module pm_hyflex_gemv #(
    /// Wordlines, 1..128.
    parameter  int unsigned Rows = 64,
    /// Bitlines, a multiple of 8, at least 16.
    parameter  int unsigned Cols = 128,
    /// Converters: 1, 2, 4 or 8.
    parameter  int unsigned Sars = 1,
    localparam int unsigned ColW = $clog2(Cols),
    localparam int unsigned PopW = $clog2(Rows + 1),
    localparam int unsigned OutW = $clog2(Cols / 4),
    localparam int unsigned MaxT = 128 * Rows > 255 * 127 ? 128 * Rows : 255 * 127,
    localparam int unsigned AccW = $clog2(MaxT + 1) + 9
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    /// Two bits a cell. Like mode6_i and flip_i, it changes only when every accepted vector's result has been taken.
    input  logic                   mlc_i,
    /// Differential weights: a pair of columns a slice, whose codes are subtracted. Changes like mlc_i.
    input  logic                   diff_i,
    /// 6-bit conversions; else 7.
    input  logic                   mode6_i,
    /// Bit c: column c stores complements; of offset weights alone.
    input  logic [       Cols-1:0] flip_i,
    /// Vectors. Ready follows read_done_i within the clock.
    input  logic                   x_valid_i,
    output logic                   x_ready_o,
    /// Row r in x_i[8r +: 8]; 0 in rows that are not in use.
    input  logic [     Rows*8-1:0] x_i,
    /// Wordlines, from registers.
    output logic [       Rows-1:0] wordlines_o,
    /// The enable of their drivers: an array read is under way.
    output logic                   read_o,
    /// From the array: last clock of the read.
    input  logic                   read_done_i,
    /// Sample-and-hold bank that follows the bitlines.
    output logic                   track_bank_o,
    /// It holds at the end of this clock.
    output logic                   hold_o,
    /// Bank that the multiplexer shows to the converter whose sample_o is 1.
    output logic                   scan_bank_o,
    /// Column that it shows.
    output logic [       ColW-1:0] column_o,
    /// Converter s samples.
    output logic [       Sars-1:0] sample_o,
    /// Converter s's capacitors at [7s +: 7].
    output logic [     Sars*7-1:0] dac_o,
    /// Converter s's C7 belongs to its array.
    output logic [       Sars-1:0] c7_en_o,
    /// Converter s's comparator.
    input  logic [       Sars-1:0] cmp_i,
    /// Results.
    output logic                   y_valid_o,
    input  logic                   y_ready_i,
    /// Output m in y_o[AccW*m +: AccW], signed; Cols/8 of them with one bit a cell, Cols/4 with two, half as many of
    /// differential weights.
    output logic [Cols/4*AccW-1:0] y_o
);
  if (Rows < 1 || Rows > 128 || Cols < 16 || Cols % 8 != 0) begin : g_range
    $error("pm_hyflex_gemv: Rows must be 1..128, Cols a multiple of 8, at least 16");
  end

  localparam int unsigned Outputs = Cols / 4;
  localparam int unsigned TagW = PopW + 3;

  logic plane_valid, plane_ready, stall, next_valid, code_valid, sum_valid, y_valid_q;
  logic [2:0] plane;
  logic [PopW-1:0] pop;
  logic [TagW-1:0] next_tag, code_tag;
  logic [Sars-1:0] sar_busy, sar_valid;
  logic [Sars*7-1:0] sar_code;
  logic [6:0] code;
  logic [7:0] flip;
  logic [ColW-1:0] code_column;
  logic [OutW-1:0] sum_index, last;
  logic [AccW-1:0] sum;
  logic [Outputs*AccW-1:0] y_q;

  pm_hyflex_planes #(
      .Rows(Rows)
  ) u_planes (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .plane_valid_o(plane_valid),
      .plane_ready_i(plane_ready),
      .plane_o      (wordlines_o),
      .index_o      (plane),
      .pop_o        (pop)
  );

  logic unused_tag;
  assign unused_tag = ^next_tag[TagW-1:3];

  // Plane 7 gives results: it waits until the output register is free.
  assign stall = next_valid && next_tag[2:0] == 3'd7 && y_valid_q;

  pm_col_scan #(
      .Cols(Cols),
      .Sars(Sars),
      .TagW(TagW)
  ) u_col_scan (
      .clk_i,
      .rst_ni,
      .plane_valid_i(plane_valid),
      .plane_ready_o(plane_ready),
      .tag_i        ({pop, plane}),
      .read_o,
      .read_done_i,
      .track_bank_o,
      .hold_o,
      .scan_bank_o,
      .column_o,
      .start_o      (sample_o),
      .sar_busy_i   (sar_busy),
      .sar_valid_i  (sar_valid),
      .sar_code_i   (sar_code),
      .stall_i      (stall),
      .next_valid_o (next_valid),
      .next_tag_o   (next_tag),
      .code_valid_o (code_valid),
      .code_o       (code),
      .code_column_o(code_column),
      .code_tag_o   (code_tag)
  );

  for (genvar s = 0; s < Sars; s++) begin : g_sar
    pm_sar_ctrl u_sar (
        .clk_i,
        .rst_ni,
        .start_i(sample_o[s]),
        .mode6_i,
        .cmp_i  (cmp_i[s]),
        .dac_o  (dac_o[s*7+:7]),
        .c7_en_o(c7_en_o[s]),
        .busy_o (sar_busy[s]),
        .code_o (sar_code[s*7+:7]),
        .valid_o(sar_valid[s])
    );
  end

  // Of eight columns first, which stay while codes come.
  assign flip = flip_i[{code_column[ColW-1:3], 3'b0}+:8];

  pm_mlc_shift_add #(
      .Rows(Rows),
      .Cols(Cols)
  ) u_shift_add (
      .clk_i,
      .rst_ni,
      .mlc_i,
      .diff_i,
      .valid_i (code_valid),
      .code_i  (code),
      .column_i(code_column),
      .flip_i  (flip[code_column[2:0]]),
      .plane_i (code_tag[2:0]),
      .pop_i   (code_tag[TagW-1:3]),
      .valid_o (sum_valid),
      .index_o (sum_index),
      .y_o     (sum)
  );

  assign last      = OutW'((Outputs >> (2'(!mlc_i) + 2'(diff_i))) - 1);
  assign y_valid_o = y_valid_q;
  assign y_o       = y_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) y_valid_q <= 1'b0;
    else if (sum_valid && sum_index == last) y_valid_q <= 1'b1;
    else if (y_ready_i) y_valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned m = 0; m < Outputs; m++) begin
      if (sum_valid && sum_index == OutW'(m)) y_q[m*AccW+:AccW] <= sum;
    end
  end
endmodule

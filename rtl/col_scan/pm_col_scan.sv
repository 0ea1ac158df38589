// SPDX-License-Identifier: Apache-2.0
/// Sample-and-hold and column multiplexer sequencing of one analog array (HyFlexPIM section 3.2). While the converters go
/// through the held columns of one plane, the array already reads the next.
///
/// Each bitline has two sample-and-hold cells, in banks 0 and 1: one is scanned, the other follows the bitline during the
/// array read and holds at its end. Sars converters take columns in turn, column c by converter c mod Sars, one start a
/// clock, each as soon as it is free; so codes also come one a clock, in column order. In the steady state a plane
/// takes max(array read, Cols (n+2) / Sars) clocks, without a bubble between planes.
module pm_col_scan #(
    /// Bitlines, a multiple of Sars, at least 16.
    parameter  int unsigned Cols = 128,
    /// Converters: 1, 2, 4 or 8 (no more than the n+2 >= 8 clocks of a conversion).
    parameter  int unsigned Sars = 1,
    /// Bits that travel with a plane from tag_i to its codes, at least 1.
    parameter  int unsigned TagW = 1,
    localparam int unsigned ColW = $clog2(Cols),
    localparam int unsigned SarW = Sars > 1 ? $clog2(Sars) : 1
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    /// A plane is on the wordlines' registers; stays until plane_ready_o, in whose clock the array read ends.
    input  logic              plane_valid_i,
    output logic              plane_ready_o,
    /// Travels with the plane to its codes.
    input  logic [  TagW-1:0] tag_i,
    /// Turns the wordlines on: an array read is under way.
    output logic              read_o,
    /// From the array: this is the read's last clock. Only looked at while read_o.
    input  logic              read_done_i,
    /// The bank that follows the bitlines.
    output logic              track_bank_o,
    /// It holds at the end of this clock.
    output logic              hold_o,
    /// The bank that the multiplexer shows to converter s in the clock of start_o[s].
    output logic              scan_bank_o,
    /// The column that it shows.
    output logic [  ColW-1:0] column_o,
    /// Converter s samples.
    output logic [  Sars-1:0] start_o,
    /// Converter s cannot start.
    input  logic [  Sars-1:0] sar_busy_i,
    /// Converter s has a code, for one clock.
    input  logic [  Sars-1:0] sar_valid_i,
    /// Converter s's code at [7s +: 7].
    input  logic [Sars*7-1:0] sar_code_i,
    /// No plane's first conversion begins while 1.
    input  logic              stall_i,
    /// There is a plane that would begin next.
    output logic              next_valid_o,
    /// Its tag.
    output logic [  TagW-1:0] next_tag_o,
    /// Codes in column order, one clock each. No back-pressure.
    output logic              code_valid_o,
    /// The code.
    output logic [       6:0] code_o,
    /// Its column.
    output logic [  ColW-1:0] code_column_o,
    /// Its plane's tag.
    output logic [  TagW-1:0] code_tag_o
);
  if (Sars != 1 && Sars != 2 && Sars != 4 && Sars != 8) begin : g_sars_range
    $error("pm_col_scan: Sars must be 1, 2, 4 or 8");
  end
  if (Cols % Sars != 0 || Cols < 16) begin : g_cols_range
    $error("pm_col_scan: Cols must be a multiple of Sars, at least 16");
  end
  if (TagW < 1) begin : g_tag_range
    $error("pm_col_scan: TagW must be at least 1");
  end

  logic [1:0] full_q, full_d;  // a bank holds a plane whose conversions have not all begun
  logic track_q, scan_q, can_read_q, start, begun, last_start;
  logic [ColW-1:0] start_q, code_q;
  logic [2*TagW-1:0] tag_q;
  logic [  SarW-1:0] sar;

  // The array's side. can_read_q is the tracking bank's emptiness, registered: the wordlines' enable is one gate of two
  // registers.
  assign read_o        = plane_valid_i && can_read_q;
  assign hold_o        = read_o && read_done_i;
  assign plane_ready_o = hold_o;
  assign track_bank_o  = track_q;

  // The converters' side.
  assign sar           = Sars > 1 ? SarW'(start_q) : '0;
  assign begun         = start_q != '0;
  assign start         = full_q[scan_q] && !sar_busy_i[sar] && (begun || !stall_i);
  assign last_start    = start && start_q == ColW'(Cols - 1);
  assign scan_bank_o   = scan_q;
  assign column_o      = start_q;
  assign next_valid_o  = full_q[scan_q] && !begun;
  assign next_tag_o    = tag_q[scan_q*TagW+:TagW];
  always_comb begin
    start_o = '0;
    start_o[sar] = start;
    full_d = full_q;
    if (last_start) full_d[scan_q] = 1'b0;
    if (hold_o) full_d[track_q] = 1'b1;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      full_q     <= '0;
      track_q    <= 1'b0;
      scan_q     <= 1'b0;
      can_read_q <= 1'b0;
      start_q    <= '0;
      code_q     <= '0;
    end else begin
      can_read_q <= !full_d[track_q^hold_o];
      if (hold_o || last_start) full_q <= full_d;
      if (hold_o) track_q <= !track_q;
      if (last_start) scan_q <= !scan_q;
      if (start) start_q <= last_start ? '0 : start_q + 1'b1;
      if (code_valid_o) code_q <= code_q == ColW'(Cols - 1) ? '0 : code_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (hold_o && !track_q) tag_q[0+:TagW] <= tag_i;
    if (hold_o && track_q) tag_q[TagW+:TagW] <= tag_i;
  end

  // Codes. Two planes may have conversions under way at a boundary: tags wait in order of their planes' first start.
  logic first_start, plane_done, tag_ready, tag_valid;
  assign first_start   = start && !begun;
  assign plane_done    = code_valid_o && code_q == ColW'(Cols - 1);
  assign code_valid_o  = |sar_valid_i;
  assign code_column_o = code_q;
  always_comb begin
    code_o = '0;
    for (int unsigned s = 0; s < Sars; s++) code_o |= sar_valid_i[s] || Sars == 1 ? sar_code_i[s*7+:7] : 7'd0;
  end

  pm_fifo #(
      .Width(TagW),
      .Depth(2)
  ) u_tags (
      .clk_i,
      .rst_ni,
      .valid_i(first_start),
      .ready_o(tag_ready),
      .data_i (next_tag_o),
      .valid_o(tag_valid),
      .ready_i(plane_done),
      .data_o (code_tag_o)
  );

  logic unused_fifo;
  assign unused_fifo = ^{tag_ready, tag_valid};

`ifdef PERIMETER_FORMAL
  // Planes alternate between the banks: equal pointers mean both full or both empty.
  logic past_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) past_q <= 1'b0;
    else past_q <= 1'b1;
  end
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      pointers : assert ((track_q == scan_q) == (full_q[0] == full_q[1]));
      next_is_full : assert (full_q == '0 || full_q[scan_q]);
      scans_held : assert (!begun || full_q[scan_q]);
      in_range : assert (32'(start_q) < Cols);
      reads_empty : assert (!can_read_q || !full_q[track_q]);
      ready_again : assert (!past_q || can_read_q == !full_q[track_q]);
    end
  end
`endif
endmodule

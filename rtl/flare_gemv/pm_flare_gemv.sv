// SPDX-License-Identifier: Apache-2.0
/// Everything digital around one array that holds one matrix (FLARE, arXiv 2411.14733). BitSift (section 4.4) chooses the
/// wordlines of each access, the array's comparators become codes, and shift-add joins them to y[m] = sum_d x[d] * w[d][m],
/// exactly. With several arrays (section 5.1) each holds a part of the rows.
///
/// wordline flops -> array and comparators (outside, the same clock) -> thermometer encoders -> code flops -> parts ->
/// accumulators. One access a clock, without a bubble between vectors while y_ready_i takes each result in the
/// clock in which it is shown; otherwise the pipeline stalls and the wordlines stay as they are.
module pm_flare_gemv #(
    /// Wordlines of an array: a multiple of Slice, Slice..4096.
    parameter int unsigned Rows = 64,
    /// Outputs, at least 1; the array has Outputs*WBits columns.
    parameter int unsigned Outputs = 64,
    /// Bits of a weight, two's complement: 2..16.
    parameter int unsigned WBits = 8,
    /// Bits of an activation: 2..16.
    parameter int unsigned XBits = 8,
    /// Rows of one LPC slice: 8, 16 or 32.
    parameter int unsigned Slice = 16,
    /// 1: the paper's scanning GPC instead of split.
    parameter bit Scan = 0,
    /// Arrays that a matrix's Arrays*Rows rows are split over: 1..16. Each has its converters, and all add up in the same
    /// accumulators: fewer accesses, as many cells.
    parameter int unsigned Arrays = 1,
    localparam int unsigned PlaneW = $clog2(XBits),
    localparam int unsigned AccW = XBits + WBits + $clog2(Arrays * Rows)
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    /// Vectors.
    input  logic                              x_valid_i,
    output logic                              x_ready_o,
    /// Element d is x_i[d*XBits +: XBits]; array a has elements a*Rows and up.
    input  logic [     Arrays*Rows*XBits-1:0] x_i,
    /// Elements are two's complement. Stable while a vector is inside, as the next two.
    input  logic                              signed_i,
    /// Sign coding instead of two's complement planes.
    input  logic                              sign_coding_i,
    /// Effective planes.
    input  logic                              eplanes_i,
    /// Accesses. The array answers in the clock in which wl_ready_i is high: cmp_i belongs to this clock's wordlines. An access
    /// is done where wl_valid_o and wl_ready_i meet. wl_valid_o follows y_ready_i in the same clock, but once high it stays until
    /// the access is done.
    output logic                              wl_valid_o,
    input  logic                              wl_ready_i,
    /// Data wordlines, straight from flops, stable from wl_valid_o until done.
    output logic [           Arrays*Rows-1:0] wl_o,
    /// Dummy wordlines of array a at [7*a +: 7], as wl_o; K = 8 in all are on in an array that has a data wordline on, none in
    /// others.
    output logic [              7*Arrays-1:0] dwl_o,
    /// Side band, for the array's bookkeeping: the access weighs 2^plane.
    output logic [                PlaneW-1:0] wl_plane_o,
    /// Side band: its weight is negative.
    output logic                              wl_neg_o,
    /// Side band, bit a: it is array a's last of its plane.
    output logic [                Arrays-1:0] wl_last_plane_o,
    /// With wl_valid_o: the vector's last access. Without it, for one clock: a vector that has no access passes.
    output logic                              wl_last_o,
    /// Comparators of column c at [c*8 +: 8]; output m's weight bit b of array a is column (a*Outputs + m)*WBits + b. Those of an
    /// array without wordlines are not looked at.
    input  logic [Arrays*Outputs*WBits*8-1:0] cmp_i,
    /// Results, 3 clocks after the vector's last access.
    output logic                              y_valid_o,
    input  logic                              y_ready_i,
    /// Output m at [m*AccW +: AccW], signed.
    output logic [          Outputs*AccW-1:0] y_o
);
  if (Outputs < 1 || WBits < 2 || WBits > 16) begin : g_range
    $error("pm_flare_gemv: Outputs must be at least 1, WBits 2..16");
  end

  if (Arrays < 1 || Arrays > 16) begin : g_arrays_range
    $error("pm_flare_gemv: Arrays must be 1..16");
  end

  localparam int unsigned Columns = Outputs * WBits;
  localparam int unsigned CodeW = $clog2(8 * Arrays + 1);

  // Beats of BitSift: accesses, and the done beat of a vector without ones, which passes the array by.
  logic beat_valid, beat_last, beat_access, beat_done, first_q;

  if (Arrays == 1) begin : g_one
    pm_bitsift #(
        .Rows (Rows),
        .Bits (XBits),
        .Slice(Slice),
        .Scan (Scan)
    ) u_bitsift (
        .clk_i,
        .rst_ni,
        .x_valid_i,
        .x_ready_o,
        .x_i,
        .signed_i,
        .sign_coding_i,
        .eplanes_i,
        .acc_valid_o  (beat_valid),
        .acc_ready_i  (beat_done),
        .mask_o       (wl_o),
        .dummy_o      (dwl_o),
        .plane_o      (wl_plane_o),
        .neg_o        (wl_neg_o),
        .last_plane_o (wl_last_plane_o),
        .last_vector_o(beat_last)
    );
  end else begin : g_split
    pm_flare_split #(
        .Rows  (Rows),
        .Bits  (XBits),
        .Slice (Slice),
        .Scan  (Scan),
        .Arrays(Arrays)
    ) u_split (
        .clk_i,
        .rst_ni,
        .x_valid_i,
        .x_ready_o,
        .x_i,
        .signed_i,
        .sign_coding_i,
        .eplanes_i,
        .acc_valid_o  (beat_valid),
        .acc_ready_i  (beat_done),
        .mask_o       (wl_o),
        .dummy_o      (dwl_o),
        .plane_o      (wl_plane_o),
        .neg_o        (wl_neg_o),
        .last_plane_o (wl_last_plane_o),
        .last_vector_o(beat_last)
    );
  end

  // Codes of the access that was done in the previous clock.
  logic [Arrays*Columns*4-1:0] code;
  logic [Columns*CodeW-1:0] sum, code_q;
  logic [PlaneW-1:0] code_plane_q;
  logic code_ready, code_valid_q, code_neg_q, code_first_q, code_last_q, code_empty_q, sum_ready;

  assign code_ready  = !code_valid_q || sum_ready;
  assign beat_access = |wl_o;
  assign beat_done   = code_ready && (wl_ready_i || !beat_access);
  assign wl_valid_o  = beat_valid && code_ready && beat_access;
  assign wl_last_o   = beat_valid && code_ready && beat_last;

  pm_therm_enc #(
      .Columns(Arrays * Columns)
  ) u_therm_enc (
      .cmp_i,
      .code_o(code)
  );

  // Codes of one column of all arrays that take part.
  if (Arrays == 1) begin : g_code
    assign sum = code;
  end else begin : g_sum
    logic [Arrays-1:0] on;
    always_comb begin
      for (int unsigned a = 0; a < Arrays; a++) on[a] = wl_o[a*Rows+:Rows] != '0;
      for (int unsigned c = 0; c < Columns; c++) begin
        sum[c*CodeW+:CodeW] = '0;
        for (int unsigned a = 0; a < Arrays; a++)
        if (on[a]) sum[c*CodeW+:CodeW] = sum[c*CodeW+:CodeW] + CodeW'(code[(a*Columns+c)*4+:4]);
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q      <= 1'b1;
      code_valid_q <= 1'b0;
    end else begin
      if (code_ready) code_valid_q <= beat_valid && beat_done;
      if (beat_valid && beat_done) first_q <= beat_last;
    end
  end

  always_ff @(posedge clk_i) begin
    if (beat_valid && beat_done) begin
      code_plane_q <= wl_plane_o;
      code_neg_q   <= wl_neg_o;
      code_first_q <= first_q;
      code_last_q  <= beat_last;
      code_empty_q <= !beat_access;
      code_q       <= sum;
    end
  end

  pm_shift_add #(
      .Outputs(Outputs),
      .WBits  (WBits),
      .XBits  (XBits),
      .Rows   (Rows),
      .Arrays (Arrays)
  ) u_shift_add (
      .clk_i,
      .rst_ni,
      .valid_i(code_valid_q),
      .ready_o(sum_ready),
      .code_i (code_q),
      .plane_i(code_plane_q),
      .neg_i  (code_neg_q),
      .first_i(code_first_q),
      .last_i (code_last_q),
      .empty_i(code_empty_q),
      .y_valid_o,
      .y_ready_i,
      .y_o
  );

`ifdef PERIMETER_FORMAL
  `include "pm_flare_gemv_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// One analog module of HyFlexPIM (section 3.2) as far as one matrix goes: arrays, each with an input register of 64 bytes and an
/// output register of 128, on one bus of 64 bytes, the output register in which row tiles add up, and requantisation for the
/// next stage.
///
/// A vector comes in a beat of Rows bytes for each row tile; array c*R+r has row tile r of R and column c of the matrix. A beat
/// goes over the bus to its row tile's arrays, results come back over it in one or two beats an array; an arbiter gives the bus
/// in turn.
module pm_hyflex_module #(
    /// Arrays, at least 1.
    parameter int unsigned Arrays = 8,
    /// Wordlines of an array, 1..128.
    parameter int unsigned Rows = 64,
    /// Bitlines of an array, a multiple of 128, at least 128.
    parameter int unsigned Cols = 128,
    /// Converters an array: 1, 2, 4 or 8.
    parameter int unsigned Sars = 8,
    /// Outputs a beat: 1, 2, 4 or 8.
    parameter int unsigned Lanes = 4,
    localparam int unsigned ColW = $clog2(Cols),
    localparam int unsigned ArrayW = $clog2(Arrays + 1),
    localparam int unsigned Outputs = Cols / 4,
    localparam int unsigned LeftW = $clog2(Arrays * Outputs + Outputs + 1)
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    /// Two bits a cell. Like all settings below it changes only when every accepted vector's results have been taken.
    input  logic                     mlc_i,
    /// Differential weights.
    input  logic                     diff_i,
    /// 6-bit conversions; else 7.
    input  logic                     mode6_i,
    /// Array k's column c stores complements: bit k*Cols + c.
    input  logic [  Arrays*Cols-1:0] flip_i,
    /// Arrays of the matrix, 1..Arrays: a multiple of row_tiles_i.
    input  logic [       ArrayW-1:0] arrays_i,
    /// Its row tiles.
    input  logic [       ArrayW-1:0] row_tiles_i,
    /// Its outputs, more than those of one column less.
    input  logic [        LeftW-1:0] outputs_i,
    /// Requantisation: multiplier, unsigned.
    input  logic [             15:0] m_i,
    /// And bits that are shifted out, 0..47.
    input  logic [              5:0] s_i,
    /// Vectors, a beat for each row tile. Ready follows x_valid_i, read_done_i and the bus within the clock.
    input  logic                     x_valid_i,
    output logic                     x_ready_o,
    /// Row r in x_i[8r +: 8]; 0 in rows that are not in use.
    input  logic [       Rows*8-1:0] x_i,
    /// Array k's wordlines at [k*Rows +: Rows].
    output logic [  Arrays*Rows-1:0] wordlines_o,
    /// The enable of their drivers, of each array.
    output logic [       Arrays-1:0] read_o,
    /// From each array: last clock of the read.
    input  logic [       Arrays-1:0] read_done_i,
    /// Sample-and-hold bank that follows the bitlines, of each array.
    output logic [       Arrays-1:0] track_bank_o,
    /// It holds at the end of this clock.
    output logic [       Arrays-1:0] hold_o,
    /// Bank that the multiplexer shows, of each array.
    output logic [       Arrays-1:0] scan_bank_o,
    /// Column that it shows, array k's at [k*ColW +: ColW].
    output logic [  Arrays*ColW-1:0] column_o,
    /// Array k's converter s samples: bit k*Sars + s.
    output logic [  Arrays*Sars-1:0] sample_o,
    /// Its capacitors at [7 (k*Sars + s) +: 7].
    output logic [Arrays*Sars*7-1:0] dac_o,
    /// Its C7 belongs to its array.
    output logic [  Arrays*Sars-1:0] c7_en_o,
    /// Its comparator.
    input  logic [  Arrays*Sars-1:0] cmp_i,
    /// The matrix's outputs, Lanes of them a beat.
    output logic                     y_valid_o,
    input  logic                     y_ready_i,
    /// Sums: output m of the beat at [32m +: 32], signed; 0 beyond the matrix's last one.
    output logic [     Lanes*32-1:0] y_o,
    /// The same in eight bits at [8m +: 8].
    output logic [      Lanes*8-1:0] q_o,
    /// The beat is the vector's last.
    output logic                     y_last_o
);
  if (Arrays < 1 || Rows < 1 || Rows > 128 || Cols < 128 || Cols % 128 != 0 || Lanes < 1 || Lanes > 8 ||
      (Lanes & (Lanes - 1)) != 0) begin : g_range
    $error("pm_hyflex_module: Arrays must be at least 1, Rows 1..128, Cols a multiple of 128, Lanes 1, 2, 4 or 8");
  end

  localparam int unsigned MaxT = 128 * Rows > 255 * 127 ? 128 * Rows : 255 * 127;
  localparam int unsigned AccW = $clog2(MaxT + 1) + 9;
  localparam int unsigned HalfW = Outputs / 2 * AccW;
  localparam int unsigned PerW = $clog2(Outputs + Lanes);
  localparam int unsigned IndexW = Arrays > 1 ? $clog2(Arrays) : 1;

  logic fill, drain, fill_ready, half, pop, want, sum_valid, sum_ready, sum_last;
  logic [ArrayW-1:0] tile_q, array, row;
  logic [Arrays-1:0] fills, x_ready, a_valid, a_ready, used;
  logic [Arrays*2*HalfW-1:0] a_y;
  logic [2*HalfW-1:0] array_y;
  logic [Lanes*32-1:0] sum;
  logic [PerW-1:0] per;
  logic [IndexW-1:0] array_index;

  // Array k has row tile k mod R.
  always_comb begin
    row   = '0;
    used  = '0;
    fills = '0;
    for (int unsigned k = 0; k < Arrays; k++) begin
      used[k]  = ArrayW'(k) < arrays_i;
      fills[k] = used[k] && row == tile_q;
      row      = row + 1'b1 == row_tiles_i ? '0 : row + 1'b1;
    end
  end
  assign fill_ready = (fills & ~x_ready) == '0;
  assign x_ready_o  = fill;

  pm_bus_arb #(
      .N(2)
  ) u_arb (
      .clk_i,
      .rst_ni,
      .req_i  ({x_valid_i && fill_ready, want && a_valid[array_index]}),
      .grant_o({fill, drain})
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) tile_q <= '0;
    else if (fill) tile_q <= tile_q + 1'b1 == row_tiles_i ? '0 : tile_q + 1'b1;
  end

  for (genvar k = 0; k < Arrays; k++) begin : g_array
    pm_hyflex_gemv #(
        .Rows(Rows),
        .Cols(Cols),
        .Sars(Sars)
    ) u_gemv (
        .clk_i,
        .rst_ni,
        .mlc_i,
        .diff_i,
        .mode6_i,
        .flip_i      (flip_i[k*Cols+:Cols]),
        .x_valid_i   (fill && fills[k]),
        .x_ready_o   (x_ready[k]),
        .x_i,
        .wordlines_o (wordlines_o[k*Rows+:Rows]),
        .read_o      (read_o[k]),
        .read_done_i (read_done_i[k]),
        .track_bank_o(track_bank_o[k]),
        .hold_o      (hold_o[k]),
        .scan_bank_o (scan_bank_o[k]),
        .column_o    (column_o[k*ColW+:ColW]),
        .sample_o    (sample_o[k*Sars+:Sars]),
        .dac_o       (dac_o[k*Sars*7+:Sars*7]),
        .c7_en_o     (c7_en_o[k*Sars+:Sars]),
        .cmp_i       (cmp_i[k*Sars+:Sars]),
        .y_valid_o   (a_valid[k]),
        .y_ready_i   (a_ready[k]),
        .y_o         (a_y[k*2*HalfW+:2*HalfW])
    );
    assign a_ready[k] = drain && pop && array == ArrayW'(k);
  end

  assign array_index = IndexW'(array);
  assign array_y     = a_y[array_index*2*HalfW+:2*HalfW];
  assign per         = PerW'(Outputs >> (2'(!mlc_i) + 2'(diff_i)));

  pm_hyflex_join #(
      .Arrays    (Arrays),
      .Outputs   (Outputs),
      .AccW      (AccW),
      .Lanes     (Lanes),
      .MaxOutputs(Arrays * Outputs)
  ) u_join (
      .clk_i,
      .rst_ni,
      .row_tiles_i,
      .per_i      (per),
      .outputs_i,
      .want_o     (want),
      .bus_valid_i(drain),
      .array_o    (array),
      .half_o     (half),
      .pop_o      (pop),
      .bus_i      (half ? array_y[HalfW+:HalfW] : array_y[0+:HalfW]),
      .y_valid_o  (sum_valid),
      .y_ready_i  (sum_ready),
      .y_o        (sum),
      .y_last_o   (sum_last)
  );

  pm_requant #(
      .Lanes(Lanes),
      .TagW (1)
  ) u_requant (
      .clk_i,
      .rst_ni,
      .m_i,
      .s_i,
      .valid_i(sum_valid),
      .ready_o(sum_ready),
      .y_i    (sum),
      .tag_i  (sum_last),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .y_o,
      .q_o,
      .tag_o  (y_last_o)
  );
endmodule

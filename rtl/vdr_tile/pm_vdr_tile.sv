// SPDX-License-Identifier: Apache-2.0
/// Softmax numerators of rows of any length, a tile at a time, without a divider a lane: Lanes logits a clock in and out. What
/// a row is after a tile, its reference, goes out and comes in again with the row's next tile, so that rows may take turns;
/// sums over earlier numerators follow by pm_tile_rescale. A row of one tile is pm_vdr_softmax's.
module pm_vdr_tile #(
    /// Logits a beat, at least 1.
    parameter int unsigned Lanes = 16,
    /// Longest tile, a multiple of Lanes, Lanes..4096.
    parameter int unsigned MaxN = 512,
    /// Bits of ne, at least 6; below -8 it is as at -8, above 15 as at 15.
    parameter int unsigned NeW = 8,
    localparam int unsigned ZW = 8 + $clog2(MaxN)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    /// Round to nearest, else truncate. Configuration: stable while a tile is inside.
    input  logic                      round_i,
    /// The table of S0, see pm_vdr_row. Configuration, as round_i.
    input  logic        [   8*96-1:0] lut_i,
    /// Beats; a tile has 1..MaxN/Lanes of them. Its last one waits for the row of the tile before to be taken.
    input  logic                      x_valid_i,
    output logic                      x_ready_o,
    /// Logit i at [8i +: 8], signed.
    input  logic        [Lanes*8-1:0] x_i,
    /// Logit i takes part.
    input  logic        [  Lanes-1:0] keep_i,
    /// The tile's last beat.
    input  logic                      x_last_i,
    /// With it, the tile's exponent.
    input  logic signed [    NeW-1:0] ne_i,
    /// With it: a logit was kept in an earlier tile of the row.
    input  logic                      had_i,
    /// With it: if so, what reference_o was.
    input  logic        [       23:0] reference_i,
    /// A tile's row, at most ten clocks after its last beat; its numerators wait for it.
    output logic                      row_valid_o,
    input  logic                      row_ready_i,
    /// A logit was kept so far.
    output logic                      had_o,
    /// If so, no less than it, signed, in 2^-7 S0.
    output logic        [       23:0] reference_o,
    /// What the sums over the row's earlier numerators shift by: 0..40, or 63, which leaves nothing.
    output logic        [        5:0] shift_o,
    /// The same beats.
    output logic                      a_valid_o,
    input  logic                      a_ready_i,
    /// Numerators, unsigned, as of the tile's reference_o.
    output logic        [Lanes*8-1:0] a_o,
    /// The tile's last beat.
    output logic                      a_last_o,
    /// With it, the sum of the tile's numerators.
    output logic        [     ZW-1:0] z_o
);
  if (Lanes < 1 || MaxN < Lanes || MaxN % Lanes != 0 || MaxN > 4096) begin : g_range
    $error("pm_vdr_tile: MaxN must be a multiple of Lanes, Lanes..4096");
  end
  if (NeW < 6) begin : g_exponent_range
    $error("pm_vdr_tile: NeW must be at least 6");
  end

  logic idle, tile, tile_q, some, some_q;
  logic [7:0] max, max_q;
  logic [4:0] shift, shift_q, up;
  logic [10:0] offset;

  pm_vdr_rows #(
      .Lanes(Lanes),
      .MaxN (MaxN),
      .NeW  (NeW),
      .Tiled(1'b1)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .round_i,
      .lut_i,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .keep_i,
      .x_last_i,
      .ne_i,
      .row_ready_i (idle),
      .row_valid_o (tile),
      .row_max_o   (max),
      .row_shift_o (shift),
      .row_valid_i (row_valid_o && row_ready_i),
      .row_max_i   (max_q),
      .row_shift_i (shift_q),
      .row_offset_i(offset),
      .a_valid_o,
      .a_ready_i,
      .a_o,
      .a_last_o,
      .z_o
  );

  assign up   = ne_i < NeW'(-8) ? 5'd0 : ne_i > NeW'(15) ? 5'd23 : ne_i[4:0] + 5'd8;
  assign some = some_q || keep_i != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {some_q, tile_q} <= '0;
    else begin
      if (x_valid_i && x_ready_o) some_q <= some && !x_last_i;
      tile_q <= tile;
    end
  end

  always_ff @(posedge clk_i) begin
    if (tile) shift_q <= shift;
    if (tile_q) max_q <= max;
  end

  pm_vdr_reference u_reference (
      .clk_i,
      .rst_ni,
      .l_i     (lut_i[7*96+:12]),
      .valid_i (tile),
      .ready_o (idle),
      .max_i   (max),
      .some_i  (some),
      .shift_i (up),
      .had_i,
      .reference_i,
      .valid_o (row_valid_o),
      .ready_i (row_ready_i),
      .had_o,
      .reference_o,
      .shift_o,
      .offset_o(offset)
  );
endmodule

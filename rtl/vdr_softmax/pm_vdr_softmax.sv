// SPDX-License-Identifier: Apache-2.0
/// Softmax numerators without a divider (FLARE Algorithm 1): Lanes logits a clock in and out, no bubble between rows.
/// Rows of their own; longer ones come in tiles (pm_vdr_tile).
module pm_vdr_softmax #(
    /// Logits a beat, at least 1.
    parameter int unsigned Lanes = 16,
    /// Longest row, a multiple of Lanes, Lanes..4096.
    parameter int unsigned MaxN = 64,
    /// Bits of ne, at least 6; below -8 it is as at -8, above 15 as at 15.
    parameter int unsigned NeW = 8,
    localparam int unsigned ZW = 8 + $clog2(MaxN)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    /// Round to nearest, else truncate. Configuration: stable while a row is inside.
    input  logic                      round_i,
    /// The table of S0, see pm_vdr_row. Configuration, as round_i.
    input  logic        [   8*96-1:0] lut_i,
    /// Beats; a row has 1..MaxN/Lanes of them.
    input  logic                      x_valid_i,
    output logic                      x_ready_o,
    /// Logit i at [8i +: 8], signed.
    input  logic        [Lanes*8-1:0] x_i,
    /// Logit i takes part.
    input  logic        [  Lanes-1:0] keep_i,
    /// The row's last beat.
    input  logic                      x_last_i,
    /// With it, the row's exponent.
    input  logic signed [    NeW-1:0] ne_i,
    /// The same beats.
    output logic                      a_valid_o,
    input  logic                      a_ready_i,
    /// Numerators, unsigned.
    output logic        [Lanes*8-1:0] a_o,
    /// The row's last beat.
    output logic                      a_last_o,
    /// With it, the sum of its numerators.
    output logic        [     ZW-1:0] z_o
);
  if (Lanes < 1 || MaxN < Lanes || MaxN % Lanes != 0 || MaxN > 4096) begin : g_range
    $error("pm_vdr_softmax: MaxN must be a multiple of Lanes, Lanes..4096");
  end
  if (NeW < 6) begin : g_exponent_range
    $error("pm_vdr_softmax: NeW must be at least 6");
  end

  logic row_valid;
  logic [7:0] row_max;
  logic [4:0] row_shift;

  pm_vdr_rows #(
      .Lanes(Lanes),
      .MaxN (MaxN),
      .NeW  (NeW)
  ) u_vdr (
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
      .row_ready_i (1'b1),
      .row_valid_o (row_valid),
      .row_max_o   (row_max),
      .row_shift_o (row_shift),
      .row_valid_i (row_valid),
      .row_max_i   (row_max),
      .row_shift_i (row_shift),
      .row_offset_i(11'b0),
      .a_valid_o,
      .a_ready_i,
      .a_o,
      .a_last_o,
      .z_o
  );

`ifdef PERIMETER_FORMAL
  `include "pm_vdr_softmax_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// pm_flare_gemv with a word that travels beside each token (its exponent, its Z) and comes out with its result.
module pm_flare_stage #(
    /// Elements of a token, 1..4096. The array has as many wordlines, rounded up to a slice of 16.
    parameter int unsigned Inputs = 64,
    /// Outputs, at least 1.
    parameter int unsigned Outputs = 64,
    /// Bits of a stored weight, 2..16.
    parameter int unsigned WBits = 8,
    /// Bits of the side word, at least 1.
    parameter int unsigned SideW = 16,
    localparam int unsigned Rows = (Inputs + 15) / 16 * 16,
    localparam int unsigned AccW = 8 + WBits + $clog2(Rows)
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    /// Elements are signed.
    input  logic                       signed_i,
    /// Sign coding instead of two's complement (signed only).
    input  logic                       sign_coding_i,
    /// Tokens.
    input  logic                       x_valid_i,
    output logic                       x_ready_o,
    /// Element d at [8d +: 8].
    input  logic [       Inputs*8-1:0] x_i,
    /// The token's side word.
    input  logic [          SideW-1:0] side_i,
    /// Pins of the array, see pm_flare_gemv.
    output logic                       wl_valid_o,
    input  logic                       wl_ready_i,
    /// Wordlines.
    output logic [           Rows-1:0] wl_o,
    /// Dummy wordlines.
    output logic [                6:0] dwl_o,
    /// Side band: wl_last, wl_last_plane, wl_neg, wl_plane (3 bits).
    output logic [                5:0] wl_side_o,
    /// Comparators.
    input  logic [Outputs*WBits*8-1:0] cmp_i,
    /// Results.
    output logic                       y_valid_o,
    input  logic                       y_ready_i,
    /// Output m at [m*AccW +: AccW], signed.
    output logic [   Outputs*AccW-1:0] y_o,
    /// The token's side word.
    output logic [          SideW-1:0] side_o
);
  if (Inputs < 1 || Inputs > 4096 || Outputs < 1 || WBits < 2 || WBits > 16 || SideW < 1) begin : g_range
    $error("pm_flare_stage: Inputs must be 1..4096, Outputs at least 1, WBits 2..16, SideW at least 1");
  end

  // Tokens inside: the vector register, a pipeline of one-access vectors, the result.
  localparam int unsigned InFlight = 8;

  logic x_ready, side_ready, side_valid, y_valid;

  assign x_ready_o = x_ready && side_ready;
  assign y_valid_o = y_valid && side_valid;

  pm_flare_gemv #(
      .Rows(Rows),
      .Outputs(Outputs),
      .WBits(WBits)
  ) u_gemv (
      .clk_i,
      .rst_ni,
      .x_valid_i      (x_valid_i && side_ready),
      .x_ready_o      (x_ready),
      .x_i            ((Rows * 8)'(x_i)),
      .signed_i,
      .sign_coding_i,
      .eplanes_i      (1'b1),
      .wl_valid_o,
      .wl_ready_i,
      .wl_o,
      .dwl_o,
      .wl_plane_o     (wl_side_o[2:0]),
      .wl_neg_o       (wl_side_o[3]),
      .wl_last_plane_o(wl_side_o[4]),
      .wl_last_o      (wl_side_o[5]),
      .cmp_i,
      .y_valid_o      (y_valid),
      .y_ready_i      (y_ready_i && side_valid),
      .y_o
  );

  pm_shift_fifo #(
      .Width(SideW),
      .Depth(InFlight)
  ) u_side (
      .clk_i,
      .rst_ni,
      .valid_i(x_valid_i && x_ready),
      .ready_o(side_ready),
      .data_i (side_i),
      .valid_o(side_valid),
      .ready_i(y_valid && y_ready_i),
      .data_o (side_o)
  );

`ifdef PERIMETER_FORMAL
  `include "pm_flare_stage_fv.svh"
`endif
endmodule

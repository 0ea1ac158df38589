// SPDX-License-Identifier: Apache-2.0
/// Gathers beats of Lanes elements, lowest first, into a row of N elements: the inverse of pm_row_stream. The first beat of a
/// row is accepted in the clock after the row before it left, so that ready does not depend on the other side's.
module pm_row_collect #(
    /// Elements of the row, at least 1.
    parameter int unsigned N = 64,
    /// Elements of a beat, at least 1.
    parameter int unsigned Lanes = 16,
    /// Bits of an element, at least 1.
    parameter int unsigned W = 8
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    /// Beats, ceil(N/Lanes) a row.
    input  logic               valid_i,
    output logic               ready_o,
    /// Lowest elements first; what lies past the row's end is dropped.
    input  logic [Lanes*W-1:0] beat_i,
    /// Rows.
    output logic               valid_o,
    input  logic               ready_i,
    /// Element i at [i*W +: W].
    output logic [    N*W-1:0] row_o
);
  localparam int unsigned Beats = (N + Lanes - 1) / Lanes;
  localparam int unsigned BeatW = Beats > 1 ? $clog2(Beats) : 1;

  if (N < 1 || Lanes < 1 || W < 1) begin : g_range
    $error("pm_row_collect: N, Lanes and W must be at least 1");
  end

  logic [BeatW-1:0] beat_q;
  logic full_q, last;
  logic [Beats*Lanes*W-1:0] row_q;

  assign ready_o = !full_q;
  assign valid_o = full_q;
  assign row_o   = row_q[N*W-1:0];
  assign last    = beat_q == BeatW'(Beats - 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_q <= '0;
      full_q <= 1'b0;
    end else begin
      if (valid_i && ready_o) begin
        beat_q <= last ? '0 : beat_q + 1'b1;
        full_q <= last;
      end else if (ready_i) begin
        full_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && ready_o) row_q[beat_q*(Lanes*W)+:Lanes*W] <= beat_i;
  end

  if (Beats * Lanes > N) begin : g_pad
    logic unused_pad;
    assign unused_pad = ^row_q[Beats*Lanes*W-1:N*W];
  end

`ifdef PERIMETER_FORMAL
  `include "pm_row_collect_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Cuts a row of N elements into beats of Lanes elements, lowest first; the row is taken with its last beat. Positions past
/// the row's end are 0. Combinational but for the beat counter: the row's own register is upstream.
module pm_row_stream #(
    /// Elements of the row, at least 1.
    parameter int unsigned N = 64,
    /// Elements of a beat, at least 1.
    parameter int unsigned Lanes = 16,
    /// Bits of an element, at least 1.
    parameter int unsigned W = 8
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    /// Rows; taken with their last beat.
    input  logic               valid_i,
    output logic               ready_o,
    /// Element i at [i*W +: W].
    input  logic [    N*W-1:0] row_i,
    /// Beats, ceil(N/Lanes) a row.
    output logic               valid_o,
    input  logic               ready_i,
    /// Lowest elements first; 0 past the row's end.
    output logic [Lanes*W-1:0] beat_o,
    /// The row's last beat.
    output logic               last_o
);
  localparam int unsigned Beats = (N + Lanes - 1) / Lanes;
  localparam int unsigned BeatW = Beats > 1 ? $clog2(Beats) : 1;

  if (N < 1 || Lanes < 1 || W < 1) begin : g_range
    $error("pm_row_stream: N, Lanes and W must be at least 1");
  end

  logic [BeatW-1:0] beat_q;
  logic [Beats*Lanes*W-1:0] padded;

  assign padded  = (Beats * Lanes * W)'(row_i);
  assign beat_o  = padded[beat_q*(Lanes*W)+:Lanes*W];
  assign last_o  = beat_q == BeatW'(Beats - 1);
  assign valid_o = valid_i;
  assign ready_o = ready_i && last_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beat_q <= '0;
    else if (valid_i && ready_i) beat_q <= last_o ? '0 : beat_q + 1'b1;
  end

`ifdef PERIMETER_FORMAL
  `include "pm_row_stream_fv.svh"
`endif
endmodule

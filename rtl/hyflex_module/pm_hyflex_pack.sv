// SPDX-License-Identifier: Apache-2.0
/// Beats of a matrix's int8 outputs to the next one's input beats of Rows bytes; a vector's last one is filled up with zeros.
module pm_hyflex_pack #(
    /// Bytes a beat that comes, at least 1.
    parameter int unsigned Lanes = 4,
    /// Bytes a beat that goes, a multiple of Lanes, more than Lanes.
    parameter int unsigned Rows  = 64
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    /// Beats that come.
    input  logic               q_valid_i,
    output logic               q_ready_o,
    /// Bytes, in order.
    input  logic [Lanes*8-1:0] q_i,
    /// The vector's last.
    input  logic               q_last_i,
    /// Beats that go.
    output logic               x_valid_o,
    input  logic               x_ready_i,
    /// Bytes, in order.
    output logic [ Rows*8-1:0] x_o
);
  if (Lanes < 1 || Rows <= Lanes || Rows % Lanes != 0) begin : g_range
    $error("pm_hyflex_pack: Lanes must be at least 1, Rows a multiple of Lanes, more than Lanes");
  end

  localparam int unsigned Beats = Rows / Lanes;
  localparam int unsigned BeatW = $clog2(Beats);

  logic full_q;
  logic [BeatW-1:0] beat_q;
  logic [Rows*8-1:0] x_q;

  assign q_ready_o = !full_q;
  assign x_valid_o = full_q;
  assign x_o       = x_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      full_q <= 1'b0;
      beat_q <= '0;
    end else begin
      if (q_valid_i && q_ready_o) begin
        full_q <= q_last_i || beat_q == BeatW'(Beats - 1);
        beat_q <= q_last_i || beat_q == BeatW'(Beats - 1) ? '0 : beat_q + 1'b1;
      end else if (x_ready_i) full_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < Beats; b++) begin
      if (q_valid_i && q_ready_o) begin
        if (beat_q == BeatW'(b)) x_q[b*Lanes*8+:Lanes*8] <= q_i;
        else if (beat_q == '0) x_q[b*Lanes*8+:Lanes*8] <= '0;
      end
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_hyflex_pack_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Requantisation of sums for the next stage: q = sat8((y * m + half) >> s), half of the last bit that is shifted out. Three
/// registers deep, a beat a clock; they all wait where the last one does.
module pm_requant #(
    /// Numbers a beat, at least 1.
    parameter int unsigned Lanes = 4,
    /// Bits that travel with a beat, at least 1.
    parameter int unsigned TagW  = 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Multiplier, unsigned. It changes only while nothing is inside, as does s_i.
    input  logic [        15:0] m_i,
    /// Bits that are shifted out, 0..47.
    input  logic [         5:0] s_i,
    /// Beats. Ready follows ready_i within the clock.
    input  logic                valid_i,
    output logic                ready_o,
    /// Number l at [32l +: 32], signed.
    input  logic [Lanes*32-1:0] y_i,
    /// Travels with the beat.
    input  logic [    TagW-1:0] tag_i,
    /// Results.
    output logic                valid_o,
    input  logic                ready_i,
    /// The beat as it came.
    output logic [Lanes*32-1:0] y_o,
    /// Number l at [8l +: 8], signed.
    output logic [ Lanes*8-1:0] q_o,
    /// The tag.
    output logic [    TagW-1:0] tag_o
);
  if (Lanes < 1 || TagW < 1) begin : g_range
    $error("pm_requant: Lanes and TagW must be at least 1");
  end

  logic [2:0] valid_q;
  logic move;
  logic [Lanes*40-1:0] low_q, high_q;
  logic [Lanes*49-1:0] product_q;
  logic [Lanes*32-1:0] y1_q, y2_q;
  logic [Lanes*8-1:0] q;
  logic [TagW-1:0] tag1_q, tag2_q;

  assign move    = !valid_q[2] || ready_i;
  assign ready_o = move;
  assign valid_o = valid_q[2];

  // Half a bit up, shifted, and what eight bits cannot hold to their ends.
  always_comb begin
    logic signed [48:0] shifted;
    for (int unsigned l = 0; l < Lanes; l++) begin
      shifted   = $signed(product_q[l*49+:49]) + (s_i == '0 ? 49'd0 : 49'd1 << (s_i - 6'd1));
      shifted   = shifted >>> s_i;
      q[l*8+:8] = shifted > 49'sd127 ? 8'h7F : shifted < -49'sd128 ? 8'h80 : shifted[7:0];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (move) valid_q <= {valid_q[1:0], valid_i};
  end

  always_ff @(posedge clk_i) begin
    if (move) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        low_q[l*40+:40] <= 40'($signed(y_i[l*32+:32])) * 40'(m_i[7:0]);
        high_q[l*40+:40] <= 40'($signed(y_i[l*32+:32])) * 40'(m_i[15:8]);
        product_q[l*49+:49] <= 49'($signed(low_q[l*40+:40])) + (49'($signed(high_q[l*40+:40])) << 8);
      end
      q_o    <= q;
      y1_q   <= y_i;
      y2_q   <= y1_q;
      y_o    <= y2_q;
      tag1_q <= tag_i;
      tag2_q <= tag1_q;
      tag_o  <= tag2_q;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_requant_fv.svh"
`endif
endmodule

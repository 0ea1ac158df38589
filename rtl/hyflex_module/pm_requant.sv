// SPDX-License-Identifier: Apache-2.0
/// Requantisation of sums for the next stage: q = sat8((y * m + half) >> s), half of the last bit that is shifted out. Six
/// registers deep: products of sixteen bits by four, their sums in three steps, the shift, the rounding; a beat a clock; they
/// all wait where the last one does.
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

  logic [5:0] valid_q;
  logic move;
  // Of y's lower half, unsigned, and its upper half: four products each, then two sums, then one.
  logic [Lanes*160-1:0] part_q;
  logic [Lanes*96-1:0] pair_q;
  logic [Lanes*64-1:0] half_q;
  logic [Lanes*49-1:0] product_q;
  logic [Lanes*9-1:0] shifted, shifted_q;  // with the bit that was shifted out last
  logic [Lanes*32-1:0] y1_q, y2_q, y3_q, y4_q, y5_q;
  logic [Lanes*8-1:0] q;
  logic [TagW-1:0] tag1_q, tag2_q, tag3_q, tag4_q, tag5_q;

  assign move    = !valid_q[5] || ready_i;
  assign ready_o = move;
  assign valid_o = valid_q[5];

  // What nine bits cannot hold goes to their ends.
  always_comb begin
    logic signed [49:0] v;
    v = '0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      v = $signed({product_q[l*49+:49], 1'b0}) >>> s_i;
      shifted[l*9+:9] = v[49:8] == '0 || v[49:8] == '1 ? v[8:0] : {v[49], {8{!v[49]}}};
    end
  end
  // Half up, but for the largest.
  always_comb begin
    for (int unsigned l = 0; l < Lanes; l++)
    q[l*8+:8] = shifted_q[l*9+:9] == 9'h0FF ? 8'h7F : shifted_q[l*9+1+:8] + 8'(shifted_q[l*9]);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (move) valid_q <= {valid_q[4:0], valid_i};
  end

  always_ff @(posedge clk_i) begin
    if (move) begin
      for (int unsigned l = 0; l < Lanes; l++) begin
        for (int unsigned i = 0; i < 4; i++) begin
          part_q[l*160+i*20+:20]    <= {4'b0, y_i[l*32+:16]} * 20'(m_i[i*4+:4]);
          part_q[l*160+80+i*20+:20] <= 20'($signed(y_i[l*32+16+:16])) * 20'(m_i[i*4+:4]);
        end
        for (int unsigned i = 0; i < 2; i++) begin
          pair_q[l*96+i*24+:24]    <= {4'b0, part_q[l*160+i*40+:20]} + {part_q[l*160+i*40+20+:20], 4'b0};
          pair_q[l*96+48+i*24+:24] <= 24'($signed(part_q[l*160+80+i*40+:20])) + {part_q[l*160+100+i*40+:20], 4'b0};
        end
        half_q[l*64+:32]    <= {8'b0, pair_q[l*96+:24]} + {pair_q[l*96+24+:24], 8'b0};
        half_q[l*64+32+:32] <= 32'($signed(pair_q[l*96+48+:24])) + {pair_q[l*96+72+:24], 8'b0};
        product_q[l*49+:16] <= half_q[l*64+:16];
        product_q[l*49+16+:33] <= 33'($signed(half_q[l*64+32+:32])) + {17'b0, half_q[l*64+16+:16]};
      end
      shifted_q <= shifted;
      q_o       <= q;
      y1_q      <= y_i;
      y2_q      <= y1_q;
      y3_q      <= y2_q;
      y4_q      <= y3_q;
      y5_q      <= y4_q;
      y_o       <= y5_q;
      tag1_q    <= tag_i;
      tag2_q    <= tag1_q;
      tag3_q    <= tag2_q;
      tag4_q    <= tag3_q;
      tag5_q    <= tag4_q;
      tag_o     <= tag5_q;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_requant_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// One score's weight: e^(c (a - max)) in 1..Bits bits: distance, its product with the scale in three parts, their
/// sum, the shift, rounding; the exponential; the weight's shift, its rounding; and as binary16.
module pm_sfu_weight #(
    /// Bits of a score, signed, 17..32.
    parameter int unsigned AW = 32
) (
    input  logic          clk_i,
    /// The registers move on.
    input  logic          en_i,
    /// The largest weight is 2^bits - 1, 8..16. Configuration.
    input  logic [   4:0] bits_i,
    /// c log2(e) = m * 2^e: m. Configuration.
    input  logic [  15:0] m_i,
    /// -(e + 19), 0..63: 49 and more are as 49. Configuration.
    input  logic [   5:0] shift_i,
    /// The score takes part.
    input  logic          keep_i,
    /// Score, signed, at most the largest one where it takes part.
    input  logic [AW-1:0] a_i,
    /// The row's largest score, signed.
    input  logic [AW-1:0] max_i,
    /// Weight, 0 where it has none; 12 clocks of en_i after its score.
    output logic [  15:0] a_o,
    /// Weight in binary16; 13 clocks of en_i after its score.
    output logic [  15:0] p_o
);
  if (AW < 17 || AW > 32) begin : g_range
    $error("pm_sfu_weight: AW must be 17..32");
  end

  /// Bits of a third of the distance, and of its product.
  localparam int unsigned Part = (AW + 2) / 3;
  localparam int unsigned PartW = Part + 16;

  logic [AW-1:0] below_q;
  logic [3*Part-1:0] below;
  logic [3*PartW-1:0] part_q;
  logic [AW+15:0] product_q, shifted;
  logic [24:0] near_q;  // twice T, its top bit for all above
  logic [22:0] t_q;
  logic [ 4:0] keep_q;

  // A masked score may be above the maximum: whatever comes of it.
  assign below   = (3 * Part)'(below_q);
  assign shifted = product_q >> shift_i;
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      below_q <= max_i - a_i;
      for (int unsigned i = 0; i < 3; i++) part_q[i*PartW+:PartW] <= PartW'(below[i*Part+:Part]) * PartW'(m_i);
      product_q <= (AW + 16)'(part_q[0+:PartW]) + ((AW + 16)'(part_q[PartW+:PartW]) << Part) +
                   ((AW + 16)'(part_q[2*PartW+:PartW]) << 2 * Part);
      near_q <= {shifted[AW+15:24] != '0, shifted[23:0]};
      t_q <= near_q[24] || near_q[23:0] == '1 ? 23'h7FFFFF : near_q[23:1] + 23'(near_q[0]);
      keep_q <= {keep_q[3:0], keep_i};
    end
  end

  logic [18:0] m, placed, shifted_m_q;
  logic [4:0] q;
  logic [5:0] down;
  logic keep, keep2_q, unused_nv, unused_of;
  logic [18:0] rounded;

  pm_sfu_ex2 #(
      .SideW(6)
  ) u_ex2 (
      .clk_i,
      .en_i,
      .f_i   (t_q[17:0]),
      .side_i({keep_q[4], t_q[22:18]}),
      .m_o   (m),
      .side_o({keep, q})
  );

  // One place more than the weight's, to round by.
  assign down    = 6'd17 + 6'(q) - 6'(bits_i);
  assign placed  = m >> down;
  assign rounded = 19'(shifted_m_q[18:1]) + 19'(shifted_m_q[0]);
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      shifted_m_q <= placed;
      keep2_q     <= keep;
      a_o         <= !keep2_q ? '0 : rounded >= (19'd1 << bits_i) ? 16'((17'd1 << bits_i) - 17'd1) : rounded[15:0];
    end
  end

  pm_fp16_rn #(
      .AW (19),
      .KW (7),
      .Cut(1'b1)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(1'b0),
      .a_i  (keep ? m : '0),
      .k_i  (-7'd18 - 7'(q)),
      .inf_i(1'b0),
      .nan_i(1'b0),
      .y_o  (p_o),
      .nv_o (unused_nv),
      .of_o (unused_of)
  );

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_weight_fv.svh"
`endif
endmodule

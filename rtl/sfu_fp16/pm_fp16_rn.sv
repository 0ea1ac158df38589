// SPDX-License-Identifier: Apache-2.0
/// The one rounder: a * 2^k as binary16, to nearest even, subnormals and both zeros; an infinity from half beyond the largest
/// number on. Leading one and shift; the shift, with what is lost; rounding: three clocks of en_i, or combinational.
module pm_fp16_rn #(
    /// Bits of a, 11..64.
    parameter int unsigned AW  = 22,
    /// Bits of k, signed, 6..16.
    parameter int unsigned KW  = 7,
    /// 1: three registers; 0: combinational.
    parameter bit          Cut = 1'b1
) (
    input  logic          clk_i,
    /// The registers move on.
    input  logic          en_i,
    /// The result's sign, also a zero's.
    input  logic          neg_i,
    /// Unsigned.
    input  logic [AW-1:0] a_i,
    /// Signed.
    input  logic [KW-1:0] k_i,
    /// The result is an infinity, whatever a.
    input  logic          inf_i,
    /// The result is NaN.
    input  logic          nan_i,
    /// binary16.
    output logic [  15:0] y_o,
    /// It is NaN.
    output logic          nv_o,
    /// It is infinite and inf_i was not.
    output logic          of_o
);
  if (AW < 11 || AW > 64 || KW < 6 || KW > 16) begin : g_range
    $error("pm_fp16_rn: AW must be 11..64, KW 6..16");
  end

  localparam int unsigned PosW = $clog2(AW);
  /// All of a and the bit to round by are gone.
  localparam int unsigned Most = AW + 12;
  localparam int unsigned ShiftW = $clog2(Most + 1);
  localparam int unsigned EW = (KW > PosW + 1 ? KW : PosW + 1) + 3;

  // Where the last place stands: the result's exponent and the shift.
  logic [PosW-1:0] pos;
  logic none, below;
  logic [EW-1:0] bits, e, under;
  logic [ShiftW-1:0] shift, shift_q;
  logic [4:0] base, base_q;
  logic over, over_q, neg_q, inf_q, nan_q;
  logic [ AW-1:0] a_q;
  // Shifted.
  logic [AW+11:0] placed;
  logic lost, lost_q, inf2_q, nan2_q, over2_q, neg2_q;
  logic [4:0] base2_q;
  logic [11:0] short_q;
  // Rounded.
  logic [14:0] rounded;
  logic of;
  logic [15:0] y;

  pm_lead_one #(
      .W(AW)
  ) u_lead (
      .x_i   (a_i),
      .pos_o (pos),
      .none_o(none)
  );

  always_comb begin
    bits  = EW'(pos) + EW'(!none);
    e     = bits + EW'(signed'(k_i)) + EW'(13);
    under = -(EW'(signed'(k_i)) + EW'(13));
    below = e[EW-1];
    shift = !below ? ShiftW'(bits) : under > EW'(Most) ? ShiftW'(Most) : ShiftW'(under);
    base  = below || none ? '0 : e[4:0];
    over  = !below && !none && e >= EW'(30);
  end

  pm_fp16_stage #(
      .W  (AW + ShiftW + 9),
      .Cut(Cut)
  ) u_count (
      .clk_i,
      .en_i,
      .d_i({a_i, shift, base, over, neg_i, inf_i, nan_i}),
      .q_o({a_q, shift_q, base_q, over_q, neg_q, inf_q, nan_q})
  );

  // Large shifts first, after each of which only as many places are left as the smaller ones need.
  always_comb begin
    placed = {a_q, 12'd0};
    lost   = 1'b0;
    for (int unsigned n = 0; n < ShiftW; n++) begin
      if (shift_q[ShiftW-1-n]) begin
        lost   = lost || (placed & ~({(AW + 12) {1'b1}} << 2 ** (ShiftW - 1 - n))) != '0;
        placed = placed >> 2 ** (ShiftW - 1 - n);
      end
      placed = placed & ~({(AW + 12) {1'b1}} << (11 + 2 ** (ShiftW - 1 - n)));
    end
  end

  pm_fp16_stage #(
      .W  (22),
      .Cut(Cut)
  ) u_shift (
      .clk_i,
      .en_i,
      .d_i({placed[11:0], lost, base_q, over_q, neg_q, inf_q, nan_q}),
      .q_o({short_q, lost_q, base2_q, over2_q, neg2_q, inf2_q, nan2_q})
  );

  always_comb begin
    rounded = {base2_q, 10'd0} + {4'd0, short_q[11:1]} + 15'(short_q[0] && (lost_q || short_q[1]));
    of      = !nan2_q && !inf2_q && (over2_q || rounded == 15'h7C00);
    y       = nan2_q ? 16'h7E00 : {neg2_q, inf2_q || over2_q ? 15'h7C00 : rounded};
  end

  pm_fp16_stage #(
      .W  (18),
      .Cut(Cut)
  ) u_round (
      .clk_i,
      .en_i,
      .d_i({y, nan2_q, of}),
      .q_o({y_o, nv_o, of_o})
  );
endmodule

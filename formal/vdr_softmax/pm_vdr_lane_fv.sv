// SPDX-License-Identifier: Apache-2.0
// One lane and its row constants, three stages and the offset's, against the pseudo-code of docs/numerics.md, "VDR-Softmax" with a division and a
// product, for every logit, maximum, exponent, keep and rounding, and a fixed table. A second logit of the same row
// shows that the numerators are monotone.
module pm_vdr_lane_fv #(
    /// 0..2: S0 = 1/2, 0.6, just below 1.
    parameter int unsigned Table = 0,
    /// Proves monotony instead of equality: half of the time each.
    parameter bit Monotone = 1'b0,
    /// As pm_vdr_tile has them: any offset.
    parameter bit Tiled = 1'b0
) (
    input logic clk_i
);
  `include "pm_vdr_tables.svh"
  localparam logic [767:0] Lut = Table == 0 ? Table0 : Table == 1 ? Table1 : Table2;

  (* anyconst *) logic [7:0] below, below_other;
  (* anyconst *) logic [7:0] max;
  (* anyconst *) logic signed [6:0] ne;
  (* anyconst *) logic keep, round;
  (* anyconst *) logic [10:0] offset;
  logic [4:0] shift;
  logic [11:0] l, l2;
  logic [13:0] l3;
  logic [55:0] b;
  logic [27:0] k;
  logic [1:0] bc;
  logic [7:0] a, a_other;

  assign shift = ne < -4 ? 5'd0 : ne > 15 ? 5'd19 : 5'(ne + 7'sd4);

  pm_vdr_row u_row (
      .clk_i,
      .en_i(1'b1),
      .lut_i(Lut),
      .shift_i(shift),
      .l_o(l),
      .l2_o(l2),
      .l3_o(l3),
      .b_o(b),
      .k_o(k),
      .bc_o(bc)
  );
  pm_vdr_exp #(.Tiled(Tiled)) u_exp (
      .clk_i,
      .en_i(1'b1),
      .round_i(round),
      .x_i(max - below),
      .keep_i(keep),
      .max_i(max),
      .shift_i(shift),
      .offset_i(offset),
      .l_i(l),
      .l2_i(l2),
      .l3_i(l3),
      .b_i(b),
      .k_i(k),
      .bc_i(bc),
      .a_o(a)
  );
  pm_vdr_exp #(.Tiled(Tiled)) u_other (
      .clk_i,
      .en_i(1'b1),
      .round_i(round),
      .x_i(max - below_other),
      .keep_i(1'b1),
      .max_i(max),
      .shift_i(shift),
      .offset_i(offset),
      .l_i(l),
      .l2_i(l2),
      .l3_i(l3),
      .b_i(b),
      .k_i(k),
      .bc_i(bc),
      .a_o(a_other)
  );

  // The plain form, unsigned: every product and difference below is positive.
  logic [2:0] entry;
  logic [31:0] lp, bp, cp, d, left, quotient, rem, value, t, rounded;
  logic [4:0] bl;
  logic [7:0] want;
  always_comb begin
    if (!Tiled) assume (offset == 0);
    entry = ne < 0 ? 3'd0 : ne > 7 ? 3'd7 : ne[2:0];
    lp    = Lut[entry*96+:32];
    bp    = Lut[entry*96+32+:32];
    cp    = Lut[entry*96+64+:32];
    left  = {24'd0, below} << (ne < -8 ? 12 : 4 - ne);
    if (ne > 7) d = ({24'd0, below} >> (ne > 15 ? 8 : ne - 7)) << 4;
    else if (ne >= 0) d = {20'd0, below, 4'd0};
    else d = left > 4095 ? 4095 : left;
    // A tile's, at the scale of ne = 7.
    if (Tiled) begin
      lp = lp << (7 - entry);
      bp = bp << (7 - entry);
      cp = cp << (14 - 2 * entry);
      d  = ne > 7 ? d >> 4 : ne >= 0 ? {24'd0, below} << (7 - ne) : {24'd0, below} << 7 << (ne < -8 ? 8 : -ne);
      d  = 16 * (d + offset > 2047 ? 2047 : d + offset);
    end
    quotient = 0;
    for (int i = 1; i <= 15; i++) if (d >= i * lp) quotient = i;
    rem = d - quotient * lp;
    bl  = 0;
    for (int i = 0; i < 26; i++) if (cp[i]) bl = 5'(i + 1);
    t       = bl - 8 + quotient;
    value   = cp - rem * (bp - rem);
    rounded = (value + (round ? 32'd1 << (t - 1) : 0)) >> t;
    want    = !keep || rem >= lp ? 8'd0 : rounded > 255 ? 8'd255 : rounded[7:0];
  end

  localparam logic [2:0] Stages = Tiled ? 3'd4 : 3'd3;
  logic [2:0] age_q = '0;
  always_ff @(posedge clk_i) if (age_q != Stages) age_q <= age_q + 1'b1;

  always_ff @(posedge clk_i) begin
    if (age_q == Stages) begin
      if (Monotone) begin
        monotone : assert (!keep || below > below_other || a >= a_other);
      end else begin
        equals_plain : assert (a == want);
        masked_is_zero : assert (keep || a == 0);
        max_is_large : assert (!keep || below != 0 || offset != 0 || a >= 128);
      end
`ifdef CANARY
      canary : assert (!(below != 0 && a > 150));
`endif
      last_quotient : cover (a == 1 && ne == 0 && round && offset == (Tiled ? 5 : 0));
      far : cover (ne > 7 && below == 8'd255 && a > 1);
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Bit planes of a vector, one a clock, those without ones left out (FLARE section 4.4 and Fig. 10c).
///
/// The planes that hold ones are found while the vector is loaded, so that none costs a clock, and the next vector is
/// loaded while the last plane leaves. A vector without ones gives one empty plane: its done beat.
module pm_planes #(
    /// D, elements of a vector, at least 1.
    parameter  int unsigned Rows   = 64,
    /// B, bits of an element: 2..16.
    parameter  int unsigned Bits   = 8,
    localparam int unsigned PlaneW = $clog2(Bits)
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    /// Vectors.
    input  logic                 x_valid_i,
    output logic                 x_ready_o,
    /// Element r at [r*Bits +: Bits].
    input  logic [Rows*Bits-1:0] x_i,
    /// Elements are signed. Configuration, stable while a vector is inside.
    input  logic                 signed_i,
    /// Planes of max(x,0), then of max(-x,0), instead of two's complement (signed only). Configuration.
    input  logic                 sign_coding_i,
    /// One plane of weight -2^(E+1) in place of the equal planes E+1..B-1 (two's complement only). Configuration.
    input  logic                 eplanes_i,
    /// Planes, LSB first, positive ones first; from flops.
    output logic                 plane_valid_o,
    input  logic                 plane_ready_i,
    /// Bit r: row r's bit of the plane.
    output logic [     Rows-1:0] v_o,
    /// The plane weighs 2^plane.
    output logic [   PlaneW-1:0] plane_o,
    /// Its weight is negative.
    output logic                 neg_o,
    /// Last plane of its vector.
    output logic                 last_o
);
  if (Rows < 1 || Bits < 2 || Bits > 16) begin : g_range
    $error("pm_planes: Rows must be at least 1, Bits 2..16");
  end

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  // The ones below each bit, ORed: a prefix tree. x ^ below(x) is -x.
  function [2*Bits-1:0] below(input [2*Bits-1:0] x);
    below = x << 1;
    for (int unsigned s = 1; s < 2 * Bits; s = s * 2) below = below | (below << s);
  endfunction
  /* verilator lint_on VARHIDDEN */

  logic twos;
  assign twos = signed_i && !sign_coding_i;

  // Magnitudes (two's complement: the elements themselves), and which planes hold ones: among rows >= 0, among rows
  // < 0, and whether a bit differs from its row's sign in rows < 0.
  logic [Rows*Bits-1:0] mag_d, mag_q;
  logic [Rows-1:0] sgn_d, sgn_q;
  logic [Bits-1:0] pos, neg, differ;
  always_comb begin
    pos = '0;
    neg = '0;
    differ = '0;
    for (int unsigned r = 0; r < Rows; r++) begin
      sgn_d[r] = signed_i && x_i[r*Bits+Bits-1];
      mag_d[r*Bits+:Bits] = x_i[r*Bits+:Bits] ^
          ({Bits{sgn_d[r] && sign_coding_i}} & Bits'(below({{Bits{1'b0}}, x_i[r*Bits+:Bits]})));
      pos = pos | (mag_d[r*Bits+:Bits] & {Bits{!sgn_d[r]}});
      neg = neg | (mag_d[r*Bits+:Bits] & {Bits{sgn_d[r]}});
      differ = differ | (~x_i[r*Bits+:Bits] & {Bits{sgn_d[r]}});
    end
  end

  // lower: the planes below the sign plane E+1, or below B-1. Flags of negative planes are in the upper half.
  logic [Bits-1:0] lower;
  logic [2*Bits-1:0] todo_d, todo_q, sel;
  always_comb begin
    lower = {Bits{1'b1}} >> 1;
    if (eplanes_i) for (int unsigned b = 0; b < Bits; b++) lower[b] = ((pos | differ) >> b) != 0;
    todo_d = {neg, pos};
    if (twos) todo_d = {(pos | neg) & ~lower & {lower[Bits-2:0], 1'b1}, (pos | neg) & lower};
  end

  logic busy_q, valid_q, en, load, last;
  assign sel = todo_q & ~below(todo_q);
  assign last = todo_q == sel;
  assign en = !valid_q || plane_ready_i;
  assign x_ready_o = !busy_q || (en && last);
  assign load = x_valid_i && x_ready_o;

  logic [Bits-1:0] bit_sel;
  logic is_neg, keep_pos, keep_neg;
  logic [PlaneW-1:0] plane;
  logic [  Rows-1:0] v;
  assign bit_sel  = sel[2*Bits-1:Bits] | sel[Bits-1:0];
  assign is_neg   = sel[2*Bits-1:Bits] != 0;
  assign keep_pos = twos || !is_neg;
  assign keep_neg = twos || is_neg;
  always_comb begin
    plane = '0;
    for (int unsigned b = 0; b < Bits; b++) plane = plane | (PlaneW'(b) & {PlaneW{bit_sel[b]}});
  end
  always_comb
    for (int unsigned r = 0; r < Rows; r++) v[r] = (mag_q[r*Bits+:Bits] & bit_sel) != 0 && (sgn_q[r] ? keep_neg : keep_pos);

  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      if (x_ready_o) busy_q <= x_valid_i;
      if (en) valid_q <= busy_q;
    end

  always_ff @(posedge clk_i) begin
    if (load) begin
      mag_q  <= mag_d;
      sgn_q  <= sgn_d;
      todo_q <= todo_d;
    end else if (en) todo_q <= todo_q & ~sel;
    if (en) begin
      v_o     <= v;
      plane_o <= plane;
      neg_o   <= is_neg;
      last_o  <= last;
    end
  end
  assign plane_valid_o = valid_q;

`ifdef PERIMETER_FORMAL
  `include "pm_planes_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// 2^-T, T = a b / 2^(shift + 1) in 2^-18, to the nearest, at most 2^23 - 1: ten clocks of en_i. Four are the product, in eight
/// bits of a each, their sum, the shift, rounding; six the mantissa's.
module pm_sfu_power #(
    /// Bits of a, 21..32.
    parameter int unsigned AW = 32
) (
    input  logic          clk_i,
    /// The registers move on.
    input  logic          en_i,
    /// A factor, unsigned.
    input  logic [AW-1:0] a_i,
    /// The other one, unsigned; 16 bits where a has more than 24.
    input  logic [  19:0] b_i,
    /// Two clocks after the factors.
    input  logic [   5:0] shift_i,
    /// Three clocks after the factors: a half goes down, not up.
    input  logic          down_i,
    /// With down_i: -T.
    input  logic          minus_i,
    /// The mantissa, in 2^-18: 2^17..2^18.
    output logic [  18:0] m_o,
    /// 2^-T = m * 2^(-18 - q): q, signed.
    output logic [   5:0] q_o
);
  if (AW < 21 || AW > 32) begin : g_range
    $error("pm_sfu_power: AW must be 21..32");
  end

  localparam int unsigned Parts = (AW + 7) / 8;
  localparam int unsigned W = Parts * 8 + 20;

  logic [Parts*8-1:0] a;
  logic [Parts*28-1:0] part_q, part;
  logic [W-1:0] sum, product_q, shifted;
  logic [24:0] near_q;  // twice T, its top bit for all above
  logic [22:0] whole;
  logic [23:0] t_q;
  logic lost_q, most, up;

  assign a = (Parts * 8)'(a_i);
  always_comb begin
    part = '0;
    sum  = '0;
    for (int unsigned i = 0; i < Parts; i++) begin
      part[i*28+:28] = {20'd0, a[i*8+:8]} * {8'd0, i < 3 ? b_i[19:16] : 4'd0, b_i[15:0]};
      sum            = sum + (W'(part_q[i*28+:28]) << 8 * i);
    end
  end
  assign shifted = product_q >> shift_i;
  assign most    = near_q[24] || near_q[23:0] == '1;
  assign whole   = most ? '1 : near_q[23:1];
  assign up      = !most && near_q[0] && (lost_q || !down_i);

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      part_q    <= part;
      product_q <= sum;
      near_q    <= {shifted[W-1:24] != '0, shifted[23:0]};
      lost_q    <= (product_q & ~({W{1'b1}} << shift_i)) != '0;
      t_q       <= ({1'b0, whole} ^ {24{minus_i}}) + 24'(minus_i != up);
    end
  end

  pm_sfu_ex2 #(
      .SideW(6)
  ) u_ex2 (
      .clk_i,
      .en_i,
      .f_i   (t_q[17:0]),
      .side_i(t_q[23:18]),
      .m_o,
      .side_o(q_o)
  );

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_power_fv.svh"
`endif
endmodule

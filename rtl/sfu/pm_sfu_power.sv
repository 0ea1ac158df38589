// SPDX-License-Identifier: Apache-2.0
/// 2^-T, T = a b / 2^(shift + 1) in 2^-18, to the nearest, at most 2^23 - 1: ten clocks of en_i. Four are the product as two
/// numbers, their sum, the shift, rounding; six the mantissa's.
module pm_sfu_power #(
    /// Bits of a, 21..32.
    parameter int unsigned AW = 32
) (
    input  logic          clk_i,
    /// The registers move on.
    input  logic          en_i,
    /// A factor, unsigned.
    input  logic [AW-1:0] a_i,
    /// The other one, unsigned; 16 bits where a has more than 21.
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

  localparam int unsigned W = AW + 16 > 41 ? AW + 16 : 41;

  logic [20*W-1:0] row;
  logic [W-1:0] sum, carry, sum_q, carry_q, product, product_q, shifted;
  logic [24:0] near_q;  // twice T, its top bit for all above
  logic [23:0] whole;
  logic [23:0] t_q;
  logic lost_q, up, most;

  always_comb begin
    for (int unsigned i = 0; i < 20; i++) row[i*W+:W] = b_i[i] ? (i < 16 ? W'(a_i) : W'(a_i[20:0])) << i : '0;
  end
  pm_carry_save_tree #(
      .N(20),
      .W(W)
  ) u_rows (
      .x_i    (row),
      .sum_o  (sum),
      .carry_o(carry)
  );
  pm_add_halves #(
      .W(W)
  ) u_product (
      .a_i(sum_q),
      .b_i(carry_q),
      .c_i(1'b0),
      .s_o(product)
  );
  assign shifted = product_q >> shift_i;
  // T or -T, but for what is too much.
  assign up      = near_q[0] && (lost_q || !down_i);
  assign whole   = ({1'b0, near_q[23:1]} ^ {24{minus_i}}) + 24'(minus_i != up);
  assign most    = near_q[24] || (near_q[23:1] == '1 && up);

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      sum_q     <= sum;
      carry_q   <= carry;
      product_q <= product;
      near_q    <= {shifted[W-1:24] != '0, shifted[23:0]};
      lost_q    <= (product_q & ~({W{1'b1}} << shift_i)) != '0;
      t_q       <= most ? {minus_i, {22{!minus_i}}, 1'b1} : whole;
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

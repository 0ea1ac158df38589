// SPDX-License-Identifier: Apache-2.0
/// The product of a code of binary16 and a factor: two clocks of en_i, two numbers and their sum.
module pm_sfu_times (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// Significand.
    input  logic [10:0] sig_i,
    /// Factor, unsigned.
    input  logic [18:0] factor_i,
    /// What goes beside.
    input  logic [12:0] side_i,
    /// Their product.
    output logic [29:0] p_o,
    /// What went beside.
    output logic [12:0] side_o
);
  logic [11*30-1:0] row;
  logic [29:0] sum, carry, sum_q, carry_q, product;
  logic [12:0] side_q;

  always_comb for (int unsigned i = 0; i < 11; i++) row[i*30+:30] = sig_i[i] ? 30'(factor_i) << i : '0;
  pm_carry_save_tree #(
      .N(11),
      .W(30)
  ) u_rows (
      .x_i    (row),
      .sum_o  (sum),
      .carry_o(carry)
  );
  pm_add_halves #(
      .W(30)
  ) u_product (
      .a_i(sum_q),
      .b_i(carry_q),
      .c_i(1'b0),
      .s_o(product)
  );
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      sum_q   <= sum;
      carry_q <= carry;
      side_q  <= side_i;
      p_o     <= product;
      side_o  <= side_q;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// The exponent of an activation, z(x) log2(e) = xs g / 2^33, of one code of binary16: the size xs of x in 2^-15, and a
/// polynomial g in w = x^2, whose coefficients are a kind's. Six clocks of en_i.
module pm_sfu_act (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// 0 gelu, 1 gelu by tanh, 2 silu. Configuration.
    input  logic [ 1:0] kind_i,
    /// Code; its sign does not matter.
    input  logic [15:0] x_i,
    /// The same code, five clocks later.
    input  logic [15:0] late_i,
    /// xs.
    output logic [19:0] xs_o,
    /// g.
    output logic [20:0] g_o
);
  logic [19:0] xs_q;
  logic [35:0] square, sum, carry, sum_q, carry_q, product;
  logic [20:0] square_q, w_q, w2_q;
  logic large_q;
  logic [29:0] w, inner, inner_sum, inner_carry;  // inner's complement
  logic [14:0] c3, inner_q;
  logic [20:0] c1;
  logic [16*36-1:0] row;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic [19:0] size(input logic [14:0] x);
    logic [ 4:0] e;
    logic [20:0] placed;
    e = x[14:10] | {4'd0, x[14:10] == '0};
    placed = {x[14:10] != '0, x[9:0], 10'd0} >> (e >= 5'd20 ? 5'd0 : 5'd19 - e);
    size = e >= 5'd20 ? '1 : placed[20:1] + 20'(placed[0]);
  endfunction
  /* verilator lint_on VARHIDDEN */

  pm_vdr_square #(
      .W(18)
  ) u_square (
      .u_i     (xs_q[17:0]),
      .square_o(square)
  );
  assign c3    = kind_i == 2'd0 ? 15'd27991 : kind_i == 2'd1 ? 15'd26986 : 15'd0;
  // The third coefficient less 266 w: the complement of 266 w, in its three ones, and the coefficient's complement.
  assign w     = kind_i == 2'd0 ? 30'(w_q) : '0;
  pm_carry_save_tree #(
      .N(4),
      .W(30)
  ) u_fifth (
      .x_i    ({w << 1, w << 3, w << 8, ~{c3, 15'd0}}),
      .sum_o  (inner_sum),
      .carry_o(inner_carry)
  );
  pm_add_halves #(
      .W(30)
  ) u_inner (
      .a_i(inner_sum),
      .b_i(inner_carry),
      .c_i(1'b0),
      .s_o(inner)
  );
  assign c1    = kind_i == 2'd0 ? 21'd603225 : kind_i == 2'd1 ? 21'd603510 : 21'd378194;
  always_comb begin
    for (int unsigned i = 0; i < 15; i++) row[i*36+:36] = inner_q[i] ? 36'(w2_q) << i : '0;
    row[15*36+:36] = {c1, 15'd0};
  end
  pm_carry_save_tree #(
      .N(16),
      .W(36)
  ) u_rows (
      .x_i    (row),
      .sum_o  (sum),
      .carry_o(carry)
  );
  pm_add_halves #(
      .W(36)
  ) u_product (
      .a_i(sum_q),
      .b_i(carry_q),
      .c_i(1'b0),
      .s_o(product)
  );

  // w is 48 at most.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      xs_q     <= size(x_i[14:0]);
      square_q <= square[35:15];
      large_q  <= xs_q[19:18] != '0;
      w_q      <= large_q || square_q[20:19] == '1 ? 21'd1572864 : square_q;
      inner_q  <= ~inner[29:15];
      w2_q     <= w_q;
      sum_q    <= sum;
      carry_q  <= carry;
      g_o      <= product[35:15];
      xs_o     <= size(late_i[14:0]);
    end
  end

  logic unused_ok;
  assign unused_ok = ^{x_i[15], late_i[15], inner[14:0], product[14:0], square[14:0]};
endmodule

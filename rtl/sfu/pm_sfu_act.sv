// SPDX-License-Identifier: Apache-2.0
/// x / (1 + e^-z(x)) of one code of binary16: 25 clocks of en_i. z is x times a polynomial in w = x^2, whose coefficients are a
/// kind's; the quotient is exact, two of its bits a clock.
module pm_sfu_act (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// 0 gelu, 1 gelu by tanh, 2 silu. Configuration.
    input  logic [ 1:0] kind_i,
    /// Code.
    input  logic [15:0] x_i,
    /// Code.
    output logic [15:0] y_o
);
  /// Clocks before the exponential.
  localparam int unsigned Front = 8;

  // z log2(e).
  logic neg, zero, infinite, nan;
  logic [10:0] sig;
  logic [ 4:0] e;
  logic [20:0] placed;
  logic [19:0] xs_q;
  logic [35:0] square, square_q;
  logic [14:0] low_square;
  logic [20:0] w_q, w2_q;
  logic [29:0] fifth;  // 266 w
  logic [14:0] inner_q;
  logic [28:0] low_q;
  logic [27:0] high_q;
  logic [35:0] product;
  logic [20:0] g_q;
  logic [30:0] zlow_q;
  logic [29:0] zhigh_q;
  logic [41:0] z;
  logic [22:0] t_q;
  // What goes beside the registers in front: xs, and the code.
  logic [5*20-1:0] xs_line_q;
  logic [Front*16-1:0] x_line_q;

  pm_fp16_parse u_parse (
      .x_i   (x_line_q[(Front-1)*16+:16]),
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );
  logic [10:0] first_sig;
  logic [ 4:0] first_e;
  logic first_neg, first_zero, first_infinite, first_nan;
  pm_fp16_parse u_first (
      .x_i,
      .neg_o (first_neg),
      .sig_o (first_sig),
      .e_o   (first_e),
      .zero_o(first_zero),
      .inf_o (first_infinite),
      .nan_o (first_nan)
  );
  pm_vdr_square #(
      .W(18)
  ) u_square (
      .u_i     (xs_q[17:0]),
      .square_o(square)
  );

  assign placed  = {first_sig, 10'd0} >> (first_e >= 5'd20 ? 5'd0 : 5'd19 - first_e);
  assign fifth   = kind_i == 2'd0 ? 30'(w_q) * 30'd266 + 30'd32767 : '0;
  assign product = {7'd0, low_q} + {high_q, 8'd0};
  assign z       = {11'd0, zlow_q} + {1'b0, zhigh_q, 11'd0} + 42'd16384;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      x_line_q  <= {x_line_q[(Front-1)*16-1:0], x_i};
      xs_line_q <= {xs_line_q[4*20-1:0], xs_q};
      xs_q      <= first_e >= 5'd20 ? '1 : placed[20:1] + 20'(placed[0]);
      square_q  <= xs_q[19:18] != '0 ? '1 : square;
      w_q       <= square_q[35:15] > 21'd1572864 ? 21'd1572864 : square_q[35:15];
      inner_q   <= (kind_i == 2'd0 ? 15'd27991 : kind_i == 2'd1 ? 15'd26986 : 15'd0) - fifth[29:15];
      w2_q      <= w_q;
      low_q     <= 29'(w2_q) * 29'(inner_q[7:0]);
      high_q    <= 28'(w2_q) * 28'(inner_q[14:8]);
      g_q       <= product[35:15] + (kind_i == 2'd0 ? 21'd603225 : kind_i == 2'd1 ? 21'd603510 : 21'd378194);
      zlow_q    <= 31'(xs_line_q[4*20+:20]) * 31'(g_q[10:0]);
      zhigh_q   <= 30'(xs_line_q[4*20+:20]) * 30'(g_q[20:11]);
      t_q       <= z[41:38] != '0 ? 23'h7FFFFF : z[37:15];
    end
  end

  // 1 + e^-z and x e^-z, or x.
  logic [10:0] norm, norm2;
  logic [5:0] norm_e, norm_e2;
  logic [ 4:0] q;
  logic [18:0] m;
  logic neg2, infinite2, nan2;
  pm_fp16_normal u_normal (
      .sig_i(sig),
      .e_i  (e),
      .sig_o(norm),
      .e_o  (norm_e)
  );
  pm_sfu_ex2 #(
      .SideW(25)
  ) u_ex2 (
      .clk_i,
      .en_i,
      .f_i   (t_q[17:0]),
      .side_i({t_q[22:18], norm, norm_e, neg, infinite, nan}),
      .m_o   (m),
      .side_o({q, norm2, norm_e2, neg2, infinite2, nan2})
  );

  pm_sfu_gate u_gate (
      .clk_i,
      .en_i,
      .sig_i(norm2),
      .e_i  (norm_e2),
      .neg_i(neg2),
      .inf_i(infinite2),
      .nan_i(nan2),
      .m_i  (m),
      .q_i  (q),
      .y_o
  );

  logic unused_ok;
  assign low_square = square_q[14:0];
  assign unused_ok  = ^{zero, first_neg, first_zero, first_infinite, first_nan, fifth[14:0], product[14:0], z[14:0], low_square};
endmodule

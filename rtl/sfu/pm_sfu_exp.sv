// SPDX-License-Identifier: Apache-2.0
/// e^x of one code of binary16: eleven clocks of en_i. From 32 on, and from -32 down, the exponent is as at 32: the result is an
/// infinity or 0 there.
module pm_sfu_exp (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// Code.
    input  logic [15:0] x_i,
    /// Code.
    output logic [15:0] y_o
);
  logic neg, zero, infinite, nan, neg_q, nan_q, nan2_q, nan3_q, unused_nv, unused_of;
  logic [10:0] sig;
  logic [4:0] e, e_q;
  logic [31:0] product_q;  // sig log2(e), in 2^(e - 25 - 20)
  logic [50:0] placed;
  logic [25:0] r, r_q;
  logic neg2_q;
  logic [25:0] t_q;
  logic [18:0] m;
  logic [7:0] q;

  pm_fp16_parse u_parse (
      .x_i,
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );

  // |T| to the nearest, a half towards the smaller T.
  assign placed = {19'd0, product_q} << (e_q - 5'd1);
  assign r      = 26'((placed + 51'd33554432 - 51'(neg_q)) >> 26);

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      product_q <= 32'(sig) * 32'd1512775;
      e_q       <= e > 5'd20 ? 5'd20 : e;
      neg_q     <= neg;
      nan_q     <= nan;
      r_q       <= r;
      neg2_q    <= neg_q;
      nan2_q    <= nan_q;
      t_q       <= neg2_q ? r_q : -r_q;
      nan3_q    <= nan2_q;
    end
  end

  logic nan4;
  pm_sfu_ex2 #(
      .SideW(9)
  ) u_ex2 (
      .clk_i,
      .en_i,
      .f_i   (t_q[17:0]),
      .side_i({t_q[25:18], nan3_q}),
      .m_o   (m),
      .side_o({q, nan4})
  );

  pm_fp16_rn #(
      .AW (19),
      .KW (9),
      .Cut(1'b1)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(1'b0),
      .a_i  (m),
      .k_i  (-(9'(signed'(q))) - 9'd18),
      .inf_i(1'b0),
      .nan_i(nan4),
      .y_o,
      .nv_o (unused_nv),
      .of_o (unused_of)
  );

  logic unused_ok;
  assign unused_ok = ^{zero, infinite};
endmodule

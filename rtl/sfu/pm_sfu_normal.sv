// SPDX-License-Identifier: Apache-2.0
/// One code less its row's mean, times c * 2^k, each rounded to binary16: ten clocks of en_i. The place of a code, the
/// difference, its magnitude, rounding; the product, rounding.
module pm_sfu_normal (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// 1: without the mean; a zero keeps its sign. Configuration.
    input  logic        rms_i,
    /// Code.
    input  logic [15:0] x_i,
    /// The row's mean in 2^-24, signed.
    input  logic [41:0] mean_i,
    /// c.
    input  logic [15:0] c_i,
    /// k, signed.
    input  logic [ 9:0] k_i,
    /// The row has no numbers: the result is NaN.
    input  logic        none_i,
    /// Code.
    output logic [15:0] y_o
);
  logic neg, zero, infinite, nan, neg_q, none_q, none2_q, none3_q, sign_q, unused_nv, unused_of, unused_nv2, unused_of2;
  logic [10:0] sig;
  logic [4:0] e, up;
  logic [39:0] fixed_q;
  logic signed [42:0] difference, difference_q;
  logic [41:0] mean_q, magnitude_q;
  logic minus_q;
  logic [15:0] centred;

  pm_fp16_parse u_parse (
      .x_i,
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );
  assign up         = e - 5'd1;
  assign difference = (neg_q ? -(signed'({3'd0, fixed_q})) : signed'({3'd0, fixed_q})) - 43'(signed'(mean_q));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      fixed_q      <= 40'(sig) << up;
      neg_q        <= neg;
      mean_q       <= rms_i ? '0 : mean_i;
      none_q       <= none_i;
      difference_q <= difference;
      sign_q       <= neg_q;
      none2_q      <= none_q;
      magnitude_q  <= 42'(difference_q[42] ? -difference_q : difference_q);
      minus_q      <= rms_i ? sign_q : difference_q[42];
      none3_q      <= none2_q;
    end
  end

  pm_fp16_rn #(
      .AW (42),
      .KW (6),
      .Cut(1'b1)
  ) u_centred (
      .clk_i,
      .en_i,
      .neg_i(minus_q),
      .a_i  (magnitude_q),
      .k_i  (-6'd24),
      .inf_i(1'b0),
      .nan_i(none3_q),
      .y_o  (centred),
      .nv_o (unused_nv),
      .of_o (unused_of)
  );

  // The row's constants, as long as the codes take to here.
  localparam int unsigned Wait = 6;
  logic [Wait*26-1:0] line_q;
  logic [15:0] c;
  logic [9:0] k, k_q;
  logic neg2, neg2_q, zero2, infinite2, infinite2_q, nan2, nan2_q;
  logic [10:0] sig2;
  logic [ 4:0] e2;
  logic [26:0] product_q;

  always_ff @(posedge clk_i) if (en_i) line_q <= {line_q[(Wait-1)*26-1:0], c_i, k_i};
  assign {c, k} = line_q[(Wait-1)*26+:26];

  pm_fp16_parse u_parse2 (
      .x_i   (centred),
      .neg_o (neg2),
      .sig_o (sig2),
      .e_o   (e2),
      .zero_o(zero2),
      .inf_o (infinite2),
      .nan_o (nan2)
  );
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      product_q   <= 27'(sig2) * 27'(c);
      k_q         <= k + 10'(e2) - 10'd25;
      neg2_q      <= neg2;
      infinite2_q <= infinite2;
      nan2_q      <= nan2;
    end
  end
  pm_fp16_rn #(
      .AW (27),
      .KW (10),
      .Cut(1'b1)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(neg2_q),
      .a_i  (product_q),
      .k_i  (k_q),
      .inf_i(infinite2_q),
      .nan_i(nan2_q),
      .y_o,
      .nv_o (unused_nv2),
      .of_o (unused_of2)
  );

  logic unused_ok;
  assign unused_ok = ^{zero, infinite, nan, zero2};
endmodule

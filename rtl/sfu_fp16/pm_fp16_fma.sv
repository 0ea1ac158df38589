// SPDX-License-Identifier: Apache-2.0
/// a * b + c in binary16, rounded once: five clocks of en_i, or combinational. A window has the product at bit 5 and c at bit 30
/// or below: where places of c are lost, the product's leading one is at bit 25 or 26; where c is higher still, the product is
/// less than a quarter of c's last place. Either leaves one bit that says whether it was 0.
module pm_fp16_fma #(
    /// 1: five registers; 0: combinational.
    parameter bit Cut = 1'b1
) (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// A factor.
    input  logic [15:0] a_i,
    /// The other one.
    input  logic [15:0] b_i,
    /// The summand.
    input  logic [15:0] c_i,
    /// The sum.
    output logic [15:0] y_o,
    /// It is NaN.
    output logic        nv_o,
    /// It is infinite and no operand was.
    output logic        of_o
);
  localparam int unsigned W = 42;

  logic [21:0] product, product_q;
  logic [10:0] sc;
  logic [ 5:0] ep;
  logic [ 4:0] ec;
  logic neg_p, inf_p, nan_p, neg_c, zero_c, inf_c, nan_c;
  logic [6:0] down, k, k_q, k2_q;
  logic high, high_q, lost, neg_p_d, neg_p_q, neg_c_d, neg_c_q, inf_q, inf2_q, nan_d, nan_q, nan2_q;
  logic [W-1:0] placed, aligned, aligned_q, wide, magnitude, magnitude_q;
  logic differ, differ_q, differ2_q, turned, sum_neg, sum_neg_q;

  pm_fp16_factors u_factors (
      .a_i,
      .b_i,
      .neg_o(neg_p),
      .p_o  (product),
      .e_o  (ep),
      .inf_o(inf_p),
      .nan_o(nan_p)
  );
  pm_fp16_parse u_c (
      .x_i   (c_i),
      .neg_o (neg_c),
      .sig_o (sc),
      .e_o   (ec),
      .zero_o(zero_c),
      .inf_o (inf_c),
      .nan_o (nan_c)
  );

  always_comb begin
    high    = ep < {1'b0, ec};
    down    = high ? '0 : {1'b0, ep} - {2'b00, ec};
    k       = (high ? {2'b00, ec} : {1'b0, ep}) - 7'd55;
    placed  = {1'b0, sc, 30'd0};
    aligned = placed >> down;
    lost    = (placed & ~({W{1'b1}} << down)) != '0;
    neg_p_d = inf_c && !inf_p ? neg_c : neg_p;  // an infinity's sign is the sum's
    neg_c_d = inf_p ? neg_p : neg_c;
    differ  = neg_p_d ^ neg_c_d;
    nan_d   = nan_p || nan_c || (inf_p && inf_c && neg_p != neg_c);
  end

  pm_fp16_stage #(
      .W  (W + 35),
      .Cut(Cut)
  ) u_align (
      .clk_i,
      .en_i,
      .d_i({
        product, {aligned[W-1:1], aligned[0] || lost} ^ {W{differ}}, k, high, neg_p_d, neg_c_d, differ, inf_p || inf_c, nan_d
      }),
      .q_o({product_q, aligned_q, k_q, high_q, neg_p_q, neg_c_q, differ_q, inf_q, nan_q})
  );

  // What is taken away comes as its complement.
  assign wide = high_q ? W'(product_q != '0) : {15'd0, product_q, 5'd0};
  pm_add_size #(
      .W(W)
  ) u_add (
      .a_i     (wide),
      .b_i     (aligned_q),
      .minus_i (differ_q),
      .size_o  (magnitude),
      .turned_o(turned)
  );
  assign sum_neg = turned ? neg_c_q : neg_p_q;

  pm_fp16_stage #(
      .W  (W + 11),
      .Cut(Cut)
  ) u_sum (
      .clk_i,
      .en_i,
      .d_i({magnitude, k_q, sum_neg, differ_q, inf_q, nan_q}),
      .q_o({magnitude_q, k2_q, sum_neg_q, differ2_q, inf2_q, nan2_q})
  );

  // What cancels is +0.
  pm_fp16_rn #(
      .AW (W),
      .KW (7),
      .Cut(Cut)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(sum_neg_q && !(differ2_q && magnitude_q == '0)),
      .a_i  (magnitude_q),
      .k_i  (k2_q),
      .inf_i(inf2_q),
      .nan_i(nan2_q),
      .y_o,
      .nv_o,
      .of_o
  );

  logic unused_zero;
  assign unused_zero = zero_c;
endmodule

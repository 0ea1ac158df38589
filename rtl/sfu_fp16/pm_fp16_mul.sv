// SPDX-License-Identifier: Apache-2.0
/// a * b in binary16, correctly rounded: four clocks of en_i, or combinational.
module pm_fp16_mul #(
    /// 1: four registers; 0: combinational.
    parameter bit Cut = 1'b1
) (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// A factor.
    input  logic [15:0] a_i,
    /// The other one.
    input  logic [15:0] b_i,
    /// Their product.
    output logic [15:0] y_o,
    /// It is NaN.
    output logic        nv_o,
    /// It is infinite and no factor was.
    output logic        of_o
);
  logic [1:0] neg, zero, infinite, nan;
  logic [10:0] sa, sb;
  logic [4:0] ea, eb;
  logic [21:0] product, product_q;
  logic [6:0] k, k_q;
  logic neg_d, neg_q, inf_q, nan_d, nan_q;

  pm_fp16_parse u_a (
      .x_i   (a_i),
      .neg_o (neg[0]),
      .sig_o (sa),
      .e_o   (ea),
      .zero_o(zero[0]),
      .inf_o (infinite[0]),
      .nan_o (nan[0])
  );
  pm_fp16_parse u_b (
      .x_i   (b_i),
      .neg_o (neg[1]),
      .sig_o (sb),
      .e_o   (eb),
      .zero_o(zero[1]),
      .inf_o (infinite[1]),
      .nan_o (nan[1])
  );

  pm_fp16_product u_product (
      .a_i(sa),
      .b_i(sb),
      .p_o(product)
  );
  assign k     = {2'b00, ea} + {2'b00, eb} - 7'd50;
  assign neg_d = neg[0] ^ neg[1];
  assign nan_d = nan != '0 || (infinite & {zero[0], zero[1]}) != '0;

  pm_fp16_stage #(
      .W  (32),
      .Cut(Cut)
  ) u_stage (
      .clk_i,
      .en_i,
      .d_i({product, k, neg_d, |infinite, nan_d}),
      .q_o({product_q, k_q, neg_q, inf_q, nan_q})
  );

  pm_fp16_rn #(
      .AW (22),
      .KW (7),
      .Cut(Cut)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(neg_q),
      .a_i  (product_q),
      .k_i  (k_q),
      .inf_i(inf_q),
      .nan_i(nan_q),
      .y_o,
      .nv_o,
      .of_o
  );

endmodule

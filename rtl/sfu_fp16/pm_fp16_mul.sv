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
  logic [21:0] product, product_q;
  logic [5:0] e;
  logic [6:0] k_q;
  logic neg, neg_q, infinite, inf_q, nan, nan_q;

  pm_fp16_factors u_factors (
      .a_i,
      .b_i,
      .neg_o(neg),
      .p_o  (product),
      .e_o  (e),
      .inf_o(infinite),
      .nan_o(nan)
  );

  pm_fp16_stage #(
      .W  (32),
      .Cut(Cut)
  ) u_stage (
      .clk_i,
      .en_i,
      .d_i({product, {1'b0, e} - 7'd50, neg, infinite, nan}),
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

// SPDX-License-Identifier: Apache-2.0
/// The exact product of two codes of binary16, in parts. Combinational. A finite one is p * 2^(e - 50).
module pm_fp16_factors (
    /// A factor.
    input  logic [15:0] a_i,
    /// The other one.
    input  logic [15:0] b_i,
    /// The product's sign.
    output logic        neg_o,
    /// The significands' product.
    output logic [21:0] p_o,
    /// The exponents' sum, 2..62.
    output logic [ 5:0] e_o,
    /// A factor is infinite.
    output logic        inf_o,
    /// The product is NaN.
    output logic        nan_o
);
  logic [1:0] neg, zero, infinite, nan;
  logic [10:0] sa, sb;
  logic [4:0] ea, eb;

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
      .p_o
  );
  assign e_o   = {1'b0, ea} + {1'b0, eb};
  assign neg_o = ^neg;
  assign inf_o = |infinite;
  assign nan_o = nan != '0 || (infinite & {zero[0], zero[1]}) != '0;
endmodule

// SPDX-License-Identifier: Apache-2.0
/// One lane: rn(a * (row * column)) + bias + onto, each sum in binary16: 19 clocks of en_i. The scales' product is there after
/// three.
module pm_scale_lane (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// Signed.
    input  logic [31:0] a_i,
    /// The row's scale: m.
    input  logic [15:0] row_m_i,
    /// The row's scale: e, signed.
    input  logic [ 8:0] row_e_i,
    /// The column's scale: m.
    input  logic [15:0] m_i,
    /// The column's scale: e, signed.
    input  logic [ 8:0] e_i,
    /// Code.
    input  logic [15:0] bias_i,
    /// Code.
    input  logic [15:0] onto_i,
    /// The product's m, after three clocks.
    output logic [15:0] m_o,
    /// Its e.
    output logic [ 8:0] e_o,
    /// Code.
    output logic [15:0] y_o
);
  /// Clocks of the scales, of a's product, of a sum.
  localparam int unsigned Scales = 3;
  localparam int unsigned Product = 6;
  localparam int unsigned Sum = 5;
  localparam int unsigned Bias = Scales + Product;
  localparam int unsigned Onto = Bias + Sum;

  logic [Scales*32-1:0] a_q;
  logic [  Bias*16-1:0] bias_q;
  logic [  Onto*16-1:0] onto_q;
  logic [15:0] scaled, biased;
  logic [4:0] unused;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      a_q    <= {a_q[(Scales-1)*32-1:0], a_i};
      bias_q <= {bias_q[(Bias-1)*16-1:0], bias_i};
      onto_q <= {onto_q[(Onto-1)*16-1:0], onto_i};
    end
  end

  pm_scale_mul u_scale (
      .clk_i,
      .en_i,
      .ma_i(row_m_i),
      .ea_i(row_e_i),
      .mb_i(m_i),
      .eb_i(e_i),
      .m_o,
      .e_o
  );
  pm_fp16_i2f u_product (
      .clk_i,
      .en_i,
      .a_i (a_q[(Scales-1)*32+:32]),
      .m_i (m_o),
      .e_i (e_o),
      .y_o (scaled),
      .of_o(unused[0])
  );
  pm_fp16_add u_bias (
      .clk_i,
      .en_i,
      .a_i (scaled),
      .b_i (bias_q[(Bias-1)*16+:16]),
      .y_o (biased),
      .nv_o(unused[1]),
      .of_o(unused[2])
  );
  pm_fp16_add u_onto (
      .clk_i,
      .en_i,
      .a_i (biased),
      .b_i (onto_q[(Onto-1)*16+:16]),
      .y_o,
      .nv_o(unused[3]),
      .of_o(unused[4])
  );
endmodule

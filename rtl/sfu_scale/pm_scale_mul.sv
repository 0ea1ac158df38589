// SPDX-License-Identifier: Apache-2.0
/// The product of two scales, rounded half up to 16 bits: three clocks of en_i, halves, sum, rounding. A scale is m * 2^e, m
/// with its top bit set, or 0; then the product is 0 with e = 0.
module pm_scale_mul (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// A factor's m.
    input  logic [15:0] ma_i,
    /// Its e, signed.
    input  logic [ 8:0] ea_i,
    /// The other factor's m.
    input  logic [15:0] mb_i,
    /// Its e, signed.
    input  logic [ 8:0] eb_i,
    /// The product's m.
    output logic [15:0] m_o,
    /// Its e, signed, within the nine bits.
    output logic [ 8:0] e_o
);
  logic [23:0] low_q, high_q;
  logic [31:0] product_q;
  logic [8:0] e_q, e2_q, m_e_q;
  logic [15:0] m_q;
  logic [16:0] rounded;

  // The product has its top bit at 31 or 30.
  assign rounded = product_q[31] ? {1'b0, product_q[31:16]} + 17'(product_q[15]) : {1'b0, product_q[30:15]} + 17'(product_q[14]);

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      low_q     <= {8'd0, ma_i} * {16'd0, mb_i[7:0]};
      high_q    <= {8'd0, ma_i} * {16'd0, mb_i[15:8]};
      e_q       <= ea_i + eb_i + 9'd15;
      product_q <= {8'd0, low_q} + {high_q, 8'd0};
      e2_q      <= e_q;
      m_q       <= rounded[16] ? 16'h8000 : rounded[15:0];
      m_e_q     <= product_q == '0 ? '0 : e2_q + 9'(product_q[31]) + 9'(rounded[16]);
    end
  end
  assign m_o = m_q;
  assign e_o = m_e_q;
endmodule

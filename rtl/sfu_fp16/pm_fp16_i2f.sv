// SPDX-License-Identifier: Apache-2.0
/// An integer times a scale m * 2^e as binary16: six clocks of en_i, or combinational. The product is made of eight
/// bits of the integer each.
module pm_fp16_i2f #(
    /// Bits of the integer, signed, 17..32.
    parameter int unsigned IntW = 32,
    /// 1: six registers; 0: combinational.
    parameter bit          Cut  = 1'b1
) (
    input  logic            clk_i,
    /// The registers move on.
    input  logic            en_i,
    /// Signed.
    input  logic [IntW-1:0] a_i,
    /// Unsigned.
    input  logic [    15:0] m_i,
    /// Signed, -200..200.
    input  logic [     8:0] e_i,
    /// The scaled integer.
    output logic [    15:0] y_o,
    /// It is infinite.
    output logic            of_o
);
  if (IntW < 17 || IntW > 32) begin : g_range
    $error("pm_fp16_i2f: IntW must be 17..32");
  end

  localparam int unsigned Parts = (IntW + 7) / 8;

  logic [IntW-1:0] magnitude, magnitude_q;
  logic [Parts*8-1:0] bytes;
  logic [Parts*24-1:0] part, part_q;
  logic [15:0] m_q;
  logic [8:0] e_q, e2_q, e3_q;
  logic neg_q, neg2_q, neg3_q, unused_nv;
  logic [IntW+15:0] product, product_q;

  assign magnitude = a_i[IntW-1] ? -a_i : a_i;
  pm_fp16_stage #(
      .W  (IntW + 26),
      .Cut(Cut)
  ) u_sign (
      .clk_i,
      .en_i,
      .d_i({magnitude, m_i, e_i, a_i[IntW-1]}),
      .q_o({magnitude_q, m_q, e_q, neg_q})
  );
  assign bytes = (Parts * 8)'(magnitude_q);
  always_comb begin
    part    = '0;
    product = '0;
    for (int unsigned i = 0; i < Parts; i++) begin
      part[i*24+:24] = {16'd0, bytes[i*8+:8]} * {8'd0, m_q};
      product        = product + ((IntW + 16)'(part_q[i*24+:24]) << 8 * i);
    end
  end
  pm_fp16_stage #(
      .W  (Parts * 24 + 10),
      .Cut(Cut)
  ) u_parts (
      .clk_i,
      .en_i,
      .d_i({part, e_q, neg_q}),
      .q_o({part_q, e2_q, neg2_q})
  );
  pm_fp16_stage #(
      .W  (IntW + 26),
      .Cut(Cut)
  ) u_product (
      .clk_i,
      .en_i,
      .d_i({product, e2_q, neg2_q}),
      .q_o({product_q, e3_q, neg3_q})
  );
  // An integer of 0 is +0, whatever its scale; one below 0 with a scale of 0 as well.
  pm_fp16_rn #(
      .AW (IntW + 16),
      .KW (9),
      .Cut(Cut)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(neg3_q && product_q != '0),
      .a_i  (product_q),
      .k_i  (e3_q),
      .inf_i(1'b0),
      .nan_i(1'b0),
      .y_o,
      .nv_o (unused_nv),
      .of_o
  );
endmodule

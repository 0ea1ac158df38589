// SPDX-License-Identifier: Apache-2.0
// Three clocks later: the product, of two halves, shifted down a bit at a time until it fits 16, plus the bit that went last.
module pm_scale_mul_fv (
    input logic        clk_i,
    input logic [15:0] ma_i,
    input logic [ 8:0] ea_i,
    input logic [15:0] mb_i,
    input logic [ 8:0] eb_i
);
  logic [15:0] m;
  logic [8:0] e;
  pm_scale_mul u_mul (.clk_i, .en_i(1'b1), .ma_i, .ea_i, .mb_i, .eb_i, .m_o(m), .e_o(e));

  logic [23:0] low_q, high_q;
  logic [31:0] product2_q;
  logic [31:0] rest;
  logic [8:0] sum_q, sum2_q, places, e_q;
  logic [16:0] up;
  logic [15:0] m_q;
  logic last;
  logic [1:0] seen_q = '0;
  always_comb begin
    rest   = product2_q;
    places = '0;
    last   = 1'b0;
    for (int unsigned n = 0; n < 16; n++) begin
      if (rest[31:16] != '0) begin
        last   = rest[0];
        rest   = rest >> 1;
        places = places + 9'd1;
      end
    end
    up = {1'b0, rest[15:0]} + 17'(last);
  end
  always_ff @(posedge clk_i) begin
    low_q     <= {8'd0, ma_i} * {16'd0, mb_i[7:0]};
    high_q    <= {8'd0, ma_i} * {16'd0, mb_i[15:8]};
    product2_q <= {8'd0, low_q} + {high_q, 8'd0};
    sum_q     <= ea_i + eb_i;
    sum2_q    <= sum_q;
    m_q       <= up[16] ? 16'h8000 : up[15:0];
    e_q       <= product2_q == '0 ? '0 : sum2_q + places + 9'(up[16]);
    seen_q    <= seen_q == 2'd3 ? 2'd3 : seen_q + 2'd1;
  end
  always_comb begin
    assume (ma_i[15] || ma_i == '0);
    assume (mb_i[15] || mb_i == '0);
    if (seen_q == 2'd3) begin
      naive : assert (m == m_q && e == e_q);
      normal : assert (m[15] || (m == '0 && e == '0));
    end
`ifdef CANARY
    canary : assert (!(seen_q == 2'd3 && m == 16'h8001 && e == 9'd5));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// The rounder against a loop that shifts one place at a time; monotone.
module pm_fp16_rn_fv #(
    parameter int unsigned AW = 22,
    parameter int unsigned KW = 7,
    /// Proves monotony instead of equality.
    parameter bit Monotone = 1'b0
) (
    input logic          neg_i,
    input logic [AW-1:0] a_i,
    input logic [AW-1:0] b_i,
    input logic [KW-1:0] k_i,
    input logic          inf_i,
    input logic          nan_i
);
  localparam int Least = -(2 ** (KW - 1));  // of k
  localparam int Downs = -24 - Least > 0 ? AW - 11 - 24 - Least : AW - 11;

  logic [15:0] y, z;
  logic nv, of, unused_nv, unused_of;
  pm_fp16_rn #(.AW(AW), .KW(KW), .Cut(1'b0)) u_dut (
      .clk_i(1'b0), .en_i(1'b0), .neg_i, .a_i, .k_i, .inf_i, .nan_i, .y_o(y), .nv_o(nv), .of_o(of));
  pm_fp16_rn #(.AW(AW), .KW(KW), .Cut(1'b0)) u_other (
      .clk_i(1'b0), .en_i(1'b0), .neg_i, .a_i(b_i), .k_i, .inf_i, .nan_i, .y_o(z), .nv_o(unused_nv), .of_o(unused_of));

  logic [AW-1:0] m;
  logic half, rest;
  logic signed [KW+3:0] lsb;
  logic [31:0] bits;
  always_comb begin
    m    = a_i;
    lsb  = (KW + 4)'($signed(k_i));
    half = 1'b0;
    rest = 1'b0;
    for (int i = 0; i < Downs; i++) begin
      if (lsb < -24 || m >= AW'(2048)) begin
        rest = rest || half;
        half = m[0];
        m    = m >> 1;
        lsb  = lsb + 1;
      end
    end
    for (int i = 0; i < 10; i++) begin
      if (lsb > -24 && m < AW'(1024)) begin
        m   = m << 1;
        lsb = lsb - 1;
      end
    end
    if (half && (rest || m[0])) m = m + 1'b1;
    bits = lsb > 5 ? 32'h7C00 : (32'(lsb + 24) << 10) + 32'(m);
    if (bits > 32'h7C00) bits = 32'h7C00;
    if (a_i == '0) bits = '0;
    if (!Monotone) begin
      equals_loop : assert (y == (nan_i ? 16'h7E00 : {neg_i, inf_i ? 15'h7C00 : bits[14:0]}));
      flags : assert (nv == nan_i && of == (!nan_i && !inf_i && bits == 32'h7C00));
    end else if (a_i <= b_i && !nan_i) monotone : assert (y[14:0] <= z[14:0] && y[15] == z[15]);
`ifdef CANARY
    canary : assert (!(y == 16'h3555 && a_i[10:0] != '0 && b_i < a_i));
`endif
  end
endmodule

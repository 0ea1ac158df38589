// SPDX-License-Identifier: Apache-2.0
// Where every access's sum has a code, what pm_pva_acc adds (its own proof) over the accesses that pm_pva_ctrl makes (its own
// proof) is the integer product: all inputs and weights of K rows in groups of N.
module pm_pva_exact_fv #(
    parameter int unsigned K = 3,
    parameter int unsigned N = 2,
    parameter int unsigned XBits = 3,
    parameter int unsigned Digits = 2
) (
    input logic               signed_i,
    input logic [K*XBits-1:0] x_i,
    input logic [K*2*Digits-1:0] w_i
);
  localparam int unsigned WB = 2 * Digits;
  logic signed [31:0] y, product, code_p, code_n, term;
  logic [WB-1:0] w, plus, minus;
  always_comb begin
    product = '0;
    for (int unsigned r = 0; r < K; r++)
      product += 32'(signed'({signed_i && x_i[r*XBits+XBits-1], x_i[r*XBits+:XBits]})) * 32'(signed'(w_i[r*WB+:WB]));
    y = '0;
    for (int unsigned i = 0; i < XBits; i++)
      for (int unsigned j = 0; j < Digits; j++)
        for (int unsigned from = 0; from < K; from += N) begin
          code_p = '0;
          code_n = '0;
          for (int unsigned r = from; r < from + N && r < K; r++) begin
            w = w_i[r*WB+:WB];
            plus = w[WB-1] ? '0 : w;
            minus = w[WB-1] ? -w : '0;
            if (x_i[r*XBits+i]) begin
              code_p += 32'(plus[2*j+:2]);
              code_n += 32'(minus[2*j+:2]);
            end
          end
          if (code_p > 31) code_p = 32'd31;
          if (code_n > 31) code_n = 32'd31;
          term = (code_p - code_n) <<< (i + 2 * j);
          y += signed_i && i == XBits - 1 ? -term : term;
        end
    product_is : assert (y == product);
`ifdef CANARY
    canary : assert (y != 32'sd7);
`endif
  end
endmodule

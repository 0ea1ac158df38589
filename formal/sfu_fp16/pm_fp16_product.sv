// SPDX-License-Identifier: Apache-2.0
// In the place of the product: any number. Who instantiates it assumes of two of them what holds of products.
module pm_fp16_product (
    input  logic [10:0] a_i,
    input  logic [10:0] b_i,
    output logic [21:0] p_o
);
  (* anyseq *) logic [21:0] any;
  assign p_o = any;
  always_comb begin
    assume ((p_o == '0) == (a_i == '0 || b_i == '0));
    assume (p_o < 22'(2047 * 2047 + 1));
    if (a_i[10] && b_i[10]) assume (p_o >= 22'(1024 * 1024));
  end
endmodule

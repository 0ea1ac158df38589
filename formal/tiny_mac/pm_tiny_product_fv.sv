// SPDX-License-Identifier: Apache-2.0
// XBits + 8 bits hold every product of an input, signed or not, and a weight of eight bits, as pm_tiny_mac's function has it: of the exact
// product, which has a bit more, the two highest are the same.
module pm_tiny_product_fv #(
    parameter int unsigned XBits = 12
) (
    input logic [XBits-1:0] x_i,
    input logic             signed_i,
    input logic [      7:0] w_i
);
  logic signed [XBits+8:0] x, w, exact;
  always_comb begin
    x = {{9{signed_i && x_i[XBits-1]}}, x_i};
    w = {{(XBits + 1) {w_i[7]}}, w_i};
    exact = x * w;
    fits : assert (exact[XBits+8] == exact[XBits+7]);
`ifdef CANARY
    canary : assert (exact != 42);
`endif
  end
endmodule

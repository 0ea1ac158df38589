// SPDX-License-Identifier: Apache-2.0
// The squarer against a product, every input.
module pm_vdr_square_fv #(
    parameter int unsigned W = 14
) (
    input logic [W-1:0] u_i
);
  logic [2*W-1:0] square;
  pm_vdr_square #(.W(W)) u_dut (.u_i, .square_o(square));
  always_comb begin
    equals_product : assert (square == {{W{1'b0}}, u_i} * {{W{1'b0}}, u_i});
`ifdef CANARY
    canary : assert (square != 28'd49);
`endif
  end
endmodule

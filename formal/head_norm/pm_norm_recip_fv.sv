// SPDX-License-Identifier: Apache-2.0
// The reciprocal against its definition with a division, and its error, for every Z.
module pm_norm_recip_fv #(
    parameter int unsigned ZW = 15
) (
    input logic [ZW-1:0] z_i
);
  logic [7:0] factor;
  logic [4:0] shift;
  logic [31:0] z, twice, rec;
  logic [5:0] k;
  logic [36:0] aligned;
  logic [39:0] product, one, off;

  pm_norm_recip #(.ZW(ZW)) u_dut (.z_i, .factor_o(factor), .shift_o(shift));

  always_comb begin
    z = z_i;
    k = 0;
    for (int unsigned i = 0; i < ZW; i++) if (z >= 32'd1 << i) k = 6'(i);
    aligned = {z, 5'd0} >> k;
    twice   = 32'd65 + {26'd0, aligned[4:0], 1'b0};
    rec     = (32'd32768 + twice) / (twice << 1);
    product = {32'd0, factor} * {8'd0, z};
    one     = 40'd1 << (shift + 4);
    off     = product > one ? product - one : one - product;

    factor_is : assert ({24'd0, factor} == (z == 0 ? 0 : rec));
    shift_is : assert ({1'b0, shift} == (k > 27 ? 6'd31 : k + 6'd4));
    error : assert (z == 0 || z[31:28] != 0 || {off, 6'd0} - {off, 2'd0} - off < {6'd0, one});
`ifdef CANARY
    canary : assert (z == 0 || z[31:28] != 0 || {off, 6'd0} - {off, 2'd0} < {6'd0, one});
`endif
  end
endmodule

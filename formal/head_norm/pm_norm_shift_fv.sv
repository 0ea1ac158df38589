// SPDX-License-Identifier: Apache-2.0
// Shift and saturation as comparisons in 64 bits, every input.
module pm_norm_shift_fv #(
    parameter int unsigned W = 40
) (
    input logic [W-1:0] x_i,
    input logic [  4:0] shift_i
);
  logic [31:0] y;
  logic signed [63:0] want;
  pm_norm_shift #(.W(W)) u_dut (.x_i, .shift_i, .y_o(y));
  always_comb begin
    want = {{64 - W{x_i[W-1]}}, x_i};
    want = want >>> shift_i;
    if (want > 64'sd2147483647) want = 64'sd2147483647;
    if (want < -64'sd2147483648) want = -64'sd2147483648;
    equals_plain : assert (y == want[31:0]);
`ifdef CANARY
    canary : assert (!(y == 32'd1000 && shift_i == 5'd5));
`endif
  end
endmodule

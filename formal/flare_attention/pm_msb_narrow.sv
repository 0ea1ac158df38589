// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_msb_narrow here: the token's number.
module pm_msb_narrow #(
    parameter int unsigned N = 64,
    parameter int unsigned W = 32,
    parameter int unsigned Bits = 10
) (
    input  logic        [       N*W-1:0] x_i,
    input  logic signed [           6:0] m_i,
    input  logic                         round_i,
    output logic        [N*(Bits+1)-1:0] v_o,
    output logic        [         N-1:0] half_o,
    output logic        [           4:0] left_o
);
  assign v_o    = {N{(Bits + 1)'(x_i[4:0])}};
  assign half_o = '0;
  assign left_o = '0;
endmodule

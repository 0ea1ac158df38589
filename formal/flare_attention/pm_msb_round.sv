// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_msb_round here: the token's number.
module pm_msb_round #(
    parameter int unsigned N = 64,
    parameter int unsigned Bits = 10
) (
    input  logic [N*(Bits+1)-1:0] v_i,
    input  logic [         N-1:0] half_i,
    input  logic [           4:0] left_i,
    output logic [    N*Bits-1:0] y_o,
    output logic [         N-1:0] sat_o
);
  always_comb for (int unsigned i = 0; i < N; i++) y_o[i*Bits+:Bits] = v_i[i*(Bits+1)+:Bits];
  assign sat_o = '0;
endmodule

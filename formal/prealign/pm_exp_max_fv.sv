// SPDX-License-Identifier: Apache-2.0
// The largest exponent against its definition, code by code.
module pm_exp_max_fv #(
    parameter int unsigned E = 8,
    parameter int unsigned M = 7,
    parameter int unsigned Lanes = 16
) (
    input logic [Lanes*(1+E+M)-1:0] u_i
);
  localparam int unsigned W = 1 + E + M;
  logic [E-1:0] emax, e, most;

  pm_exp_max #(.E(E), .M(M), .Lanes(Lanes)) u_dut (.u_i, .emax_o(emax));

  always_comb begin
    most = 1;
    for (int unsigned i = 0; i < Lanes; i++) begin
      e = u_i[i*W+M+:E] == '1 ? E'(2 ** E - 2) : u_i[i*W+M+:E] == '0 ? E'(1) : u_i[i*W+M+:E];
      if (e > most) most = e;
    end
    largest : assert (emax == most);
    in_range : assert (emax != '0 && emax != '1);
`ifdef CANARY
    canary : assert (emax != E'(2));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// pm_nor_reduce against its rows, sign-extended, added and subtracted one by one.
module pm_nor_reduce_fv #(
    parameter int unsigned ABits = 5,
    parameter int unsigned BBits = 4,
    localparam int unsigned PW = ABits + BBits
) (
    input logic [ABits*BBits-1:0] product_i,
    input logic                   a_signed_i,
    input logic                   b_signed_i
);
  logic [PW-1:0] p, plain, row;

  pm_nor_reduce #(.ABits(ABits), .BBits(BBits)) u_dut (.product_i, .a_signed_i, .b_signed_i, .p_o(p));
  always_comb begin
    plain = '0;
    row   = '0;
    for (int unsigned i = 0; i < ABits; i++) begin
      row = {{ABits{b_signed_i && product_i[i*BBits+BBits-1]}}, product_i[i*BBits+:BBits]} << i;
      if (a_signed_i && i == ABits - 1) plain -= row;
      else plain += row;
    end
    assert (p == plain);
`ifdef CANARY
    canary : assert (p != PW'(5));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_nor_reduce here: its rows, added and subtracted one by one. formal/nor_pim proves that it is this.
module pm_nor_reduce #(
    parameter int unsigned ABits = 8,
    parameter int unsigned BBits = 8
) (
    input  logic [ABits*BBits-1:0] product_i,
    input  logic                   a_signed_i,
    input  logic                   b_signed_i,
    output logic [ABits+BBits-1:0] p_o
);

  localparam int unsigned PW = ABits + BBits;

  // The products of one bit of a, as one number.
  logic [PW-1:0] row;
  always_comb begin
    p_o = '0;
    row = '0;
    for (int unsigned i = 0; i < ABits; i++) begin
      row = {{ABits{b_signed_i && product_i[i*BBits+BBits-1]}}, product_i[i*BBits+:BBits]} << i;
      if (a_signed_i && i == ABits - 1) p_o -= row;
      else p_o += row;
    end
  end
endmodule

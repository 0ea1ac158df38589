// SPDX-License-Identifier: Apache-2.0
/// Reduction of NOR partial products: the sum of a_i b_j << (i+j), negative where exactly one of both is a sign bit.
/// Combinational.
module pm_nor_reduce #(
    /// Bits of a, 4..16.
    parameter int unsigned ABits = 8,
    /// Bits of b, 4..16.
    parameter int unsigned BBits = 8
) (
    /// a_i b_j at i * BBits + j.
    input  logic [ABits*BBits-1:0] product_i,
    /// a is two's complement.
    input  logic                   a_signed_i,
    /// b is two's complement.
    input  logic                   b_signed_i,
    /// Exact in ABits+BBits bits: signed where one operand is.
    output logic [ABits+BBits-1:0] p_o
);
  if (ABits < 4 || ABits > 16 || BBits < 4 || BBits > 16) begin : g_range
    $error("pm_nor_reduce: ABits and BBits must be 4..16");
  end

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

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

  // A negative bit x is 1 - x less 1: those are inverted, and their ones make one constant for each pair of signednesses.
  localparam logic [PW-1:0] LastB = ((PW'(1) << ABits) - PW'(1)) << (BBits - 1);
  localparam logic [PW-1:0] LastA = ((PW'(1) << BBits) - PW'(1)) << (ABits - 1);
  localparam logic [PW-1:0] Both = PW'(1) << (PW - 1);

  // The bits of a, each with its row of products, and the ones; as two numbers, then as one.
  logic [(ABits+1)*PW-1:0] rows;
  logic [PW-1:0] sum, carry;
  always_comb begin
    logic [BBits-1:0] row;
    row  = '0;
    rows = '0;
    for (int unsigned i = 0; i < ABits; i++) begin
      row = product_i[i*BBits+:BBits];
      if (b_signed_i) row[BBits-1] = !row[BBits-1];
      if (a_signed_i && i == ABits - 1) row = ~row;
      rows[(i+1)*PW+:PW] = PW'(row) << i;
    end
    rows[PW-1:0] = a_signed_i ? (b_signed_i ? Both - LastA - LastB : ~LastA + PW'(1)) : b_signed_i ? ~LastB + PW'(1) : '0;
  end

  pm_carry_save_tree #(
      .N(ABits + 1),
      .W(PW)
  ) u_tree (
      .x_i    (rows),
      .sum_o  (sum),
      .carry_o(carry)
  );
  pm_split_add #(
      .W(PW)
  ) u_add (
      .a_i  (sum),
      .b_i  (carry),
      .sum_o(p_o)
  );
endmodule

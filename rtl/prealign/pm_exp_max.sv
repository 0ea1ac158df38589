// SPDX-License-Identifier: Apache-2.0
/// Largest exponent of a group of floating-point codes, combinational: a tree of fields, four to a node, each node all of its
/// comparisons at once. The largest field tells the largest e = max(exponent, 1); the top exponent is read as the one below it.
module pm_exp_max #(
    /// Bits of an exponent, 2..8.
    parameter int unsigned E = 8,
    /// Bits of a mantissa, 1..10.
    parameter int unsigned M = 7,
    /// Codes, 1..64.
    parameter int unsigned Lanes = 16,
    localparam int unsigned W = 1 + E + M
) (
    /// Code i at [i*W +: W]: sign, exponent, mantissa.
    input  logic [Lanes*W-1:0] u_i,
    /// The largest e, 1..2^E-2.
    output logic [      E-1:0] emax_o
);
  if (E < 2 || E > 8 || M < 1 || M > 10 || Lanes < 1 || Lanes > 64) begin : g_range
    $error("pm_exp_max: E must be 2..8, M 1..10, Lanes 1..64");
  end

  localparam int unsigned Levels = Lanes > 4 ? ($clog2(Lanes) + 1) / 2 : 1;
  localparam int unsigned Leaves = 4 ** Levels;
  localparam int unsigned Inner = (Leaves - 1) / 3;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic [E-1:0] largest(input logic [4*E-1:0] x);
    logic ab, ac, ad, bc, bd, cd;  // the first is the smaller
    ab = x[0+:E] < x[E+:E];
    ac = x[0+:E] < x[2*E+:E];
    ad = x[0+:E] < x[3*E+:E];
    bc = x[E+:E] < x[2*E+:E];
    bd = x[E+:E] < x[3*E+:E];
    cd = x[2*E+:E] < x[3*E+:E];
    largest = ({E{!ab && !ac && !ad}} & x[0+:E]) | ({E{ab && !bc && !bd}} & x[E+:E]) |
              ({E{ac && bc && !cd}} & x[2*E+:E]) | ({E{ad && bd && cd}} & x[3*E+:E]);
  endfunction
  /* verilator lint_on VARHIDDEN */

  // A heap: node n has the children 4n+1 .. 4n+4, the codes are last.
  logic [(Inner+Leaves)*E-1:0] node;

  always_comb begin
    node = '0;
    for (int unsigned i = 0; i < Lanes; i++) node[(Inner+i)*E+:E] = u_i[i*W+M+:E];
    for (int unsigned n = Inner; n > 0; n--) node[(n-1)*E+:E] = largest(node[(4*n-3)*E+:4*E]);
  end
  assign emax_o = node[E-1:0] - E'(&node[E-1:0]) + E'(node[E-1:0] == '0);

  logic unused_bits;
  assign unused_bits = ^u_i;
endmodule

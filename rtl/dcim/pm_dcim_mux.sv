// SPDX-License-Identifier: Apache-2.0
/// Dot product of G bits with G weights by selection: the bits pick one of the 2^G sums of weights, which stand still as long
/// as the cells do. Combinational.
module pm_dcim_mux #(
    /// Rows that share the multiplexer, 1..3.
    parameter int unsigned G = 2,
    /// Bits of a weight, two's complement, at least 2.
    parameter int unsigned W = 8,
    localparam int unsigned SumW = W + $clog2(G)
) (
    /// A bit of each row's input.
    input  logic [   G-1:0] x_i,
    /// Row g's weight at [g*W +: W].
    input  logic [ G*W-1:0] w_i,
    /// The sum of the weights whose bit is 1, signed.
    output logic [SumW-1:0] sum_o
);
  if (G < 1 || G > 3) begin : g_rows_range
    $error("pm_dcim_mux: G must be 1..3");
  end
  if (W < 2) begin : g_bits_range
    $error("pm_dcim_mux: W must be at least 2");
  end

  logic [(1<<G)*SumW-1:0] sums;

  // Each sum is the one without its leading weight, plus that weight.
  always_comb begin
    sums = '0;
    for (int unsigned g = 0; g < G; g++) begin
      for (int unsigned s = 0; s < 1 << g; s++) sums[((1<<g)+s)*SumW+:SumW] = sums[s*SumW+:SumW] + SumW'($signed(w_i[g*W+:W]));
    end
  end
  assign sum_o = sums[x_i*SumW+:SumW];

`ifdef PERIMETER_FORMAL
  `include "pm_dcim_mux_fv.svh"
`endif
endmodule

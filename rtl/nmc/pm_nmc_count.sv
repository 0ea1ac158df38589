// SPDX-License-Identifier: Apache-2.0
/// Number of ones among the columns, combinational: a popcount tree for each slice of them, and their sum.
module pm_nmc_count #(
    /// Columns, 1..1024.
    parameter  int unsigned Cols  = 576,
    /// Columns of a tree, at least 1.
    parameter  int unsigned Slice = 8,
    localparam int unsigned ColsW = $clog2(Cols + 1)
) (
    /// The bits.
    input  logic [ Cols-1:0] x_i,
    /// How many of them are 1.
    output logic [ColsW-1:0] count_o
);
  if (Cols < 1 || Cols > 1024 || Slice < 1) begin : g_range
    $error("pm_nmc_count: Cols must be 1..1024, Slice at least 1");
  end

  localparam int unsigned SliceW = $clog2(Slice + 1);
  localparam int unsigned Slices = (Cols + Slice - 1) / Slice;

  logic [Slices*Slice-1:0] x;
  logic [Slices*SliceW-1:0] count;
  logic [10:0] sum;

  assign x = (Slices * Slice)'(x_i);

  for (genvar s = 0; s < Slices; s++) begin : g_slice
    pm_popcount #(
        .N(Slice)
    ) u_popcount (
        .x_i    (x[s*Slice+:Slice]),
        .count_o(count[s*SliceW+:SliceW])
    );
  end

  always_comb begin
    sum = '0;
    for (int unsigned s = 0; s < Slices; s++) sum = sum + 11'(count[s*SliceW+:SliceW]);
  end
  assign count_o = ColsW'(sum);

`ifdef PERIMETER_FORMAL
  `include "pm_nmc_count_fv.svh"
`endif
endmodule

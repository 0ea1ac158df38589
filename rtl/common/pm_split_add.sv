// SPDX-License-Identifier: Apache-2.0
/// a + b modulo 2^W in a third of the depth of a ripple: the upper thirds are added with and without a carry, and the carry from
/// below chooses. Mapping for area turns an adder into a ripple, whatever it is written as; several adders stay several.
module pm_split_add #(
    /// Bits, at least 3.
    parameter int unsigned W = 40
) (
    /// First number.
    input  logic [W-1:0] a_i,
    /// Second number.
    input  logic [W-1:0] b_i,
    /// Their sum.
    output logic [W-1:0] sum_o
);
  if (W < 3) begin : g_range
    $error("pm_split_add: W must be at least 3");
  end

  localparam int unsigned Low = (W + 1) / 3;
  localparam int unsigned Mid = (W + 1) / 3;
  localparam int unsigned Top = W - Low - Mid;

  logic [Low:0] low;
  logic [Mid:0] mid0, mid1, mid;
  logic [Top-1:0] top0, top1;
  assign low   = (Low + 1)'(a_i[Low-1:0]) + (Low + 1)'(b_i[Low-1:0]);
  assign mid0  = (Mid + 1)'(a_i[Low+:Mid]) + (Mid + 1)'(b_i[Low+:Mid]);
  assign mid1  = (Mid + 1)'(a_i[Low+:Mid]) + (Mid + 1)'(b_i[Low+:Mid]) + (Mid + 1)'(1);
  assign top0  = a_i[W-1:Low+Mid] + b_i[W-1:Low+Mid];
  assign top1  = a_i[W-1:Low+Mid] + b_i[W-1:Low+Mid] + Top'(1);
  assign mid   = low[Low] ? mid1 : mid0;
  assign sum_o = {mid[Mid] ? top1 : top0, mid[Mid-1:0], low[Low-1:0]};
endmodule

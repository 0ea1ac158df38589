// SPDX-License-Identifier: Apache-2.0
/// A sum, or the size of a difference, in one addition's time: a + ~b as it is and with 1 more; who is larger tells which one
/// it is. Combinational.
module pm_add_size #(
    /// Bits, at least 3.
    parameter int unsigned W = 48
) (
    /// A number, unsigned.
    input  logic [W-1:0] a_i,
    /// The other one, unsigned; its complement where minus_i.
    input  logic [W-1:0] b_i,
    /// Their difference.
    input  logic         minus_i,
    /// a + b, without a carry, or |a - b|.
    output logic [W-1:0] size_o,
    /// Of a difference: b is at least a.
    output logic         turned_o
);
  if (W < 3) begin : g_range
    $error("pm_add_size: W must be at least 3");
  end

  localparam int unsigned Low = W / 3;
  localparam int unsigned Mid = W / 3;
  localparam int unsigned Top = W - Low - Mid;

  // Thirds with their carry, each also with 1 more.
  logic [Low:0] low, low1;
  logic [Mid:0] mid, mid1;
  logic [Top:0] top, top1;
  logic carry, carry1;  // into the top, of the sum and of 1 more
  logic [W-1:0] sum, more;
  logic unused_ok;

  assign low       = {1'b0, a_i[Low-1:0]} + {1'b0, b_i[Low-1:0]};
  assign low1      = {1'b0, a_i[Low-1:0]} + {1'b0, b_i[Low-1:0]} + (Low + 1)'(1'b1);
  assign mid       = {1'b0, a_i[Low+:Mid]} + {1'b0, b_i[Low+:Mid]};
  assign mid1      = {1'b0, a_i[Low+:Mid]} + {1'b0, b_i[Low+:Mid]} + (Mid + 1)'(1'b1);
  assign top       = {1'b0, a_i[Low+Mid+:Top]} + {1'b0, b_i[Low+Mid+:Top]};
  assign top1      = {1'b0, a_i[Low+Mid+:Top]} + {1'b0, b_i[Low+Mid+:Top]} + (Top + 1)'(1'b1);
  assign carry     = low[Low] ? mid1[Mid] : mid[Mid];
  assign carry1    = low1[Low] ? mid1[Mid] : mid[Mid];
  assign sum       = {carry ? top1[Top-1:0] : top[Top-1:0], low[Low] ? mid1[Mid-1:0] : mid[Mid-1:0], low[Low-1:0]};
  assign more      = {carry1 ? top1[Top-1:0] : top[Top-1:0], low1[Low] ? mid1[Mid-1:0] : mid[Mid-1:0], low1[Low-1:0]};
  assign turned_o  = minus_i && !(carry ? top1[Top] : top[Top]);
  assign size_o    = !minus_i ? sum : turned_o ? ~sum : more;
  assign unused_ok = ^{low1, mid1, top1};

`ifdef TARGET_common
  always_comb begin
    size : assert (size_o == (!minus_i ? a_i + b_i : a_i < ~b_i ? ~b_i - a_i : a_i + b_i + W'(1'b1)));
    turned : assert (turned_o == (minus_i && a_i <= ~b_i));
  end
`endif
endmodule

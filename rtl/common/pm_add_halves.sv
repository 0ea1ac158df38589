// SPDX-License-Identifier: Apache-2.0
/// A sum of many bits in half the time: the upper half for either carry beside the lower one. Combinational.
module pm_add_halves #(
    /// Bits, at least 2.
    parameter  int unsigned W    = 48,
    localparam int unsigned Half = W / 2
) (
    /// A summand.
    input  logic [W-1:0] a_i,
    /// The other one.
    input  logic [W-1:0] b_i,
    /// 1 more.
    input  logic         c_i,
    /// Their sum, without a carry.
    output logic [W-1:0] s_o
);
  if (W < 2) begin : g_range
    $error("pm_add_halves: W must be at least 2");
  end

  logic [Half:0] low;
  logic [W-Half-1:0] high, next;

  assign low  = {1'b0, a_i[Half-1:0]} + {1'b0, b_i[Half-1:0]} + (Half + 1)'(c_i);
  assign high = a_i[W-1:Half] + b_i[W-1:Half];
  assign next = a_i[W-1:Half] + b_i[W-1:Half] + (W - Half)'(1'b1);
  assign s_o  = {low[Half] ? next : high, low[Half-1:0]};

`ifdef TARGET_common
  always_comb begin
    sum : assert (s_o == a_i + b_i + W'(c_i));
  end
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// pm_msb_parse against its definition in arithmetic that is wide enough for every shift. One element: lanes share
/// nothing but the shift.
module pm_msb_parse_fv #(
    parameter int unsigned W = 26,
    parameter int unsigned Bits = 10
) (
    input logic        [W-1:0] x_i,
    input logic signed [  6:0] m_i,
    input logic                round_i
);
  localparam int unsigned FvW = (W > Bits ? W : Bits) + 33;
  logic [Bits-1:0] y;
  logic sat;
  logic signed [FvW-1:0] exact, top;
  logic [6:0] right, left;

  pm_msb_parse #(
      .N(1),
      .W(W),
      .Bits(Bits)
  ) u_dut (
      .x_i,
      .m_i,
      .round_i,
      .y_o  (y),
      .sat_o(sat)
  );

  always_comb begin
    right = m_i[6] ? 7'd0 : m_i;
    left = m_i[6] ? 7'd0 - m_i : 7'd0;
    if (right > 7'd31) right = 7'd31;
    if (left > 7'd31) left = 7'd31;
    top = (FvW'(1) << (Bits - 1)) - FvW'(1);
    exact = {{(FvW - W) {x_i[W-1]}}, x_i};
    if (round_i && right != 7'd0) exact = exact + $signed(FvW'(1) << (right - 7'd1));
    exact = (exact >>> right) <<< left;
  end

  always_comb begin
    assert (sat == (exact > top || exact < ~top));
    if (exact > top) assert (y == top[Bits-1:0]);
    else if (exact < ~top) assert (y == ~top[Bits-1:0]);
    else assert (y == exact[Bits-1:0]);
`ifdef CANARY
    canary : assert (sat || m_i != -7'sd5 || x_i[0]);
`endif
  end
endmodule

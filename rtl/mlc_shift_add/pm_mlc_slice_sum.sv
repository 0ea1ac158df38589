// SPDX-License-Identifier: Apache-2.0
/// One plane of one output after the other: undoes the column flip, sums an output's 8 or 4 columns by their place and
/// takes off the offset of the binary weights, 128 for each active wordline.
module pm_mlc_slice_sum #(
    /// Wordlines, 1..128.
    parameter  int unsigned Rows  = 64,
    localparam int unsigned PopW  = $clog2(Rows + 1),
    // |t| <= max(255 * 127, 128 * Rows), for any codes and flips.
    localparam int unsigned MaxT  = 128 * Rows > 255 * 127 ? 128 * Rows : 255 * 127,
    localparam int unsigned PartW = $clog2(MaxT + 1) + 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// 1: two bits a cell, 4 columns a weight; 0: one bit, 8 columns.
    input  logic             mlc_i,
    /// Codes of an output's columns, in ascending order.
    input  logic             valid_i,
    /// The code.
    input  logic [      6:0] code_i,
    /// Its column in the output, 0 (least significant) to 3 or 7.
    input  logic [      2:0] slice_i,
    /// The column stores complements.
    input  logic             flip_i,
    /// Active wordlines of the plane.
    input  logic [ PopW-1:0] pop_i,
    /// A plane's sum, in the clock after the last column's code.
    output logic             valid_o,
    /// t, signed: sum_r (plane bit of row r) * w_r.
    output logic [PartW-1:0] t_o
);
  if (Rows < 1 || Rows > 128) begin : g_range
    $error("pm_mlc_slice_sum: Rows must be 1..128");
  end

  // A value is -127..max(127, 3 Rows).
  localparam int unsigned ValW = PopW + 3 > 9 ? PopW + 3 : 9;

  logic signed [ValW-1:0] full, value;
  logic signed [PartW-1:0] offset, t_d, t_q;
  logic [2:0] place;
  logic valid_q;

  assign place   = mlc_i ? slice_i << 1 : slice_i;
  assign full    = mlc_i ? ValW'(pop_i) + (ValW'(pop_i) << 1) : ValW'(pop_i);
  assign value   = flip_i ? full - ValW'(code_i) : ValW'(code_i);
  assign offset  = -$signed(PartW'(pop_i) << 7);
  assign t_d     = (slice_i == 0 ? offset : t_q) + (PartW'(value) <<< place);

  assign valid_o = valid_q;
  assign t_o     = t_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i && slice_i == (mlc_i ? 3'd3 : 3'd7);
  end
  always_ff @(posedge clk_i) if (valid_i) t_q <= t_d;
endmodule

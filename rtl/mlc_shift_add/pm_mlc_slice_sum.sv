// SPDX-License-Identifier: Apache-2.0
/// One plane of one output after the other. Offset weights: undoes the column flip, sums an output's 8 or 4 columns by their
/// place and takes off the offset, 128 for each active wordline. Differential weights: sums 8 or 4 pairs of columns, the
/// second of a pair negative.
module pm_mlc_slice_sum #(
    /// Wordlines, 1..128.
    parameter  int unsigned Rows  = 64,
    localparam int unsigned PopW  = $clog2(Rows + 1),
    // |t| <= max(255 * 127, 128 * Rows), for any codes and flips; differential: 255 * 127.
    localparam int unsigned MaxT  = 128 * Rows > 255 * 127 ? 128 * Rows : 255 * 127,
    localparam int unsigned PartW = $clog2(MaxT + 1) + 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// 1: two bits a cell, 4 slices a weight; 0: one bit, 8 slices.
    input  logic             mlc_i,
    /// 1: differential weights, a pair of columns a slice; 0: offset weights, a column a slice.
    input  logic             diff_i,
    /// Codes of an output's columns, in ascending order.
    input  logic             valid_i,
    /// The code.
    input  logic [      6:0] code_i,
    /// Its column in the output, 0 (least significant) to 3, 7 or 15.
    input  logic [      3:0] slice_i,
    /// The column stores complements; of offset weights alone.
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
  logic [2:0] slice, place;
  logic [3:0] last;
  logic valid_q;

  // Column 15 of 16, 7 of 8 or 3 of 4.
  assign last   = {diff_i && !mlc_i, diff_i || !mlc_i, 2'b11};
  assign slice  = diff_i ? slice_i[3:1] : slice_i[2:0];
  assign place  = mlc_i ? slice << 1 : slice;
  assign full   = mlc_i ? ValW'(pop_i) + (ValW'(pop_i) << 1) : ValW'(pop_i);
  assign offset = diff_i ? '0 : -$signed(PartW'(pop_i) << 7);
  assign t_d    = (slice_i == 0 ? offset : t_q) + (PartW'(value) <<< place);
  always_comb begin
    if (diff_i ? slice_i[0] : flip_i) value = (diff_i ? '0 : full) - ValW'(code_i);
    else value = ValW'(code_i);
  end

  assign valid_o = valid_q;
  assign t_o     = t_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i && slice_i == last;
  end
  always_ff @(posedge clk_i) if (valid_i) t_q <= t_d;
endmodule

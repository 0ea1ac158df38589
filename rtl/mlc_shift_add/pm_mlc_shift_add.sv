// SPDX-License-Identifier: Apache-2.0
/// Shift-and-add of one array's column codes, with one or two bits a cell chosen at run time (HyFlexPIM section 3.2), offset
/// weights with column-flip correction (ISAAC) or differential ones.
///
/// Codes come one a clock, columns 0 to Cols-1 of plane 0, then of plane 1, to plane 7. An output's columns are adjacent,
/// least significant first: 8 or 4 of offset weights, 8 or 4 pairs, positive column first, of differential ones. Plane 7
/// gives the result: the signed dot product of the array's rows, two clocks after the output's last code. 6-bit codes of
/// one-bit cells and 7-bit codes of two-bit cells need 23 bits of accumulator, whatever the codes; 7-bit codes of one-bit
/// cells need 24, which AccW has. Columns beyond the last multiple of 16 hold no differential weight of one-bit cells.
module pm_mlc_shift_add #(
    /// Wordlines, 1..128.
    parameter int unsigned Rows = 64,
    /// Bitlines, a multiple of 8, at least 8; at least 16 where Flexible is 0.
    parameter int unsigned Cols = 128,
    /// 0: one bit a cell only, whatever mlc_i, with half the outputs: the fixed form to compare with.
    parameter bit Flexible = 1'b1,
    localparam int unsigned ColW = $clog2(Cols),
    localparam int unsigned PopW = $clog2(Rows + 1),
    localparam int unsigned OutW = $clog2(Cols / 4),
    localparam int unsigned MaxT = 128 * Rows > 255 * 127 ? 128 * Rows : 255 * 127,
    localparam int unsigned PartW = $clog2(MaxT + 1) + 1,
    localparam int unsigned AccW = PartW + 8
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    /// 1: two bits a cell, 4 slices a weight; 0: one bit, 8 slices. Changes only between vectors, two clocks after the last
    /// code.
    input  logic            mlc_i,
    /// 1: differential weights, a pair of columns a slice; 0: offset weights, a column a slice. Changes like mlc_i.
    input  logic            diff_i,
    /// Codes.
    input  logic            valid_i,
    /// The code.
    input  logic [     6:0] code_i,
    /// Its column.
    input  logic [ColW-1:0] column_i,
    /// The column stores complements; of offset weights alone.
    input  logic            flip_i,
    /// 0 (least significant) to 7 (negative).
    input  logic [     2:0] plane_i,
    /// Active wordlines of the plane.
    input  logic [PopW-1:0] pop_i,
    /// A complete output, for one clock.
    output logic            valid_o,
    /// The output.
    output logic [OutW-1:0] index_o,
    /// Its dot product, signed.
    output logic [AccW-1:0] y_o
);
  if (Rows < 1 || Rows > 128 || Cols < (Flexible ? 8 : 16) || Cols % 8 != 0) begin : g_range
    $error("pm_mlc_shift_add: Rows must be 1..128, Cols a multiple of 8, at least 8, at least 16 where Flexible is 0");
  end

  localparam int unsigned Outputs = Flexible ? Cols / 4 : Cols / 8;
  localparam int unsigned IndexW = $clog2(Outputs);

  logic mlc, t_valid;
  logic [3:0] slice;
  logic [PartW-1:0] t;
  logic [IndexW-1:0] index_q, index;
  logic [2:0] plane_q;

  assign mlc     = mlc_i && Flexible;
  assign index_o = OutW'(index);
  always_comb begin
    slice = 4'(column_i);
    if (mlc || !diff_i) slice[3] = 1'b0;
    if (mlc && !diff_i) slice[2] = 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      index_q <= IndexW'(column_i >> (mlc ? 2 : 3) >> diff_i);
      plane_q <= plane_i;
    end
  end

  pm_mlc_slice_sum #(
      .Rows(Rows)
  ) u_slice_sum (
      .clk_i,
      .rst_ni,
      .mlc_i(mlc),
      .diff_i,
      .valid_i,
      .code_i,
      .slice_i(slice),
      .flip_i,
      .pop_i,
      .valid_o(t_valid),
      .t_o(t)
  );

  pm_mlc_accumulate #(
      .Outputs(Outputs),
      .PartW  (PartW)
  ) u_accumulate (
      .clk_i,
      .rst_ni,
      .valid_i(t_valid),
      .t_i(t),
      .index_i(index_q),
      .plane_i(plane_q),
      .valid_o,
      .index_o(index),
      .y_o
  );
endmodule

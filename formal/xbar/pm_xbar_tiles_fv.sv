// SPDX-License-Identifier: Apache-2.0
// docs/numerics.md, "Mapping to RRAM crossbars": of K x M weights of any bits in cells of any, on crossbars of Rows x Columns. Columns of a
// matrix are ((m S + slice) 2 + minus) and its tile (r, q) has rows r Rows and columns q Columns on. Every slice of every weight has one
// cell in one tile, and every cell in use one slice of one weight; a pair is never torn apart. The slices of |w| put back at
// their places are |w|.
module pm_xbar_tiles_fv #(
    parameter int unsigned Rows = 5,
    parameter int unsigned Columns = 6,
    parameter int unsigned KMax = 16,
    parameter int unsigned MMax = 4
) (
    /// The matrix, its bits a weight and a cell.
    input logic [5:0] k_i,
    input logic [3:0] m_i,
    input logic [3:0] wbits_i,
    input logic [2:0] cell_i,
    /// One of its weights, a slice of it and its sign's half.
    input logic [5:0] row_i,
    input logic [3:0] output_i,
    input logic [2:0] slice_i,
    input logic minus_i,
    /// A place in a tile.
    input logic [5:0] r_i,
    input logic [7:0] q_i,
    input logic [5:0] line_i,
    input logic [7:0] column_i,
    input logic [7:0] magnitude_i
);
  logic legal, is_weight, is_cell;
  logic [7:0] slices, column, pair, all, place, sum;
  logic [5:0] row;
  logic [3:0] low, high, width;

  always_comb begin
    legal = k_i >= 1 && k_i <= KMax && m_i >= 1 && m_i <= MMax && wbits_i >= 2 && wbits_i <= 8 && cell_i >= 1 && cell_i <= 4;
    slices = (8'(wbits_i) + 8'(cell_i) - 8'd1) / 8'(cell_i);
    all = 8'(m_i) * slices * 8'd2;
    // A weight's slice, its column, the tile, and back.
    column = (8'(output_i) * slices + 8'(slice_i)) * 8'd2 + 8'(minus_i);
    is_weight = legal && row_i < k_i && output_i < m_i && 8'(slice_i) < slices;
    // A tile's cell, its place in the matrix.
    row = r_i * 6'(Rows) + line_i;
    place = q_i * 8'(Columns) + column_i;
    pair = place / 8'd2;
    is_cell = legal && 32'(line_i) < Rows && 32'(column_i) < Columns && 32'(r_i) * Rows + 32'(line_i) < 32'(k_i) &&
        32'(q_i) * Columns + 32'(column_i) < 32'(all);
    if (is_weight) begin
      row_has_tile : assert (32'(row_i) / Rows < (32'(k_i) + Rows - 1) / Rows);
      column_has_tile : assert (32'(column) / Columns < (32'(all) + Columns - 1) / Columns);
      // What stands in a cell is this slice exactly where the cell is its own.
      if (is_cell)
        one_place :
        assert ((row == row_i && pair / slices == 8'(output_i) && pair % slices == 8'(slice_i) && place[0] == minus_i) ==
            (32'(r_i) == 32'(row_i) / Rows && 32'(line_i) == 32'(row_i) % Rows && 32'(q_i) == 32'(column) / Columns &&
             32'(column_i) == 32'(column) % Columns));
      together : assert (column / 8'(Columns) == (column ^ 8'd1) / 8'(Columns));
    end
    if (is_cell) one_weight : assert (row < k_i && pair / slices < 8'(m_i));
    sum = 0;
    for (int unsigned s = 0; s < 8; s++) begin
      high  = 4'(32'(wbits_i) - 32'(cell_i) * s);
      low   = 32'(wbits_i) > 32'(cell_i) * (s + 1) ? 4'(32'(wbits_i) - 32'(cell_i) * (s + 1)) : 4'd0;
      width = high - low;
      if (8'(s) < slices) sum = sum + (((magnitude_i >> low) & 8'((9'd1 << width) - 9'd1)) << low);
    end
    if (legal && 9'(magnitude_i) < (9'd1 << wbits_i)) recomposed : assert (sum == magnitude_i);
`ifdef CANARY
    canary : assert (!(is_weight && is_cell && slice_i == 3'd2 && column == 8'd13));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Active wordlines of one input plane: the P of the column-flip and offset corrections. Combinational.
module pm_mlc_popcount #(
    /// Wordlines.
    parameter int unsigned Rows = 64
) (
    input  logic [          Rows-1:0] plane_i,
    /// 0..Rows
    output logic [$clog2(Rows+1)-1:0] pop_o
);
  localparam int unsigned PopW = $clog2(Rows + 1);

  always_comb begin
    pop_o = '0;
    for (int unsigned r = 0; r < Rows; r++) pop_o += PopW'(plane_i[r]);
  end
endmodule

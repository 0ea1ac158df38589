// SPDX-License-Identifier: Apache-2.0
/// u^2 from half of the partial products, in W/2 dense rows: bit i with its neighbour, as u[i] + 2*u[i]*u[i-1], which is two
/// bits that never carry; then row r has the lowest and the highest bit that are left, r and W-1-r, times all between.
module pm_vdr_square #(
    /// Bits of u, even, at least 4.
    parameter int unsigned W = 14
) (
    /// u, unsigned.
    input  logic [  W-1:0] u_i,
    /// u^2.
    output logic [2*W-1:0] square_o
);
  if (W < 4 || W % 2 != 0) begin : g_range
    $error("pm_vdr_square: W must be even, at least 4");
  end

  /* verilator coverage_off */  // what the last step leaves in it is mostly constant
  logic [2*W-1:0] row;
  /* verilator coverage_on */

  always_comb begin
    row = '0;
    for (int i = 0; i < W; i++) begin
      row[2*i]   = u_i[i] && (i == 0 || !u_i[i>0?i-1 : 0]);
      row[2*i+1] = i > 0 && u_i[i] && u_i[i>0?i-1 : 0];
    end
    square_o = row;
    for (int r = 0; r < W / 2 - 1; r++) begin
      row = '0;
      for (int i = 0; i < W; i++) begin
        if (i > r + 1 && i < W - r) row[i+r+1] = u_i[i] && u_i[r];
        if (i > r && i < W - 2 - r) row[W+i-r] = u_i[W-1-r] && u_i[i];
      end
      square_o = square_o + row;
    end
  end
endmodule

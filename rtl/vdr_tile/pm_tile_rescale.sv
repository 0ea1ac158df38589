// SPDX-License-Identifier: Apache-2.0
/// The running sum of a row in tiles, over numerators or numerators times values: moved to the tile's reference, half up, and the
/// tile's own sum added. 8 fraction bits. One sum a clock, two clocks.
module pm_tile_rescale #(
    /// Bits of a running sum, 12..64.
    parameter int unsigned SumW  = 40,
    /// Bits of a tile's sum, 2..SumW-8.
    parameter int unsigned PartW = 32
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Sums.
    input  logic             valid_i,
    output logic             ready_o,
    /// The row's sum before the tile, signed, 8 fraction bits; 0 before its first.
    input  logic [ SumW-1:0] sum_i,
    /// The tile's, signed, whole.
    input  logic [PartW-1:0] part_i,
    /// The tile's shift, from pm_vdr_tile.
    input  logic [      5:0] shift_i,
    /// The same sums.
    output logic             valid_o,
    input  logic             ready_i,
    /// The row's sum after the tile.
    output logic [ SumW-1:0] sum_o
);
  if (SumW < 12 || SumW > 64 || PartW < 2 || PartW + 8 > SumW) begin : g_range
    $error("pm_tile_rescale: SumW must be 12..64, PartW 2..SumW-8");
  end

  logic en;
  logic [1:0] valid_q;
  logic [SumW:0] moved, moved_q;  // the bit below the last decides the rounding
  logic [PartW-1:0] part_q;
  logic [ SumW-1:0] sum_q;

  assign en      = !valid_q[1] || ready_i;
  assign ready_o = en;
  assign moved   = signed'({sum_i, 1'b0}) >>> shift_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (en) valid_q <= {valid_q[0], valid_i};
  end

  always_ff @(posedge clk_i) begin
    if (en) begin
      moved_q <= moved;
      part_q  <= part_i;
      sum_q   <= moved_q[SumW:1] + {SumW'(signed'(part_q)) << 8} + SumW'(moved_q[0]);
    end
  end

  assign valid_o = valid_q[1];
  assign sum_o   = sum_q;

`ifdef PERIMETER_FORMAL
  `include "pm_tile_rescale_fv.svh"
`endif
endmodule

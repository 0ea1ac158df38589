// SPDX-License-Identifier: Apache-2.0
/// Input register and plane sequencer: shows a vector of int8 on the wordlines, one bit plane after the other, least
/// significant first. A new vector may follow without a gap.
module pm_hyflex_planes #(
    /// Wordlines, at least 1.
    parameter  int unsigned Rows = 64,
    localparam int unsigned PopW = $clog2(Rows + 1)
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    /// Vectors. x_ready_o follows plane_ready_i within the clock.
    input  logic              x_valid_i,
    output logic              x_ready_o,
    /// Row r in x_i[8r +: 8], two's complement; rows that are not in use hold 0.
    input  logic [Rows*8-1:0] x_i,
    /// Planes, straight from registers.
    output logic              plane_valid_o,
    input  logic              plane_ready_i,
    /// Bit r: row r's bit of the plane.
    output logic [  Rows-1:0] plane_o,
    /// The plane, 0..7.
    output logic [       2:0] index_o,
    /// Active wordlines of the plane.
    output logic [  PopW-1:0] pop_o
);
  if (Rows < 1) begin : g_range
    $error("pm_hyflex_planes: Rows must be at least 1");
  end

  logic [Rows*8-1:0] x_q;
  logic [2:0] index_q;
  logic valid_q, load, last;

  assign last          = plane_ready_i && index_q == 3'd7;
  assign x_ready_o     = !valid_q || last;
  assign load          = x_valid_i && x_ready_o;
  assign plane_valid_o = valid_q;
  assign index_o       = index_q;

  // Each row's byte shifts right: the plane is always bit 0.
  always_comb for (int unsigned r = 0; r < Rows; r++) plane_o[r] = x_q[r*8];

  pm_popcount #(
      .N(Rows)
  ) u_popcount (
      .x_i    (plane_o),
      .count_o(pop_o)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      index_q <= '0;
    end else begin
      if (load) valid_q <= 1'b1;
      else if (last) valid_q <= 1'b0;
      if (plane_ready_i) index_q <= index_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned r = 0; r < Rows; r++) begin
      if (load) x_q[r*8+:8] <= x_i[r*8+:8];
      else if (plane_ready_i) x_q[r*8+:8] <= x_q[r*8+:8] >> 1;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_hyflex_planes_fv.svh"
`endif
endmodule

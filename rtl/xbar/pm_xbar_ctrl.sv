// SPDX-License-Identifier: Apache-2.0
/// Plane and slice sequencer of a crossbar: shows a vector on the wordlines, one bit plane after the other, least significant
/// first, and in each plane has the slices of the weights converted, most significant first.
///
/// abits * ceil(wbits / cell) accesses a vector, one a clock where the array is ready. A new vector may follow without a gap.
module pm_xbar_ctrl #(
    /// Wordlines, at least 1.
    parameter  int unsigned Rows   = 256,
    /// Planes of an input at most, 1..8.
    parameter  int unsigned A      = 8,
    /// Bits of a weight at most, 2..8.
    parameter  int unsigned B      = 8,
    localparam int unsigned AbitsW = $clog2(A + 1),
    localparam int unsigned WbitsW = $clog2(B + 1),
    localparam int unsigned ShiftW = $clog2(B),
    localparam int unsigned PlaneW = A > 1 ? $clog2(A) : 1
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    /// Planes, 1..A. Like the other three it stays as it is while a vector is inside.
    input  logic [AbitsW-1:0] abits_i,
    /// Bits of a weight, 2..B.
    input  logic [WbitsW-1:0] wbits_i,
    /// Bits a cell, 1..4.
    input  logic [       2:0] cell_i,
    /// Inputs are two's complement: the last plane counts negative.
    input  logic              signed_i,
    /// Vectors. Ready follows access_ready_i within the clock.
    input  logic              x_valid_i,
    output logic              x_ready_o,
    /// Row r in x_i[A*r +: A]; 0 in rows that are not in use.
    input  logic [Rows*A-1:0] x_i,
    /// Accesses, from registers.
    output logic              access_valid_o,
    input  logic              access_ready_i,
    /// Wordlines.
    output logic [  Rows-1:0] wl_o,
    /// The slice whose columns are converted, 0 the most significant.
    output logic [ShiftW-1:0] slice_o,
    /// Bits of the weight below that slice.
    output logic [ShiftW-1:0] shift_o,
    /// The plane, 0 the least significant.
    output logic [PlaneW-1:0] plane_o,
    /// The plane counts negative.
    output logic              neg_o,
    /// The vector's last access.
    output logic              last_o
);
  if (Rows < 1 || A < 1 || A > 8 || B < 2 || B > 8) begin : g_range
    $error("pm_xbar_ctrl: Rows must be at least 1, A 1..8, B 2..8");
  end

  logic [Rows*A-1:0] x_q;
  logic [ShiftW-1:0] slice_q, shift_q, first_shift, next_shift;
  logic [PlaneW-1:0] plane_q;
  logic valid_q, load, step, last_slice, last_plane;

  assign first_shift    = 4'(wbits_i) > 4'(cell_i) ? ShiftW'(4'(wbits_i) - 4'(cell_i)) : '0;
  assign next_shift     = 4'(shift_q) > 4'(cell_i) ? ShiftW'(4'(shift_q) - 4'(cell_i)) : '0;
  assign last_slice     = shift_q == '0;
  assign last_plane     = AbitsW'(plane_q) + 1'b1 == abits_i;
  assign step           = valid_q && access_ready_i;
  assign x_ready_o      = !valid_q || (access_ready_i && last_o);
  assign load           = x_valid_i && x_ready_o;

  assign access_valid_o = valid_q;
  assign slice_o        = slice_q;
  assign shift_o        = shift_q;
  assign plane_o        = plane_q;
  assign neg_o          = signed_i && last_plane;
  assign last_o         = last_slice && last_plane;

  // Each row's code shifts right: the plane is always bit 0.
  always_comb for (int unsigned r = 0; r < Rows; r++) wl_o[r] = x_q[r*A];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (load) valid_q <= 1'b1;
    else if (step && last_o) valid_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (load) plane_q <= '0;
    else if (step && last_slice) plane_q <= plane_q + 1'b1;
    if (load || (step && last_slice)) begin
      slice_q <= '0;
      shift_q <= first_shift;
    end else if (step) begin
      slice_q <= slice_q + 1'b1;
      shift_q <= next_shift;
    end
    for (int unsigned r = 0; r < Rows; r++) begin
      if (load) x_q[r*A+:A] <= x_i[r*A+:A];
      else if (step && last_slice) x_q[r*A+:A] <= x_q[r*A+:A] >> 1;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_xbar_ctrl_fv.svh"
`endif
endmodule

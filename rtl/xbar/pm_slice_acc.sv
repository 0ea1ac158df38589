// SPDX-License-Identifier: Apache-2.0
/// Adds up one output's converter codes by their place: slice and plane (docs/numerics.md, "Mapping to RRAM crossbars").
///
/// A code is the difference of a pair of columns. An output's codes may come in any order and from any number of row tiles, up
/// to Kmax rows in all; the one marked last gives the sum, in the next clock, and the code after it begins anew.
module pm_slice_acc #(
    /// Rows of a tile, at least 1.
    parameter  int unsigned R      = 256,
    /// Bits a cell at most, 1..4.
    parameter  int unsigned C      = 4,
    /// Planes of an input at most, 1..8.
    parameter  int unsigned A      = 8,
    /// Bits of a weight at most, 2..8.
    parameter  int unsigned B      = 8,
    /// Rows of an output at most: at least 1, a multiple of R.
    parameter  int unsigned Kmax   = R,
    localparam int unsigned DW     = $clog2(R * (2 ** C - 1) + 1) + 1,
    localparam int unsigned ShiftW = $clog2(B),
    localparam int unsigned PlaneW = A > 1 ? $clog2(A) : 1,
    localparam int unsigned AccW   = A + B + 1 + $clog2(Kmax)
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    /// Codes. Ready follows last_i and y_ready_i within the clock: only an output's last code waits.
    input  logic              d_valid_i,
    output logic              d_ready_o,
    /// The code, signed, |d| <= R (2^width - 1) in a slice of width bits.
    input  logic [    DW-1:0] d_i,
    /// Bits of the weight below its slice.
    input  logic [ShiftW-1:0] shift_i,
    /// Its plane, 0 the least significant.
    input  logic [PlaneW-1:0] plane_i,
    /// It counts negative: the sign plane of two's complement.
    input  logic              neg_i,
    /// It is its output's last.
    input  logic              last_i,
    /// Sums.
    output logic              y_valid_o,
    input  logic              y_ready_i,
    /// The sum, signed.
    output logic [  AccW-1:0] y_o
);
  if (R < 1 || C < 1 || C > 4 || A < 1 || A > 8 || B < 2 || B > 8 || Kmax < R || Kmax % R != 0) begin : g_range
    $error("pm_slice_acc: R must be at least 1, C 1..4, A 1..8, B 2..8, Kmax a multiple of R");
  end

  localparam int unsigned PlacedW = $clog2(A + B - 1);
  logic signed [AccW-1:0] acc_q, placed, sum;
  logic [AccW-1:0] y_q;
  logic y_valid_q, take;

  assign d_ready_o = !last_i || !y_valid_q || y_ready_i;
  assign take      = d_valid_i && d_ready_o;
  assign placed    = AccW'($signed(d_i)) <<< (PlacedW'(shift_i) + PlacedW'(plane_i));
  assign sum       = neg_i ? acc_q - placed : acc_q + placed;
  assign y_valid_o = y_valid_q;
  assign y_o       = y_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      y_valid_q <= 1'b0;
      acc_q     <= '0;
    end else begin
      if (take && last_i) y_valid_q <= 1'b1;
      else if (y_ready_i) y_valid_q <= 1'b0;
      if (take) acc_q <= last_i ? '0 : sum;
    end
  end
  always_ff @(posedge clk_i) if (take && last_i) y_q <= sum;
  // Cells of more bits than a weight: codes are no wider than its slices.
  if (DW > AccW) begin : g_unused
    logic unused;
    assign unused = ^d_i[DW-1:AccW];
  end

`ifdef PERIMETER_FORMAL
  `include "pm_slice_acc_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// The digital edge of one 1T1R crossbar with cells of one to four bits, mixed precision chosen at run time (Pelke et al.,
/// arXiv 2601.21737). Input register, plane and slice sequencer, and an accumulator an output. The cells, the multiplexers of
/// their columns and the converters, one an output that gives the difference of a pair of columns, are at its pins.
///
/// abits * ceil(wbits / cell) accesses a vector, one a clock where the array is ready; a vector of a single access takes two.
module pm_xbar #(
    /// Wordlines, at least 1.
    parameter  int unsigned Rows    = 256,
    /// Outputs, at least 1.
    parameter  int unsigned Outputs = 16,
    /// Bits a cell at most, 1..4.
    parameter  int unsigned C       = 4,
    /// Planes of an input at most, 1..8.
    parameter  int unsigned A       = 8,
    /// Bits of a weight at most, 2..8.
    parameter  int unsigned B       = 8,
    localparam int unsigned AbitsW  = $clog2(A + 1),
    localparam int unsigned WbitsW  = $clog2(B + 1),
    localparam int unsigned ShiftW  = $clog2(B),
    localparam int unsigned PlaneW  = A > 1 ? $clog2(A) : 1,
    localparam int unsigned DW      = $clog2(Rows * (2 ** C - 1) + 1) + 1,
    localparam int unsigned AccW    = A + B + 1 + $clog2(Rows)
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    /// Planes, 1..A. Like the other three it changes only when every accepted vector's result has been taken.
    input  logic [      AbitsW-1:0] abits_i,
    /// Bits of a weight, 2..B.
    input  logic [      WbitsW-1:0] wbits_i,
    /// Bits a cell, 1..C.
    input  logic [             2:0] cell_i,
    /// Inputs are two's complement.
    input  logic                    signed_i,
    /// Vectors. Ready follows wl_ready_i within the clock.
    input  logic                    x_valid_i,
    output logic                    x_ready_o,
    /// Row r in x_i[A*r +: A]; 0 in rows that are not in use.
    input  logic [      Rows*A-1:0] x_i,
    /// An access is under way; its wordlines and side band stay as they are.
    output logic                    wl_valid_o,
    /// The array's answer: this is the access's last clock, and d_i belongs to it.
    input  logic                    wl_ready_i,
    /// Wordlines, straight from flops.
    output logic [        Rows-1:0] wl_o,
    /// The slice whose columns the multiplexers show, 0 the most significant.
    output logic [      ShiftW-1:0] wl_slice_o,
    /// The plane, 0 the least significant.
    output logic [      PlaneW-1:0] wl_plane_o,
    /// The vector's last access.
    output logic                    wl_last_o,
    /// Output m's converter in d_i[DW*m +: DW], signed: column G+ less column G-.
    input  logic [  Outputs*DW-1:0] d_i,
    /// Results.
    output logic                    y_valid_o,
    input  logic                    y_ready_i,
    /// Output m in y_o[AccW*m +: AccW], signed.
    output logic [Outputs*AccW-1:0] y_o
);
  if (Rows < 1 || Outputs < 1 || C < 1 || C > 4 || A < 1 || A > 8 || B < 2 || B > 8) begin : g_range
    $error("pm_xbar: Rows and Outputs must be at least 1, C 1..4, A 1..8, B 2..8");
  end

  logic access, neg;
  logic [ShiftW-1:0] shift;
  logic [Outputs-1:0] d_ready, y_valid;

  // The last access waits until the output registers are free, by registers alone: drivers do not see y_ready_i.
  assign wl_valid_o = access && !(wl_last_o && y_valid_o);
  assign y_valid_o  = y_valid[0];

  logic unused;
  assign unused = ^{d_ready, y_valid};

  pm_xbar_ctrl #(
      .Rows(Rows),
      .A   (A),
      .B   (B)
  ) u_ctrl (
      .clk_i,
      .rst_ni,
      .abits_i,
      .wbits_i,
      .cell_i,
      .signed_i,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .access_valid_o(access),
      .access_ready_i(wl_valid_o && wl_ready_i),
      .wl_o,
      .slice_o       (wl_slice_o),
      .shift_o       (shift),
      .plane_o       (wl_plane_o),
      .neg_o         (neg),
      .last_o        (wl_last_o)
  );

  for (genvar m = 0; m < Outputs; m++) begin : g_output
    pm_slice_acc #(
        .R   (Rows),
        .C   (C),
        .A   (A),
        .B   (B),
        .Kmax(Rows)
    ) u_acc (
        .clk_i,
        .rst_ni,
        .d_valid_i(wl_valid_o && wl_ready_i),
        .d_ready_o(d_ready[m]),
        .d_i      (d_i[m*DW+:DW]),
        .shift_i  (shift),
        .plane_i  (wl_plane_o),
        .neg_i    (neg),
        .last_i   (wl_last_o),
        .y_valid_o(y_valid[m]),
        .y_ready_i,
        .y_o      (y_o[m*AccW+:AccW])
    );
  end
endmodule

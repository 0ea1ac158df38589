// SPDX-License-Identifier: Apache-2.0
/// Bench of pm_xbar at the pins of a real macro: xbar_rtl.c drives it; cells, multiplexers and converters are there.
module pm_xbar_tb #(
    parameter int unsigned Rows    = 256,
    parameter int unsigned Outputs = 8,
    parameter int unsigned C       = 4,
    parameter int unsigned A       = 8,
    parameter int unsigned B       = 8
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned DW = $clog2(Rows * (2 ** C - 1) + 1) + 1;
  localparam int unsigned AccW = A + B + 1 + $clog2(Rows);

  import "DPI-C" function void pm_xbar_elaborated(
    input int rows, input int outputs, input int c, input int a, input int b, output int abits, output int wbits,
    output int cell_bits, output bit is_signed);
  import "DPI-C" function void pm_xbar_step(
    input bit x_ready, input bit wl_valid, input bit [Rows-1:0] wl, input int slice, input int plane, input bit last,
    input bit y_valid, input bit [Outputs*AccW-1:0] y, output bit x_valid, output bit [Rows*A-1:0] x,
    output bit wl_ready, output bit y_ready);
  import "DPI-C" function void pm_xbar_convert(
    input bit [Rows-1:0] wl, input int slice, input int plane, output bit [Outputs*DW-1:0] d);

  int abits, wbits, cell_bits;
  bit is_signed, x_valid, wl_ready, y_ready, x_valid_d, wl_ready_d, y_ready_d;
  bit [Rows*A-1:0] x, x_d;
  bit [Outputs*DW-1:0] d, d_d;
  wire x_ready, wl_valid, last, y_valid;
  wire [Rows-1:0] wl;
  wire [$clog2(B)-1:0] slice;
  wire [(A > 1 ? $clog2(A) : 1)-1:0] plane;
  wire [Outputs*AccW-1:0] y;

  pm_xbar #(
      .Rows   (Rows),
      .Outputs(Outputs),
      .C      (C),
      .A      (A),
      .B      (B)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .abits_i   (abits[$clog2(A+1)-1:0]),
      .wbits_i   (wbits[$clog2(B+1)-1:0]),
      .cell_i    (cell_bits[2:0]),
      .signed_i  (is_signed),
      .x_valid_i (x_valid),
      .x_ready_o (x_ready),
      .x_i       (x),
      .wl_valid_o(wl_valid),
      .wl_ready_i(wl_ready),
      .wl_o      (wl),
      .wl_slice_o(slice),
      .wl_plane_o(plane),
      .wl_last_o (last),
      .d_i       (d),
      .y_valid_o (y_valid),
      .y_ready_i (y_ready),
      .y_o       (y)
  );

  initial pm_xbar_elaborated(Rows, Outputs, C, A, B, abits, wbits, cell_bits, is_signed);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_xbar_step(x_ready, wl_valid, wl, 32'(slice), 32'(plane), last, y_valid, y, x_valid_d, x_d, wl_ready_d, y_ready_d);
      x_valid  <= x_valid_d;
      x        <= x_d;
      wl_ready <= wl_ready_d;
      y_ready  <= y_ready_d;
    end
  end
  always @(negedge clk_i) begin
    if (rst_ni && wl_valid && wl_ready) begin
      pm_xbar_convert(wl, 32'(slice), 32'(plane), d_d);
      d = d_d;
    end
  end
endmodule

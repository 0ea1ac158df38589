// SPDX-License-Identifier: Apache-2.0
// Bench of pm_dcim: vectors in, results out, both with stalls; the cells are written during reset.
module pm_dcim_tb #(
    parameter int unsigned Rows = 128,
    parameter int unsigned Outputs = 8,
    parameter int unsigned XBits = 8,
    parameter int unsigned G = 2,
    parameter int unsigned Every = 2,
    localparam int unsigned AccW = XBits + 8 + $clog2(Rows)
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_dcim_cells(
    input int rows,
    input int outputs,
    input int xbits,
    input int latency,
    output bit [Outputs*Rows*8-1:0] w,
    output bit is_signed
  );
  import "DPI-C" function void pm_dcim_step(
    input bit ready,
    output bit valid,
    output bit [Rows*XBits-1:0] x,
    input bit y_valid,
    output bit y_ready,
    input bit [Outputs*AccW-1:0] y
  );
  localparam int unsigned Levels = $clog2((Rows + G - 1) / G);
  localparam int unsigned Latency = XBits + (Every > 0 ? (Levels + Every - 1) / (Every > 0 ? Every : 1) : 0);

  bit valid, y_ready, valid_next, y_ready_next, is_signed, is_signed_next;
  bit [Outputs*Rows*8-1:0] w, w_next;
  bit [Rows*XBits-1:0] x, x_next;
  logic ready, y_valid;
  logic [Outputs*AccW-1:0] y;

  pm_dcim #(
      .Rows(Rows),
      .Outputs(Outputs),
      .XBits(XBits),
      .G(G),
      .Every(Every)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .w_i(w),
      .signed_i(is_signed),
      .x_valid_i(valid),
      .x_ready_o(ready),
      .x_i(x),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_dcim_step(ready, valid_next, x_next, y_valid, y_ready_next, y);
      valid   <= valid_next;
      x       <= x_next;
      y_ready <= y_ready_next;
    end else begin
      pm_dcim_cells(Rows, Outputs, XBits, Latency, w_next, is_signed_next);
      w <= w_next;
      is_signed <= is_signed_next;
    end
  end
endmodule

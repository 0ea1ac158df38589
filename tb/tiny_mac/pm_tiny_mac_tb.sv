// SPDX-License-Identifier: Apache-2.0
// Bench of pm_tiny_mac: rows in, sums out, both with stalls.
module pm_tiny_mac_tb #(
    parameter int unsigned Lanes = 8,
    parameter int unsigned XBits = 12,
    localparam int unsigned AccW = XBits + 12
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_tiny_mac_step(
    input int lanes,
    input int xbits,
    input bit ready,
    output bit valid,
    output bit [Lanes*XBits-1:0] x,
    output bit [Lanes*8-1:0] w,
    output bit last,
    output bit is_signed,
    input bit y_valid,
    output bit y_ready,
    input bit [Lanes*AccW-1:0] y
  );

  bit valid, last, y_ready, valid_next, last_next, y_ready_next, is_signed, is_signed_next;
  bit [Lanes*XBits-1:0] x, x_next;
  bit [Lanes*8-1:0] w, w_next;
  logic ready, y_valid;
  logic [Lanes*AccW-1:0] y;

  pm_tiny_mac #(
      .Lanes(Lanes),
      .XBits(XBits)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .signed_i(is_signed),
      .valid_i(valid),
      .ready_o(ready),
      .x_i(x),
      .w_i(w),
      .last_i(last),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_tiny_mac_step(Lanes, XBits, ready, valid_next, x_next, w_next, last_next, is_signed_next, y_valid, y_ready_next, y);
      valid     <= valid_next;
      x         <= x_next;
      w         <= w_next;
      last      <= last_next;
      is_signed <= is_signed_next;
      y_ready   <= y_ready_next;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// Bench of pm_shift_add: beats in, results out, both with stalls.
module pm_shift_add_tb #(
    parameter int unsigned Outputs = 16,
    parameter int unsigned WBits = 8,
    parameter int unsigned XBits = 8,
    parameter int unsigned Rows = 64,
    localparam int unsigned PlaneW = $clog2(XBits),
    localparam int unsigned AccW = XBits + WBits + $clog2(Rows)
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_shift_add_elaborated(
    input int outputs,
    input int wbits,
    input int acc_bits
  );
  import "DPI-C" function void pm_shift_add_step(
    input bit ready,
    output bit valid,
    output bit [Outputs*WBits*4-1:0] code,
    output bit [7:0] side,
    input bit y_valid,
    output bit y_ready,
    input bit [Outputs*AccW-1:0] y
  );

  bit valid, y_ready, valid_next, y_ready_next;
  bit [Outputs*WBits*4-1:0] code, code_next;
  bit [7:0] side, side_next;  // empty, last, first, neg, plane
  logic ready, y_valid;
  logic [Outputs*AccW-1:0] y;

  initial pm_shift_add_elaborated(Outputs, WBits, AccW);

  pm_shift_add #(
      .Outputs(Outputs),
      .WBits  (WBits),
      .XBits  (XBits),
      .Rows   (Rows)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .valid_i  (valid),
      .ready_o  (ready),
      .code_i   (code),
      .plane_i  (side[PlaneW-1:0]),
      .neg_i    (side[4]),
      .first_i  (side[5]),
      .last_i   (side[6]),
      .empty_i  (side[7]),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o      (y)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_shift_add_step(ready, valid_next, code_next, side_next, y_valid, y_ready_next, y);
      valid   <= valid_next;
      code    <= code_next;
      side    <= side_next;
      y_ready <= y_ready_next;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// Bench of pm_nmc: operations in, results out, the array with its sense amplifiers in C at its pins; all three with stalls.
module pm_nmc_tb #(
    parameter  int unsigned Cols  = 576,
    localparam int unsigned ColsW = $clog2(Cols + 1)
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_nmc_step(
    input int width,
    input bit x_ready,
    input bit read,
    input int row,
    input bit is_xor,
    input bit [Cols-1:0] in,
    input bit y_valid,
    input int y,
    input int index,
    input bit last,
    input bit [79:0] counts,
    output bit x_valid,
    output bit [8:0] mode,
    output int cols,
    output bit [8*Cols-1:0] x,
    output bit done,
    output bit y_ready
  );
  import "DPI-C" function void pm_nmc_array(
    input bit read,
    input int row,
    input bit is_xor,
    input bit [Cols-1:0] in,
    output bit [Cols-1:0] sa
  );

  bit x_valid, done, y_ready, x_valid_next, done_next, y_ready_next;
  bit [8:0] mode, mode_next;  // skip, signed, order[2], xor, rows[4]
  int cols_next;
  bit [ColsW-1:0] cols;
  bit [8*Cols-1:0] x, x_next;
  bit [Cols-1:0] sa, sa_next;
  logic x_ready, read, is_xor, y_valid, last;
  logic [2:0] row, index;
  logic [Cols-1:0] in;
  logic [25:0] y;
  logic [15:0] accesses, reads, t_sa, t_mul, t_xor;

  pm_nmc #(
      .Cols(Cols)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .x_valid_i (x_valid),
      .x_ready_o (x_ready),
      .xor_i     (mode[4]),
      .order_i   (mode[6:5]),
      .signed_i  (mode[7]),
      .skip_i    (mode[8]),
      .cols_i    (cols),
      .rows_i    (mode[3:0]),
      .x_i       (x),
      .read_o    (read),
      .done_i    (done),
      .row_o     (row),
      .xor_o     (is_xor),
      .in_o      (in),
      .sa_i      (sa),
      .y_valid_o (y_valid),
      .y_ready_i (y_ready),
      .y_o       (y),
      .index_o   (index),
      .last_o    (last),
      .accesses_o(accesses),
      .reads_o   (reads),
      .t_sa_o    (t_sa),
      .t_mul_o   (t_mul),
      .t_xor_o   (t_xor)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_nmc_step(Cols, x_ready, read, 32'(row), is_xor, in, y_valid, 32'($signed(y)), 32'(index), last, {
                  t_xor, t_mul, t_sa, reads, accesses}, x_valid_next, mode_next, cols_next, x_next, done_next, y_ready_next);
      x_valid <= x_valid_next;
      mode    <= mode_next;
      cols    <= cols_next[ColsW-1:0];
      x       <= x_next;
      done    <= done_next;
      y_ready <= y_ready_next;
    end
  end

  // Where the read is done the array answers in the same clock; else its amplifiers say nothing.
  always @(negedge clk_i) begin
    if (rst_ni) begin
      pm_nmc_array(read && done, 32'(row), is_xor, in, sa_next);
      sa <= sa_next;
    end
  end
endmodule

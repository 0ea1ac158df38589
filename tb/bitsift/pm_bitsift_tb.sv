// SPDX-License-Identifier: Apache-2.0
// pm_bitsift behind DPI: bitsift_rtl.c drives vectors and takes accesses.
module pm_bitsift_tb #(
  parameter int unsigned Rows = 64,
  parameter int unsigned Bits = 8,
  parameter int unsigned Slice = 16,
  parameter int unsigned Scan = 0
) (
  input bit clk_i,
  input bit rst_ni
);
  localparam int unsigned PlaneW = $clog2(Bits);

  import "DPI-C" function void pm_bitsift_step(
    input int rows, input int bits, input int slice, input int scan, input bit x_ready, input bit acc_valid,
    input bit [Rows-1:0] mask, input bit [6:0] dummy, input bit [PlaneW-1:0] plane, input bit [2:0] flags,
    output bit x_valid, output bit [Rows*Bits-1:0] x, output bit [2:0] config_bits, output bit acc_ready);

  bit x_valid, x_ready, acc_valid, acc_ready, neg, last_plane, last_vector;
  bit [2:0] config_bits;
  bit [Rows*Bits-1:0] x;
  bit [Rows-1:0] mask;
  bit [6:0] dummy;
  bit [PlaneW-1:0] plane;

  pm_bitsift #(.Rows(Rows), .Bits(Bits), .Slice(Slice), .Scan(Scan != 0)) u_dut (
    .clk_i, .rst_ni,
    .x_valid_i(x_valid), .x_ready_o(x_ready), .x_i(x),
    .signed_i(config_bits[0]), .sign_coding_i(config_bits[1]), .eplanes_i(config_bits[2]),
    .acc_valid_o(acc_valid), .acc_ready_i(acc_ready), .mask_o(mask), .dummy_o(dummy), .plane_o(plane), .neg_o(neg),
    .last_plane_o(last_plane), .last_vector_o(last_vector)
  );

  always @(posedge clk_i) if (rst_ni) begin
    bit next_valid, next_ready;
    bit [2:0] next_config;
    bit [Rows*Bits-1:0] next_x;
    pm_bitsift_step(Rows, Bits, Slice, Scan, x_ready, acc_valid, mask, dummy, plane, {last_vector, last_plane, neg},
                    next_valid, next_x, next_config, next_ready);
    x_valid <= next_valid;
    x <= next_x;
    config_bits <= next_config;
    acc_ready <= next_ready;
  end
endmodule

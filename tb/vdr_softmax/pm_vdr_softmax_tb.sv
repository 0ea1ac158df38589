// SPDX-License-Identifier: Apache-2.0
/// Bench of pm_vdr_softmax: vdr_softmax_rtl.c drives it.
module pm_vdr_softmax_tb #(
    parameter int unsigned Lanes = 16,
    parameter int unsigned MaxN  = 64
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned ZW = 8 + $clog2(MaxN);

  import "DPI-C" function void pm_vdr_softmax_config(
    input int lanes, input int max_n, output bit [767:0] lut, output bit round);
  import "DPI-C" function void pm_vdr_softmax_step(
    input bit x_ready, input bit a_valid, input bit [Lanes*8-1:0] a, input bit a_last, input bit [31:0] z,
    output bit x_valid, output bit [Lanes*8-1:0] x, output bit [Lanes-1:0] keep, output bit x_last, output byte ne,
    output bit a_ready);

  bit [767:0] lut;
  bit round;
  bit x_valid, x_last, a_ready;
  bit [Lanes*8-1:0] x;
  bit [Lanes-1:0] keep;
  byte ne;
  wire x_ready, a_valid, a_last;
  wire [Lanes*8-1:0] a;
  wire [ZW-1:0] z;

  pm_vdr_softmax #(
      .Lanes(Lanes),
      .MaxN (MaxN),
      .NeW  (8)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .round_i  (round),
      .lut_i    (lut),
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .x_i      (x),
      .keep_i   (keep),
      .x_last_i (x_last),
      .ne_i     (ne),
      .a_valid_o(a_valid),
      .a_ready_i(a_ready),
      .a_o      (a),
      .a_last_o (a_last),
      .z_o      (z)
  );

  bit x_valid_d, x_last_d, a_ready_d;
  bit [Lanes*8-1:0] x_d;
  bit [Lanes-1:0] keep_d;
  byte ne_d;

  initial pm_vdr_softmax_config(Lanes, MaxN, lut, round);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_vdr_softmax_step(x_ready, a_valid, a, a_last, 32'(z), x_valid_d, x_d, keep_d, x_last_d, ne_d, a_ready_d);
      x_valid <= x_valid_d;
      x       <= x_d;
      keep    <= keep_d;
      x_last  <= x_last_d;
      ne      <= ne_d;
      a_ready <= a_ready_d;
    end
  end
endmodule

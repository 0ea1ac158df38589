// SPDX-License-Identifier: Apache-2.0
/// Bench of pm_head_norm: head_norm_rtl.c drives it.
module pm_head_norm_tb #(
    parameter int unsigned Lanes = 1,
    parameter int unsigned OW    = 32,
    parameter int unsigned ZW    = 15
) (
    input bit clk_i,
    input bit rst_ni
);
  import "DPI-C" function void pm_head_norm_config(input int lanes, input int ow, input int zw);
  import "DPI-C" function void pm_head_norm_step(
    input bit o_ready, input bit y_valid, input bit [Lanes*32-1:0] y, input bit z_zero,
    output bit o_valid, output bit [Lanes*OW-1:0] o, output bit [31:0] z, output bit y_ready, output bit clear);

  bit o_valid, y_ready, clear;
  bit [Lanes*OW-1:0] o;
  bit [31:0] z;
  wire o_ready, y_valid, z_zero;
  wire [Lanes*32-1:0] y;

  pm_head_norm #(
      .Lanes(Lanes),
      .OW   (OW),
      .ZW   (ZW)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .clear_i  (clear),
      .o_valid_i(o_valid),
      .o_ready_o(o_ready),
      .o_i      (o),
      .z_i      (z[ZW-1:0]),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o      (y),
      .z_zero_o (z_zero)
  );

  bit o_valid_d, y_ready_d, clear_d;
  bit [Lanes*OW-1:0] o_d;
  bit [31:0] z_d;

  initial pm_head_norm_config(Lanes, OW, ZW);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_head_norm_step(o_ready, y_valid, y, z_zero, o_valid_d, o_d, z_d, y_ready_d, clear_d);
      o_valid <= o_valid_d;
      o       <= o_d;
      z       <= z_d;
      y_ready <= y_ready_d;
      clear   <= clear_d;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// Lanes converters side by side, each with its own comparator in C.
module pm_sar_ctrl_tb #(
    parameter int unsigned Lanes = 16
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_sar_ctrl_step(
    input int lanes,
    input bit [Lanes-1:0] busy,
    input bit [Lanes-1:0] valid,
    input bit [Lanes-1:0] c7_en,
    input bit [Lanes*7-1:0] dac,
    input bit [Lanes*7-1:0] code,
    output bit [Lanes-1:0] start,
    output bit [Lanes-1:0] mode6
  );
  import "DPI-C" function void pm_sar_ctrl_compare(
    input bit [Lanes*7-1:0] dac,
    output bit [Lanes-1:0] cmp
  );

  bit [Lanes-1:0] start, mode6, cmp, start_next, mode6_next, cmp_next;
  logic [Lanes-1:0] busy, valid, c7_en;
  logic [Lanes*7-1:0] dac, code;

  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    pm_sar_ctrl u_dut (
        .clk_i,
        .rst_ni,
        .start_i(start[l]),
        .mode6_i(mode6[l]),
        .cmp_i(cmp[l]),
        .dac_o(dac[l*7+:7]),
        .c7_en_o(c7_en[l]),
        .busy_o(busy[l]),
        .code_o(code[l*7+:7]),
        .valid_o(valid[l])
    );
  end

  always @(posedge clk_i)
    if (rst_ni) begin
      pm_sar_ctrl_step(Lanes, busy, valid, c7_en, dac, code, start_next, mode6_next);
      start <= start_next;
      mode6 <= mode6_next;
    end
  always @(negedge clk_i)
    if (rst_ni) begin
      pm_sar_ctrl_compare(dac, cmp_next);
      cmp <= cmp_next;
    end
endmodule

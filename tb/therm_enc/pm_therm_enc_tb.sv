// SPDX-License-Identifier: Apache-2.0
// Bench of pm_therm_enc: new comparators every clock, codes a clock later.
module pm_therm_enc_tb #(
    parameter int unsigned Columns = 64
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_therm_enc_step(
    input int columns,
    input bit [Columns*4-1:0] code,
    output bit [Columns*8-1:0] cmp
  );

  bit [Columns*8-1:0] cmp, cmp_next;
  logic [Columns*4-1:0] code;

  pm_therm_enc #(
      .Columns(Columns)
  ) u_dut (
      .cmp_i (cmp),
      .code_o(code)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_therm_enc_step(Columns, code, cmp_next);
      cmp <= cmp_next;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// pm_nor_pim with its array in C: cells that a NOR can only clear, and only after a preset.
module pm_nor_pim_tb #(
    parameter int unsigned ABits = 8,
    parameter int unsigned BBits = 8,
    parameter int unsigned Cols = 192
) (
    input logic clk_i,
    input logic rst_ni
);
  localparam int unsigned Lanes = Cols / 3;
  localparam int unsigned Products = ABits * BBits;
  localparam int unsigned Mults = Lanes >= Products ? Lanes / Products : 1;
  localparam int unsigned Rows = (Products + Lanes - 1) / Lanes;
  localparam int unsigned RowW = Rows > 1 ? $clog2(Rows) : 1;
  localparam int unsigned PW = ABits + BBits;

  import "DPI-C" function void pm_nor_pim_step(
    input int abits,
    input int bbits,
    input int cols,
    input bit ready,
    input int strobes,
    input bit p_valid,
    input bit [Mults*PW-1:0] p,
    output bit valid,
    output bit [Mults*ABits-1:0] a,
    output bit [Mults*BBits-1:0] b,
    output bit a_signed,
    output bit b_signed,
    output bit p_ready
  );
  import "DPI-C" function void pm_nor_pim_array(
    input int strobes,
    input int row,
    input bit [Lanes-1:0] data,
    output bit [Lanes-1:0] result
  );

  bit valid, a_signed, b_signed, p_ready, valid_next, a_signed_next, b_signed_next, p_ready_next;
  bit [Mults*ABits-1:0] a, a_next;
  bit [Mults*BBits-1:0] b, b_next;
  bit [Lanes-1:0] result, result_next;
  logic ready, p_valid;
  logic [4:0] strobes;
  logic [RowW-1:0] row;
  logic [Lanes-1:0] data;
  logic [Mults*PW-1:0] p;

  pm_nor_pim #(
      .ABits(ABits),
      .BBits(BBits),
      .Cols (Cols)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .valid_i(valid),
      .ready_o(ready),
      .a_i(a),
      .b_i(b),
      .a_signed_i(a_signed),
      .b_signed_i(b_signed),
      .write_a_o(strobes[0]),
      .write_b_o(strobes[1]),
      .preset_o(strobes[2]),
      .nor_o(strobes[3]),
      .read_o(strobes[4]),
      .row_o(row),
      .data_o(data),
      .result_i(result),
      .p_valid_o(p_valid),
      .p_ready_i(p_ready),
      .p_o(p)
  );

  always @(posedge clk_i)
    if (rst_ni) begin
      pm_nor_pim_step(ABits, BBits, Cols, ready, 32'(strobes), p_valid, p, valid_next, a_next, b_next, a_signed_next,
                      b_signed_next, p_ready_next);
      valid    <= valid_next;
      a        <= a_next;
      b        <= b_next;
      a_signed <= a_signed_next;
      b_signed <= b_signed_next;
      p_ready  <= p_ready_next;
    end
  // p_ready may hold a read back within the clock: the array acts at the falling edge, on strobes that are settled.
  always @(negedge clk_i)
    if (rst_ni) begin
      pm_nor_pim_array(32'(strobes), 32'(row), data, result_next);
      result <= result_next;
    end
endmodule

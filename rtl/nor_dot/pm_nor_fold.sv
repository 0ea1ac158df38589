// SPDX-License-Identifier: Apache-2.0
/// Shift-and-add of one array's row, laid out by pm_nor_lanes: the sum of its multiplications, in two clocks: slots, and their
/// sum.
module pm_nor_fold #(
    /// Columns of the array, three a lane, at least 288.
    parameter int unsigned Cols = 1024,
    localparam int unsigned Lanes = Cols / 3,
    localparam int unsigned M8 = Lanes / 64,
    localparam int unsigned M12 = Lanes / 96,
    localparam int unsigned SumW = 20 + $clog2(M12)
) (
    input  logic             clk_i,
    /// 12 x 8 bits, a unsigned; else 8 x 8, a signed. It counts with read_i.
    input  logic             wide_i,
    /// The row is read.
    input  logic             read_i,
    /// Result columns.
    input  logic [Lanes-1:0] result_i,
    /// Two clocks later: the sum of a b, b signed.
    output logic [ SumW-1:0] sum_o
);
  if (Cols < 288) begin : g_range
    $error("pm_nor_fold: Cols must be at least 288");
  end

  localparam int unsigned Halves = 2 * (M8 - M12) > M12 ? 2 * (M8 - M12) : M12;

  logic wide_q;
  logic [M12*16-1:0] slot_d, slot_q;
  logic [Halves*12-1:0] half_d, half_q;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic [SumW-1:0] shifted_half(input logic [11:0] value, input logic [3:0] shift);
    shifted_half = SumW'($signed(value)) << shift;
  endfunction
  /* verilator lint_on VARHIDDEN */

  for (genvar m = 0; m < M12; m++) begin : g_slot
    pm_nor_reduce #(
        .ABits(8),
        .BBits(8)
    ) u_reduce (
        .product_i (result_i[m*64+:64]),
        .a_signed_i(!wide_i),
        .b_signed_i(1'b1),
        .p_o       (slot_d[m*16+:16])
    );
  end
  for (genvar g = 0; g < Halves; g++) begin : g_half
    pm_nor_reduce #(
        .ABits(4),
        .BBits(8)
    ) u_reduce (
        .product_i (result_i[M12*64+g*32+:32]),
        .a_signed_i(!wide_i && g % 2 == 1),
        .b_signed_i(1'b1),
        .p_o       (half_d[g*12+:12])
    );
  end
  if (Lanes > M12 * 64 + Halves * 32) begin : g_unused
    logic unused;
    assign unused = ^result_i[Lanes-1:M12*64+Halves*32];
  end

  always_ff @(posedge clk_i) if (read_i) {wide_q, half_q, slot_q} <= {wide_i, half_d, slot_d};

  logic [SumW-1:0] low, high;
  always_comb begin
    low  = '0;
    high = '0;
    for (int unsigned m = 0; m < M12; m++) low += SumW'($signed(slot_q[m*16+:16]));
    for (int unsigned g = 0; g < Halves; g += 2) begin
      high += shifted_half(half_q[g*12+:12], wide_q ? 8 : 0) +
          (g + 1 < Halves ? shifted_half(half_q[(g+1)%Halves*12+:12], wide_q ? 8 : 4) : '0);
    end
  end
  always_ff @(posedge clk_i) sum_o <= low + high;
endmodule

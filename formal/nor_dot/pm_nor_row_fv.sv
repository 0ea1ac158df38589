// SPDX-License-Identifier: Apache-2.0
// A row of the array between pm_nor_lanes and pm_nor_fold: what is left of preset cells where neither operand's complement is 1 folds
// to the sum of the products of all multiplications in use, for all operands, in one form.
module pm_nor_row_fv #(
    parameter int unsigned Cols = 288,
    parameter bit Wide = 0,
    localparam int unsigned Lanes = Cols / 3,
    localparam int unsigned M8 = Lanes / 64,
    localparam int unsigned M12 = Lanes / 96,
    localparam int unsigned AW = 8 * M8 > 12 * M12 ? 8 * M8 : 12 * M12,
    localparam int unsigned SumW = 20 + $clog2(M12)
) (
    input logic            clk_i,
    input logic            read_i,
    input logic [  M8-1:0] used_i,
    input logic [  AW-1:0] a_i,
    input logic [M8*8-1:0] b_i
);
  logic [Lanes-1:0] a_cells, b_cells;
  logic [SumW-1:0] sum, want, want_q, want_qq;
  logic [1:0] read_q = 2'b00;

  pm_nor_lanes #(.Cols(Cols)) u_a (.wide_i(Wide), .b_columns_i(1'b0), .used_i, .a_i, .b_i, .data_o(a_cells));
  pm_nor_lanes #(.Cols(Cols)) u_b (.wide_i(Wide), .b_columns_i(1'b1), .used_i, .a_i, .b_i, .data_o(b_cells));
  pm_nor_fold #(.Cols(Cols)) u_fold (.clk_i, .wide_i(Wide), .read_i, .result_i(~(a_cells | b_cells)), .sum_o(sum));

  // b where a's bit is 1, shifted, subtracted for the sign bit of eight. A half slot is added up by itself, so that the prover has sums
  // of the same numbers.
  logic [M8*16-1:0] low;
  logic [M8*12-1:0] high;
  always_comb begin
    logic [15:0] b;
    logic a;
    low = '0;
    high = '0;
    want = '0;
    for (int unsigned m = 0; m < M8; m++) begin
      b = 16'($signed(b_i[m*8+:8]));
      for (int unsigned i = 0; i < (m < M12 ? 8 : 4); i++) begin
        a = used_i[m] && (Wide ? m < M12 && a_i[m%M12*12+i] : a_i[m*8+i]);
        if (i == 7 && !Wide) low[m*16+:16] = low[m*16+:16] - (b & {16{a}}) * 16'd128;
        else low[m*16+:16] = low[m*16+:16] + ((b & {16{a}}) << i);
      end
      for (int unsigned i = 0; i < 4; i++) begin
        a = used_i[m] && (Wide ? m < M12 && a_i[m%M12*12+8+i] : m >= M12 && a_i[m*8+4+i]);
        if (i == 3 && !Wide) high[m*12+:12] = high[m*12+:12] - ((b[11:0] & {12{a}}) << i);
        else high[m*12+:12] = high[m*12+:12] + ((b[11:0] & {12{a}}) << i);
      end
    end
    for (int unsigned m = 0; m < M8; m++) begin
      want = want + SumW'($signed(low[m*16+:16]));
      want = want + (SumW'($signed(high[m*12+:12])) << (Wide ? 8 : 4));
    end
  end

  always_ff @(posedge clk_i) begin
    read_q <= {read_q[0], read_i};
    if (read_i) want_q <= want;
    want_qq <= want_q;
  end
  always_comb begin
    if (read_q[1]) is_sum : assert (sum == want_qq);
`ifdef CANARY
    if (read_q[1]) canary : assert (sum != SumW'(77));
`endif
  end
endmodule

// Whatever the cells are: a sum stays within what M12 products of 4095 * 128 can give.
module pm_nor_bound_fv #(
    parameter int unsigned Cols = 288,
    localparam int unsigned Lanes = Cols / 3,
    localparam int unsigned M12 = Lanes / 96,
    localparam int unsigned SumW = 20 + $clog2(M12)
) (
    input logic             clk_i,
    input logic             wide_i,
    input logic             read_i,
    input logic [Lanes-1:0] result_i
);
  localparam int unsigned Most = M12 * 4095 * 128;
  logic signed [SumW-1:0] sum;
  logic [1:0] read_q = 2'b00;

  pm_nor_fold #(.Cols(Cols)) u_fold (.clk_i, .wide_i, .read_i, .result_i, .sum_o(sum));

  always_ff @(posedge clk_i) read_q <= {read_q[0], read_i};
  always_comb begin
    if (read_q[1]) within : assert (sum <= $signed(SumW'(Most)) && sum >= $signed(-(SumW'(Most))));
`ifdef CANARY
    if (read_q[1]) canary : assert (sum < $signed(SumW'(Most - 4095)));
`endif
  end
endmodule

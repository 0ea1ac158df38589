// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_emsbq: a group out for each group in, in order. A group is its token's number in element 0; the shift is that
/// number where it becomes a token's exponent (groups of 32 bits), else 0. Its three stages fill before it refuses.
module pm_emsbq #(
    parameter int unsigned N = 64,
    parameter int unsigned W = 32,
    parameter int unsigned Q = 8
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 signed_i,
    input  logic                 round_i,
    input  logic                 x_valid_i,
    output logic                 x_ready_o,
    input  logic [      N*W-1:0] x_i,
    input  logic [        N-1:0] keep_i,
    output logic                 y_valid_o,
    input  logic                 y_ready_i,
    output logic [      N*Q-1:0] y_o,
    output logic [$clog2(W)-1:0] s_o
);
  // Whether it likes comes from outside: quantisers side by side move in step, since their stages do not look at the data.
  wire fv_eager, fv_take, fv_give;
  logic [4:0] number;
  logic [6:0] fv_count;
  logic [19:0] fv_words;

  pm_fv_queue #(
      .Depth(4)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .eager_i(fv_eager),
      .take_i (fv_take || fv_count < 7'd3),
      .give_i (fv_give),
      .valid_i(x_valid_i),
      .ready_o(x_ready_o),
      .data_i (x_i[4:0]),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .data_o (number),
      .count_o(fv_count),
      .words_o(fv_words)
  );
  assign y_o = {N{Q'(number)}};
  assign s_o = W == 32 ? $clog2(W)'(number) : '0;
endmodule

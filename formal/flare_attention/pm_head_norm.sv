// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_head_norm: a beat out for each beat in, in order. A beat is its token's number, and so is its Z.
module pm_head_norm #(
    parameter int unsigned Lanes = 1,
    parameter int unsigned OW    = 32,
    parameter int unsigned ZW    = 15
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                clear_i,
    input  logic                o_valid_i,
    output logic                o_ready_o,
    input  logic [Lanes*OW-1:0] o_i,
    input  logic [      ZW-1:0] z_i,
    output logic                y_valid_o,
    input  logic                y_ready_i,
    output logic [Lanes*32-1:0] y_o,
    output logic                z_zero_o
);
  wire fv_eager;
  (* anyseq *) logic take, give;
  logic [4:0] number;
  logic [6:0] fv_count;
  logic [14:0] fv_words;

  pm_fv_queue #(
      .Depth(3)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .eager_i(fv_eager),
      .take_i (take),
      .give_i (give),
      .valid_i(o_valid_i),
      .ready_o(o_ready_o),
      .data_i (o_i[4:0]),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .data_o (number),
      .count_o(fv_count),
      .words_o(fv_words)
  );
  assign y_o      = {Lanes{32'(number)}};
  assign z_zero_o = 1'b0;
  always_comb if (rst_ni && o_valid_i) sum : assert (z_i == ZW'(o_i[4:0]));
endmodule

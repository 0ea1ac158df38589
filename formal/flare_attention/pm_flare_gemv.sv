// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_flare_gemv: a result for each vector, in order, after any time. A vector is its token's number in element 0,
/// a result that number in every element. It is given room for more vectors than it holds.
module pm_flare_gemv #(
    parameter int unsigned Rows = 64,
    parameter int unsigned Outputs = 64,
    parameter int unsigned WBits = 8,
    localparam int unsigned AccW = 8 + WBits + $clog2(Rows)
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       x_valid_i,
    output logic                       x_ready_o,
    input  logic [         Rows*8-1:0] x_i,
    input  logic                       signed_i,
    input  logic                       sign_coding_i,
    input  logic                       eplanes_i,
    output logic                       wl_valid_o,
    input  logic                       wl_ready_i,
    output logic [           Rows-1:0] wl_o,
    output logic [                6:0] dwl_o,
    output logic [                2:0] wl_plane_o,
    output logic                       wl_neg_o,
    output logic                       wl_last_plane_o,
    output logic                       wl_last_o,
    input  logic [Outputs*WBits*8-1:0] cmp_i,
    output logic                       y_valid_o,
    input  logic                       y_ready_i,
    output logic [   Outputs*AccW-1:0] y_o
);
  wire fv_eager;
  (* anyseq *) logic take, give;
  logic [4:0] number;
  logic [6:0] fv_count;
  logic [39:0] fv_words;

  pm_fv_queue #(
      .Depth(8)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .eager_i(fv_eager),
      .take_i (take),
      .give_i (give),
      .valid_i(x_valid_i),
      .ready_o(x_ready_o),
      .data_i (x_i[4:0]),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .data_o (number),
      .count_o(fv_count),
      .words_o(fv_words)
  );
  assign y_o = {Outputs{AccW'(number)}};
  assign {wl_valid_o, wl_o, dwl_o, wl_plane_o, wl_neg_o, wl_last_plane_o, wl_last_o} = '0;
endmodule

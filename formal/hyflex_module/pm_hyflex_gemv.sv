// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_hyflex_gemv: a result for each vector, in order, after any time. A vector is its number in its first byte, a
/// result that number in every output. It may hold four vectors; once eager, it takes one where it holds no more than one, and
/// gives what it holds, as the array does: one vector may wait in the output register while the next one's planes are read.
module pm_hyflex_gemv #(
    parameter int unsigned Rows = 64,
    parameter int unsigned Cols = 128,
    parameter int unsigned Sars = 1,
    localparam int unsigned ColW = $clog2(Cols),
    localparam int unsigned MaxT = 128 * Rows > 255 * 127 ? 128 * Rows : 255 * 127,
    localparam int unsigned AccW = $clog2(MaxT + 1) + 9
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   mlc_i,
    input  logic                   diff_i,
    input  logic                   mode6_i,
    input  logic [       Cols-1:0] flip_i,
    input  logic                   x_valid_i,
    output logic                   x_ready_o,
    input  logic [     Rows*8-1:0] x_i,
    output logic [       Rows-1:0] wordlines_o,
    output logic                   read_o,
    input  logic                   read_done_i,
    output logic                   track_bank_o,
    output logic                   hold_o,
    output logic                   scan_bank_o,
    output logic [       ColW-1:0] column_o,
    output logic [       Sars-1:0] sample_o,
    output logic [     Sars*7-1:0] dac_o,
    output logic [       Sars-1:0] c7_en_o,
    input  logic [       Sars-1:0] cmp_i,
    output logic                   y_valid_o,
    input  logic                   y_ready_i,
    output logic [Cols/4*AccW-1:0] y_o
);
  localparam int unsigned Depth = 4;
  wire fv_eager;
  (* anyseq *) logic take, give;
  logic [2:0] count_q, kept;
  logic [Depth*3-1:0] words_q, words_d;
  logic offered_q, push, pop;

  assign y_valid_o = count_q != '0 && (give || fv_eager || offered_q);
  assign x_ready_o = count_q != 3'(Depth) && (take || (fv_eager && count_q <= 3'd1));
  assign push      = x_valid_i && x_ready_o;
  assign pop       = y_valid_o && y_ready_i;
  assign kept      = count_q - 3'(pop);
  assign y_o       = {Cols / 4{AccW'(words_q[2:0])}};
  assign {wordlines_o, read_o, track_bank_o, hold_o, scan_bank_o, column_o, sample_o, dac_o, c7_en_o} = '0;

  always_comb begin
    words_d = pop ? words_q >> 3 : words_q;
    for (int unsigned i = 0; i < Depth; i++) if (push && kept == 3'(i)) words_d[i*3+:3] = x_i[2:0];
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q   <= '0;
      offered_q <= 1'b0;
    end else begin
      count_q   <= kept + 3'(push);
      offered_q <= y_valid_o && !y_ready_i;
    end
  end
  always_ff @(posedge clk_i) words_q <= words_d;
  always_comb if (rst_ni) assert (count_q <= 3'(Depth) && (!offered_q || count_q != '0));
endmodule

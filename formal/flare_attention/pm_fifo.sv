// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_fifo, which formal/common proves of the queue itself: words come out once, in their turn, unchanged; ready
/// while there is room.
module pm_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 2
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    input  logic             valid_i,
    output logic             ready_o,
    input  logic [Width-1:0] data_i,
    output logic             valid_o,
    input  logic             ready_i,
    output logic [Width-1:0] data_o
);
  logic [6:0] count_q, kept;
  logic [Depth*Width-1:0] words_q, words_d;
  logic push, pop;

  assign valid_o = count_q != '0;
  assign ready_o = count_q != 7'(Depth);
  assign data_o  = words_q[Width-1:0];
  assign push    = valid_i && ready_o;
  assign pop     = valid_o && ready_i;
  assign kept    = count_q - 7'(pop);

  always_comb begin
    words_d = pop ? words_q >> Width : words_q;
    for (int unsigned i = 0; i < Depth; i++) if (push && kept == 7'(i)) words_d[i*Width+:Width] = data_i;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_q <= '0;
    else count_q <= kept + 7'(push);
  end
  always_ff @(posedge clk_i) words_q <= words_d;
  always_comb if (rst_ni) assert (count_q <= 7'(Depth));
endmodule

// SPDX-License-Identifier: Apache-2.0
/// What the contracts of the datapath blocks have in common: up to Depth words inside, in order and unchanged, taken and given
/// whenever it likes. Once eager_i, a block that is empty takes, and one that holds a word gives it. What is offered stays.
module pm_fv_queue #(
    parameter int unsigned Depth = 8,
    parameter int unsigned Width = 5
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   eager_i,
    /// Whether it likes; free.
    input  logic                   take_i,
    input  logic                   give_i,
    input  logic                   valid_i,
    output logic                   ready_o,
    input  logic [      Width-1:0] data_i,
    output logic                   valid_o,
    input  logic                   ready_i,
    output logic [      Width-1:0] data_o,
    /// Words inside, oldest lowest.
    output logic [            6:0] count_o,
    output logic [Depth*Width-1:0] words_o
);
  logic [6:0] count_q, kept;
  logic [Depth*Width-1:0] words_q, words_d;
  logic offered_q, push, pop;

  assign valid_o = count_q != '0 && (give_i || eager_i || offered_q);
  assign ready_o = (count_q != 7'(Depth) || pop) && (take_i || (eager_i && count_q == '0));
  assign push    = valid_i && ready_o;
  assign pop     = valid_o && ready_i;
  assign data_o  = words_q[Width-1:0];
  assign kept    = count_q - 7'(pop);
  assign count_o = count_q;
  assign words_o = words_q;

  always_comb begin
    words_d = pop ? words_q >> Width : words_q;
    for (int unsigned i = 0; i < Depth; i++) if (push && kept == 7'(i)) words_d[i*Width+:Width] = data_i;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q   <= '0;
      offered_q <= 1'b0;
    end else begin
      count_q   <= kept + 7'(push);
      offered_q <= valid_o && !ready_i;
    end
  end
  always_ff @(posedge clk_i) words_q <= words_d;
  always_comb if (rst_ni) assert (count_q <= 7'(Depth) && (!offered_q || count_q != '0));
endmodule

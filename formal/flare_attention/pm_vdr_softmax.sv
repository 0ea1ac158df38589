// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_vdr_softmax: a row leaves once it is inside as a whole; a row that is not whole is taken. Rows of MaxN logits.
/// A beat is its token's number, ne the number's negative.
module pm_vdr_softmax #(
    parameter int unsigned Lanes = 16,
    parameter int unsigned MaxN  = 64,
    parameter int unsigned NeW   = 8,
    localparam int unsigned ZW   = 8 + $clog2(MaxN)
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   round_i,
    input  logic [       8*96-1:0] lut_i,
    input  logic                   x_valid_i,
    output logic                   x_ready_o,
    input  logic [    Lanes*8-1:0] x_i,
    input  logic [      Lanes-1:0] keep_i,
    input  logic                   x_last_i,
    input  logic signed [NeW-1:0]  ne_i,
    output logic                   a_valid_o,
    input  logic                   a_ready_i,
    output logic [    Lanes*8-1:0] a_o,
    output logic                   a_last_o,
    output logic [         ZW-1:0] z_o
);
  localparam int unsigned Beats = MaxN / Lanes;
  localparam int unsigned Depth = Beats + 5; // the buffer and the four stages behind it

  wire fv_eager;
  (* anyseq *) logic take, give;
  logic [6:0] fv_count, kept;
  logic [Depth*6-1:0] fv_words, words_d; // {last, number}
  logic offered_q, push, pop, whole;

  always_comb begin
    whole = 1'b0;
    for (int unsigned i = 0; i < Depth; i++) if (fv_count > 7'(i)) whole = whole || fv_words[i*6+5];
  end
  assign a_valid_o = whole && (give || fv_eager || offered_q);
  assign x_ready_o = fv_count != 7'(Depth) && (take || (fv_eager && fv_count < 7'(Beats)));
  assign push      = x_valid_i && x_ready_o;
  assign pop       = a_valid_o && a_ready_i;
  assign kept      = fv_count - 7'(pop);
  assign a_o       = {Lanes{8'(fv_words[4:0])}};
  assign z_o       = ZW'(fv_words[4:0]);
  assign a_last_o  = fv_words[5];

  always_comb begin
    words_d = pop ? fv_words >> 6 : fv_words;
    for (int unsigned i = 0; i < Depth; i++) if (push && kept == 7'(i)) words_d[i*6+:6] = {x_last_i, x_i[4:0]};
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fv_count  <= '0;
      offered_q <= 1'b0;
    end else begin
      fv_count  <= kept + 7'(push);
      offered_q <= a_valid_o && !a_ready_i;
    end
  end
  always_ff @(posedge clk_i) fv_words <= words_d;
  always_comb if (rst_ni) begin
    assert (fv_count <= 7'(Depth) && (!offered_q || whole));
    // Its exponent comes with the row.
    if (x_valid_i) exponent : assert (ne_i == -(NeW'(x_i[4:0])) && x_i == {Lanes{8'(x_i[4:0])}});
  end
endmodule

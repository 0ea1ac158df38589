// SPDX-License-Identifier: Apache-2.0
// As in pm_flare_kv; fv_base counts the tokens that the heads took.
wire fv_eager, fv_clear;
wire [4:0] fv_in, fv_base;
(* anyseq *) wire fv_take, fv_give;
(* hierconn *) wire \u_stage.fv_eager ;
(* hierconn *) wire [4:0] \u_stage.fv_base ;
(* hierconn *) wire [6:0] \u_stage.fv_count ;
(* hierconn *) wire \u_bias.valid_q ;
(* hierconn *) wire [D*SumW-1:0] \u_bias.sum_q ;
(* hierconn *) wire [15:0] \u_bias.shift_q ;
(* hierconn *) wire [6:0] \u_e.count_q ;
(* hierconn *) wire [4*16-1:0] \u_e.words_q ;
logic [4:0] fv_b_q, fv_s_q;
wire fv_moves;
assign \u_stage.fv_eager = fv_eager;
assign \u_stage.fv_base = fv_b_q;
assign fv_moves = (b_valid && b_ready) || (s_valid && s_ready) || (q_valid_o && q_ready_i);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) {fv_b_q, fv_s_q} <= '0;
  else if (fv_clear) {fv_b_q, fv_s_q} <= '0;
  else begin
    fv_b_q <= fv_b_q + 5'(b_valid && b_ready);
    fv_s_q <= fv_s_q + 5'(s_valid && s_ready);
  end
end

for (genvar h = 0; h < Heads; h++) begin : g_head
  (* hierconn *) wire \u_quant.fv_eager ;
  (* hierconn *) wire \u_quant.fv_take ;
  (* hierconn *) wire \u_quant.fv_give ;
  (* hierconn *) wire [6:0] \u_quant.fv_count ;
  (* hierconn *) wire [19:0] \u_quant.fv_words ;
  assign \u_quant.fv_eager = fv_eager;
  assign \u_quant.fv_take = fv_take;
  assign \u_quant.fv_give = fv_give;
  always_comb if (rst_ni) begin
    assert (\u_quant.fv_count == \u_e.count_q && quant_valid[h] == quant_valid[0] && quant_ready[h] == quant_ready[0]);
    for (int unsigned i = 0; i < 4; i++) if (\u_e.count_q > 7'(i)) assert (\u_quant.fv_words [i*5+:5] == 5'(fv_base + 5'(i)));
  end
end

always_comb if (rst_ni) begin
  in_turn : assert (fv_in >= fv_b_q && fv_b_q >= fv_s_q && fv_s_q >= fv_base);
  stage : assert (\u_stage.fv_count == 7'(fv_in - fv_b_q));
  bias : assert (5'(\u_bias.valid_q ) == fv_b_q - fv_s_q);
  quant : assert (\u_e.count_q == 7'(fv_s_q - fv_base));
  for (int unsigned i = 0; i < 4; i++) if (\u_e.count_q > 7'(i)) assert (\u_e.words_q [i*16+:16] == 16'(5'(fv_base + 5'(i))));
  if (\u_bias.valid_q ) sums : assert (\u_bias.sum_q == {D{SumW'(fv_s_q)}} && \u_bias.shift_q == 16'(fv_s_q));
end

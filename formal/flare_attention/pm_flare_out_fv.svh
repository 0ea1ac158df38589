// SPDX-License-Identifier: Apache-2.0
// As in pm_flare_kv; fv_in counts the tokens that the heads gave.
wire fv_eager, fv_clear;
wire [4:0] fv_in, fv_base;
(* anyseq *) wire fv_take_in, fv_give_in, fv_take_out, fv_give_out;
(* hierconn *) wire \u_stage.fv_eager ;
(* hierconn *) wire [4:0] \u_stage.fv_base ;
(* hierconn *) wire [6:0] \u_stage.fv_count ;
(* hierconn *) wire \u_bias.valid_q ;
(* hierconn *) wire [D*SumW-1:0] \u_bias.sum_q ;
(* hierconn *) wire [15:0] \u_bias.shift_q ;
(* hierconn *) wire [6:0] \u_e.count_q ;
(* hierconn *) wire [4*16-1:0] \u_e.words_q ;
(* hierconn *) wire \u_quant_in.fv_eager ;
(* hierconn *) wire \u_quant_in.fv_take ;
(* hierconn *) wire \u_quant_in.fv_give ;
(* hierconn *) wire [6:0] \u_quant_in.fv_count ;
(* hierconn *) wire [19:0] \u_quant_in.fv_words ;
(* hierconn *) wire \u_quant_out.fv_eager ;
(* hierconn *) wire \u_quant_out.fv_take ;
(* hierconn *) wire \u_quant_out.fv_give ;
(* hierconn *) wire [6:0] \u_quant_out.fv_count ;
(* hierconn *) wire [19:0] \u_quant_out.fv_words ;
logic [4:0] fv_q_q, fv_b_q, fv_s_q;
wire fv_moves;
assign \u_stage.fv_eager = fv_eager;
assign \u_stage.fv_base = fv_b_q;
assign \u_quant_in.fv_eager = fv_eager;
assign \u_quant_in.fv_take = fv_take_in;
assign \u_quant_in.fv_give = fv_give_in;
assign \u_quant_out.fv_eager = fv_eager;
assign \u_quant_out.fv_take = fv_take_out;
assign \u_quant_out.fv_give = fv_give_out;
assign fv_moves = (q_valid && q_ready) || (b_valid && b_ready) || (s_valid && s_ready) || (y_valid_o && y_ready_i);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) {fv_q_q, fv_b_q, fv_s_q} <= '0;
  else if (fv_clear) {fv_q_q, fv_b_q, fv_s_q} <= '0;
  else begin
    fv_q_q <= fv_q_q + 5'(q_valid && q_ready);
    fv_b_q <= fv_b_q + 5'(b_valid && b_ready);
    fv_s_q <= fv_s_q + 5'(s_valid && s_ready);
  end
end

always_comb if (rst_ni) begin
  in_turn : assert (fv_in >= fv_q_q && fv_q_q >= fv_b_q && fv_b_q >= fv_s_q && fv_s_q >= fv_base);
  quant_in : assert (\u_quant_in.fv_count == 7'(fv_in - fv_q_q));
  stage : assert (\u_stage.fv_count == 7'(fv_q_q - fv_b_q));
  bias : assert (5'(\u_bias.valid_q ) == fv_b_q - fv_s_q);
  quant_out : assert (\u_e.count_q == 7'(fv_s_q - fv_base) && \u_quant_out.fv_count == 7'(fv_s_q - fv_base));
  for (int unsigned i = 0; i < 4; i++) begin
    if (\u_e.count_q > 7'(i)) assert (\u_e.words_q [i*16+:16] == 16'(5'(fv_base + 5'(i))) && \u_quant_out.fv_words [i*5+:5] == 5'(fv_base + 5'(i)));
    if (\u_quant_in.fv_count > 7'(i)) assert (\u_quant_in.fv_words [i*5+:5] == 5'(fv_q_q + 5'(i)));
  end
  if (\u_bias.valid_q ) sums : assert (\u_bias.sum_q == {D{SumW'(fv_s_q)}} && \u_bias.shift_q == 16'(fv_s_q));
  if (y_valid_o) result : assert (y_o == {D{8'(fv_base)}} && e_o == 16'(fv_base));
end

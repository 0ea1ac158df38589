// As in pm_flare_kv: what each queue and register holds belongs to the tokens whose turn it is. Rows of two beats.
wire fv_eager, fv_clear;
wire [4:0] fv_in, fv_base;
(* anyseq *) wire fv_take, fv_give;
(* hierconn *) wire \u_o_row.full_q ;
(* hierconn *) wire \u_o_row.beat_q ;
(* hierconn *) wire [Dk*32-1:0] \u_o_row.row_q ;
(* hierconn *) wire \u_norm.fv_eager ;
(* hierconn *) wire [6:0] \u_norm.fv_count ;
(* hierconn *) wire [14:0] \u_norm.fv_words ;
(* hierconn *) wire \u_o_beats.beat_q ;
(* hierconn *) wire [6:0] \u_on.count_q ;
(* hierconn *) wire [2*(Dk*OAccW+ZW)-1:0] \u_on.words_q ;
(* hierconn *) wire \u_av.fv_eager ;
(* hierconn *) wire [4:0] \u_av.fv_base ;
(* hierconn *) wire [6:0] \u_av.fv_count ;
(* hierconn *) wire \u_a_row.full_q ;
(* hierconn *) wire \u_a_row.beat_q ;
(* hierconn *) wire [MaxTokens*8-1:0] \u_a_row.row_q ;
(* hierconn *) wire \u_softmax.fv_eager ;
(* hierconn *) wire [6:0] \u_softmax.fv_count ;
(* hierconn *) wire [7*6-1:0] \u_softmax.fv_words ;
(* hierconn *) wire \u_row_beats.beat_q ;
(* hierconn *) wire \u_row_quant.fv_eager ;
(* hierconn *) wire \u_row_quant.fv_take ;
(* hierconn *) wire \u_row_quant.fv_give ;
(* hierconn *) wire [6:0] \u_row_quant.fv_count ;
(* hierconn *) wire [19:0] \u_row_quant.fv_words ;
(* hierconn *) wire [6:0] \u_row_e.count_q ;
(* hierconn *) wire [4*EqW-1:0] \u_row_e.words_q ;
(* hierconn *) wire \u_l.fv_eager ;
(* hierconn *) wire [4:0] \u_l.fv_base ;
(* hierconn *) wire [6:0] \u_l.fv_count ;
(* hierconn *) wire [6:0] \u_queue.count_q ;
(* hierconn *) wire [QueueDepth*(Dk*8+EqW)-1:0] \u_queue.words_q ;

assign \u_norm.fv_eager = fv_eager;
assign \u_av.fv_eager = fv_eager;
assign \u_softmax.fv_eager = fv_eager;
assign \u_row_quant.fv_eager = fv_eager;
assign \u_row_quant.fv_take = fv_take;
assign \u_row_quant.fv_give = fv_give;
assign \u_l.fv_eager = fv_eager;

// Tokens that passed each handshake; beats number twice as fast.
logic [4:0] fv_lq_q, fv_l_q, fv_a_q, fv_av_q;
logic [5:0] fv_beat_q, fv_abeat_q, fv_n_q, fv_m_q;
wire fv_moves;
assign \u_av.fv_base = fv_av_q;
assign \u_l.fv_base = fv_l_q;
assign fv_moves = (lq_valid && lq_ready) || (l_valid && l_ready) || (beat_valid && beat_ready) || (a_valid && a_ready) ||
    (a_row_valid && a_row_ready) || (av_valid && av_ready) || (n_valid && n_ready) || (m_valid && m_ready);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) {fv_lq_q, fv_l_q, fv_beat_q, fv_abeat_q, fv_a_q, fv_av_q, fv_n_q, fv_m_q} <= '0;
  else if (fv_clear) {fv_lq_q, fv_l_q, fv_beat_q, fv_abeat_q, fv_a_q, fv_av_q, fv_n_q, fv_m_q} <= '0;
  else begin
    fv_lq_q    <= fv_lq_q + 5'(lq_valid && lq_ready);
    fv_l_q     <= fv_l_q + 5'(l_valid && l_ready);
    fv_beat_q  <= fv_beat_q + 6'(beat_valid && beat_ready);
    fv_abeat_q <= fv_abeat_q + 6'(a_valid && a_ready);
    fv_a_q     <= fv_a_q + 5'(a_row_valid && a_row_ready);
    fv_av_q    <= fv_av_q + 5'(av_valid && av_ready);
    fv_n_q     <= fv_n_q + 6'(n_valid && n_ready);
    fv_m_q     <= fv_m_q + 6'(m_valid && m_ready);
  end
end

always_comb if (rst_ni) begin
  two_beats : assert (Dk == 2 * NormLanes && MaxTokens == 2 * Lanes);
  in_turn : assert (fv_in >= fv_lq_q && fv_lq_q >= fv_l_q && {fv_l_q, 1'b0} >= fv_beat_q && fv_beat_q >= fv_abeat_q &&
      fv_abeat_q[5:1] >= fv_a_q && fv_a_q >= fv_av_q && {fv_av_q, 1'b0} >= fv_n_q && fv_n_q >= fv_m_q && fv_m_q[5:1] >= fv_base);
  queue : assert (\u_queue.count_q == 7'(fv_in - fv_lq_q));
  logits : assert (\u_l.fv_count == 7'(fv_lq_q - fv_l_q));
  row_quant : assert (\u_row_quant.fv_count == 7'(fv_l_q - fv_beat_q[5:1]) && \u_row_e.count_q == \u_row_quant.fv_count );
  softmax : assert (\u_row_beats.beat_q == fv_beat_q[0] && \u_softmax.fv_count == 7'(fv_beat_q - fv_abeat_q));
  weights : assert (\u_a_row.beat_q == fv_abeat_q[0] && 5'(a_row_valid) == fv_abeat_q[5:1] - fv_a_q);
  product : assert (\u_av.fv_count == 7'(fv_a_q - fv_av_q));
  products : assert (\u_on.count_q == 7'(fv_av_q - fv_n_q[5:1]));
  norm : assert (\u_o_beats.beat_q == fv_n_q[0] && \u_norm.fv_count == 7'(fv_n_q - fv_m_q));
  out : assert (\u_o_row.beat_q == fv_m_q[0] && 5'(o_valid_o) == fv_m_q[5:1] - fv_base);
  if (o_valid_o) result : assert (!\u_o_row.beat_q && o_o == {Dk{32'(fv_base)}});
  if (\u_o_row.beat_q ) result_half : assert (\u_o_row.row_q [NormLanes*32-1:0] == {NormLanes{32'(fv_base)}});
  if (a_row_valid) row_a : assert (!\u_a_row.beat_q && a_row == {MaxTokens{8'(fv_a_q)}} && z_q == ZW'(fv_a_q));
  if (\u_a_row.beat_q ) row_half : assert (\u_a_row.row_q [Lanes*8-1:0] == {Lanes{8'(fv_a_q)}});
  for (int unsigned i = 0; i < 3; i++)
    if (\u_norm.fv_count > 7'(i)) assert (\u_norm.fv_words [i*5+:5] == 5'((fv_m_q + 6'(i)) >> 1));
  for (int unsigned i = 0; i < 2; i++)
    if (\u_on.count_q > 7'(i))
      assert (\u_on.words_q [i*(Dk*OAccW+ZW)+:Dk*OAccW+ZW] ==
          {ZW'(5'(fv_n_q[5:1] + 5'(i))), {Dk{OAccW'(5'(fv_n_q[5:1] + 5'(i)))}}});
  for (int unsigned i = 0; i < 7; i++)
    if (\u_softmax.fv_count > 7'(i))
      assert (\u_softmax.fv_words [i*6+:5] == 5'((fv_abeat_q + 6'(i)) >> 1) && \u_softmax.fv_words [i*6+5] == (fv_abeat_q[0] ^ 1'(i)));
  for (int unsigned i = 0; i < 4; i++)
    if (\u_row_quant.fv_count > 7'(i))
      assert (\u_row_quant.fv_words [i*5+:5] == 5'(fv_beat_q[5:1] + 5'(i)) && \u_row_e.words_q [i*EqW+:EqW] == EqW'(5'(fv_beat_q[5:1] + 5'(i))));
  for (int unsigned i = 0; i < QueueDepth; i++)
    if (\u_queue.count_q > 7'(i))
      assert (\u_queue.words_q [i*(Dk*8+EqW)+:Dk*8+EqW] == {EqW'(5'(fv_lq_q + 5'(i))), {Dk{8'(5'(fv_lq_q + 5'(i)))}}});
end

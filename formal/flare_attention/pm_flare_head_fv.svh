// SPDX-License-Identifier: Apache-2.0
// As in pm_flare_kv: what each queue and register holds belongs to the tokens whose turn it is. Rows of 2^RB and 2^NB beats; a beat's
// number has its place in the row below the token's.
localparam int unsigned RB = $clog2(MaxTokens / Lanes);
localparam int unsigned NB = $clog2(Dk / NormLanes);
localparam int unsigned SoftmaxDepth = (1 << RB) + 5;
localparam int unsigned RBW = RB > 0 ? RB : 1;
localparam int unsigned NBW = NB > 0 ? NB : 1;
wire fv_eager, fv_clear;
wire [4:0] fv_in, fv_base;
// Number of the run's first token, once it is there.
wire [TW-1:0] fv_first;
wire fv_numbered;
(* hierconn *) wire [MaxTokens-1:0] \u_l_keep.past_q ;
(* hierconn *) wire [MaxTokens-1:0] \u_row_keep.past_q ;
(* anyseq *) wire fv_take, fv_give;
(* hierconn *) wire \u_o_row.full_q ;
(* hierconn *) wire [NBW-1:0] \u_o_row.beat_q ;
(* hierconn *) wire [Dk*32-1:0] \u_o_row.row_q ;
(* hierconn *) wire \u_norm.fv_eager ;
(* hierconn *) wire [6:0] \u_norm.fv_count ;
(* hierconn *) wire [14:0] \u_norm.fv_words ;
(* hierconn *) wire [NBW-1:0] \u_o_beats.beat_q ;
(* hierconn *) wire [6:0] \u_on.count_q ;
(* hierconn *) wire [2*(Dk*OAccW+ZW)-1:0] \u_on.words_q ;
(* hierconn *) wire \u_av.fv_eager ;
(* hierconn *) wire [4:0] \u_av.fv_base ;
(* hierconn *) wire [6:0] \u_av.fv_count ;
(* hierconn *) wire \u_a_row.full_q ;
(* hierconn *) wire [RBW-1:0] \u_a_row.beat_q ;
(* hierconn *) wire [MaxTokens*8-1:0] \u_a_row.row_q ;
(* hierconn *) wire \u_softmax.fv_eager ;
(* hierconn *) wire [6:0] \u_softmax.fv_count ;
(* hierconn *) wire [SoftmaxDepth*6-1:0] \u_softmax.fv_words ;
(* hierconn *) wire [RBW-1:0] \u_row_beats.beat_q ;
(* hierconn *) wire \u_row_quant.fv_eager ;
(* hierconn *) wire \u_row_quant.fv_take ;
(* hierconn *) wire \u_row_quant.fv_give ;
(* hierconn *) wire [6:0] \u_row_quant.fv_count ;
(* hierconn *) wire [19:0] \u_row_quant.fv_words ;
(* hierconn *) wire [6:0] \u_row_e.count_q ;
(* hierconn *) wire [3*EqW-1:0] \u_row_e.words_q ;
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

// Tokens and beats that passed each handshake.
logic [4:0] fv_lq_q, fv_l_q, fv_a_q, fv_av_q;
logic [RB+4:0] fv_beat_q, fv_abeat_q;
logic [NB+4:0] fv_n_q, fv_m_q;
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
    fv_beat_q  <= fv_beat_q + (RB + 5)'(beat_valid && beat_ready);
    fv_abeat_q <= fv_abeat_q + (RB + 5)'(a_valid && a_ready);
    fv_a_q     <= fv_a_q + 5'(a_row_valid && a_row_ready);
    fv_av_q    <= fv_av_q + 5'(av_valid && av_ready);
    fv_n_q     <= fv_n_q + (NB + 5)'(n_valid && n_ready);
    fv_m_q     <= fv_m_q + (NB + 5)'(m_valid && m_ready);
  end
end

always_comb if (rst_ni) begin
  beats : assert (Dk == NormLanes << NB && MaxTokens == Lanes << RB);
  in_turn : assert (fv_in >= fv_lq_q && fv_lq_q >= fv_l_q && (RB + 5)'(fv_l_q) << RB >= fv_beat_q && fv_beat_q >= fv_abeat_q &&
      5'(fv_abeat_q >> RB) >= fv_a_q && fv_a_q >= fv_av_q && (NB + 5)'(fv_av_q) << NB >= fv_n_q && fv_n_q >= fv_m_q &&
      5'(fv_m_q >> NB) >= fv_base);
  queue : assert (\u_queue.count_q == 7'(fv_in - fv_lq_q));
  logits : assert (\u_l.fv_count == 7'(fv_lq_q - fv_l_q));
  row_quant : assert (\u_row_quant.fv_count == 7'(fv_l_q - 5'(fv_beat_q >> RB)) && \u_row_e.count_q == \u_row_quant.fv_count );
  softmax : assert (\u_softmax.fv_count == 7'(fv_beat_q - fv_abeat_q));
  weights : assert (5'(a_row_valid) == 5'(fv_abeat_q >> RB) - fv_a_q);
  product : assert (\u_av.fv_count == 7'(fv_a_q - fv_av_q));
  products : assert (\u_on.count_q == 7'(fv_av_q - 5'(fv_n_q >> NB)));
  norm : assert (\u_norm.fv_count == 7'(fv_n_q - fv_m_q));
  out : assert (5'(o_valid_o) == 5'(fv_m_q >> NB) - fv_base);
  // A token sees its past: the rows that enter the quantiser and the softmax bear their tokens' numbers, counted from the run's first.
  if (fv_numbered)
    for (int unsigned j = 0; j < MaxTokens; j++)
      assert (\u_l_keep.past_q [j] == ((TW + 1)'(j) <= (TW + 1)'(fv_first) + (TW + 1)'(fv_l_q)) &&
          \u_row_keep.past_q [j] == ((TW + 1)'(j) <= (TW + 1)'(fv_first) + (TW + 1)'(5'(fv_beat_q >> RB))));
  if (l_valid)
    for (int unsigned j = 0; j < MaxTokens; j++)
      assert (l_keep[j] == (keep_i[j] && (!causal_i || (TW + 1)'(j) <= (TW + 1)'(fv_first) + l[TW:0])));
  if (beat_valid)
    for (int unsigned j = 0; j < Lanes; j++)
      assert (beat_keep[j] == (!causal_i || (TW + 1)'(\u_row_beats.beat_q * Lanes + j) <= (TW + 1)'(fv_first) + beat[TW:0]));
  // Places in the rows.
  row_places : assert ((RB + 5)'(\u_row_beats.beat_q ) == fv_beat_q % (1 << RB) && (RB + 5)'(\u_a_row.beat_q ) == fv_abeat_q % (1 << RB));
  norm_places : assert ((NB + 5)'(\u_o_beats.beat_q ) == fv_n_q % (1 << NB) && (NB + 5)'(\u_o_row.beat_q ) == fv_m_q % (1 << NB));
  if (o_valid_o) result : assert (\u_o_row.beat_q == '0 && o_o == {Dk{32'(fv_base)}});
  for (int unsigned i = 0; i < 1 << NB; i++)
    if (\u_o_row.beat_q > NBW'(i)) assert (\u_o_row.row_q [i*NormLanes*32+:NormLanes*32] == {NormLanes{32'(fv_base)}});
  if (a_row_valid) row_a : assert (\u_a_row.beat_q == '0 && a_row == {MaxTokens{8'(fv_a_q)}} && z_q == ZW'(fv_a_q));
  for (int unsigned i = 0; i < 1 << RB; i++)
    if (\u_a_row.beat_q > RBW'(i)) assert (\u_a_row.row_q [i*Lanes*8+:Lanes*8] == {Lanes{8'(fv_a_q)}});
  for (int unsigned i = 0; i < 3; i++)
    if (\u_norm.fv_count > 7'(i)) assert (\u_norm.fv_words [i*5+:5] == 5'((fv_m_q + (NB + 5)'(i)) >> NB));
  for (int unsigned i = 0; i < 2; i++)
    if (\u_on.count_q > 7'(i))
      assert (\u_on.words_q [i*(Dk*OAccW+ZW)+:Dk*OAccW+ZW] ==
          {ZW'(5'(5'(fv_n_q >> NB) + 5'(i))), {Dk{OAccW'(5'(5'(fv_n_q >> NB) + 5'(i)))}}});
  for (int unsigned i = 0; i < SoftmaxDepth; i++)
    if (\u_softmax.fv_count > 7'(i))
      assert (\u_softmax.fv_words [i*6+:5] == 5'((fv_abeat_q + (RB + 5)'(i)) >> RB) &&
          \u_softmax.fv_words [i*6+5] == ((fv_abeat_q + (RB + 5)'(i + 1)) % (1 << RB) == '0));
  room : assert (!re_ready || quant_ready);
  for (int unsigned i = 0; i < 3; i++)
    if (\u_row_quant.fv_count > 7'(i))
      assert (\u_row_quant.fv_words [i*5+:5] == 5'(5'(fv_beat_q >> RB) + 5'(i)) && \u_row_e.words_q [i*EqW+:EqW] == EqW'(5'(5'(fv_beat_q >> RB) + 5'(i))));
  for (int unsigned i = 0; i < QueueDepth; i++)
    if (\u_queue.count_q > 7'(i))
      assert (\u_queue.words_q [i*(Dk*8+EqW)+:Dk*8+EqW] == {EqW'(5'(fv_lq_q + 5'(i))), {Dk{8'(5'(fv_lq_q + 5'(i)))}}});
end

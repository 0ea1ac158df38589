// SPDX-License-Identifier: Apache-2.0
// The engine's control, with the datapath blocks as their contracts have them (the other files of this folder) and tokens that are
// their numbers: for every number of tokens and every pace of blocks, arrays and surroundings, run after run,
// - every token of a pass comes out once, in its turn, with its own exponents, queries, weights and sums;
// - K and V are written whole, token by token, before pass 2 begins, and not during it;
// - a causal run's token sees the keys up to its own and no other, in the row's quantiser and in the softmax, also where its run's
//   tokens follow others;
// - whenever blocks and surroundings are willing something moves: with the finite number of moves a run has, it ends.
logic fv_init_q = 1'b1;
(* anyseq *) logic fv_eager;
logic fv_idle_q;
logic [TW:0] fv_n_q;
logic [TW-1:0] fv_first_q;
logic fv_append_q, fv_causal_q;
(* hierconn *) wire [TW-1:0] \u_kv.fv_first ;
(* hierconn *) wire \u_kv.fv_eager ;
(* hierconn *) wire \u_kv.fv_clear ;
(* hierconn *) wire [4:0] \u_kv.fv_in ;
(* hierconn *) wire [4:0] \u_kv.fv_base ;
(* hierconn *) wire \u_kv.fv_moves ;
(* hierconn *) wire [TW:0] \u_kv.fv_taken ;
(* hierconn *) wire [1:0] \u_kv.fv_held ;
(* hierconn *) wire \u_query.fv_eager ;
(* hierconn *) wire \u_query.fv_clear ;
(* hierconn *) wire [4:0] \u_query.fv_in ;
(* hierconn *) wire [4:0] \u_query.fv_base ;
(* hierconn *) wire \u_query.fv_moves ;
(* hierconn *) wire \u_out.fv_eager ;
(* hierconn *) wire \u_out.fv_clear ;
(* hierconn *) wire [4:0] \u_out.fv_in ;
(* hierconn *) wire [4:0] \u_out.fv_base ;
(* hierconn *) wire \u_out.fv_moves ;
logic [4:0] fv_q_q, fv_o_q;
wire [Heads-1:0] fv_moves;
wire fv_clear;

// Tokens that entered the heads, and that left them.
always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) {fv_q_q, fv_o_q} <= '0;
  else if (fv_clear) {fv_q_q, fv_o_q} <= '0;
  else begin
    fv_q_q <= fv_q_q + 5'(q_valid && q_ready);
    fv_o_q <= fv_o_q + 5'(&o_valid_h && o_ready);
  end
end
assign fv_clear = done && out_q == n_tokens_i - 1'b1;
assign \u_kv.fv_eager = fv_eager;
assign \u_kv.fv_clear = fv_clear;
assign \u_kv.fv_first = fv_first_q;
assign \u_kv.fv_in = pass2_q ? 5'd0 : 5'(in_q);
assign \u_kv.fv_base = pass2_q ? 5'd0 : 5'(out_q);
assign \u_query.fv_eager = fv_eager;
assign \u_query.fv_clear = fv_clear;
assign \u_query.fv_in = pass2_q ? 5'(in_q) : 5'd0;
assign \u_query.fv_base = fv_q_q;
assign \u_out.fv_eager = fv_eager;
assign \u_out.fv_clear = fv_clear;
assign \u_out.fv_in = fv_o_q;
assign \u_out.fv_base = pass2_q ? 5'(out_q) : 5'd0;

for (genvar h = 0; h < Heads; h++) begin : g_head
  (* hierconn *) wire \u_head.fv_eager ;
  (* hierconn *) wire \u_head.fv_clear ;
  (* hierconn *) wire [4:0] \u_head.fv_in ;
  (* hierconn *) wire [4:0] \u_head.fv_base ;
  (* hierconn *) wire \u_head.fv_moves ;
  (* hierconn *) wire [TW-1:0] \u_head.fv_first ;
  (* hierconn *) wire \u_head.fv_numbered ;
  assign \u_head.fv_first = fv_first_q;
  assign \u_head.fv_numbered = pass2_q || (in_q != '0 && !clear_q);
  assign \u_head.fv_eager = fv_eager;
  assign \u_head.fv_clear = fv_clear;
  assign \u_head.fv_in = fv_q_q;
  assign \u_head.fv_base = fv_o_q;
  assign fv_moves[h] = \u_head.fv_moves ;
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (n_tokens_i >= 1 && n_tokens_i <= MaxTokens);
  if (!fv_idle_q) assume (n_tokens_i == fv_n_q && append_i == fv_append_q && causal_i == fv_causal_q);
  if (append_i && !pass2_q && (clear_q || in_q == '0)) assume (held + n_tokens_i <= MaxTokens);
  assume (x_i == {D{8'(in_q)}} && ex_i == 16'(in_q));
  assume (&keep_i && bias_i == '0 && e0_i == '0 && mv_i == 5'd4);
  if (fv_eager) assume (x_valid_i && wr_ready_i && y_ready_i);
end
always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) fv_idle_q <= 1'b1;
  else fv_idle_q <= (in_q == '0 && !pass2_q && !take) || (done && pass2_q && out_q == n_tokens_i - 1'b1);
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_n_q    <= n_tokens_i;
  fv_append_q <= append_i;
  fv_causal_q <= causal_i;
  if (clear_q) fv_first_q <= first;
end

always_comb if (!fv_init_q && rst_ni) begin
  counters : assert (in_q <= n_tokens_i && out_q < n_tokens_i && out_q <= in_q);
  idle : assert (!fv_idle_q || (in_q == '0 && !pass2_q));
  // K and V.
  if (pass2_q || (in_q != '0 && !clear_q)) fits : assert ((TW + 2)'(fv_first_q) + (TW + 2)'(n_tokens_i) <= MaxTokens);
  if (clear_q) first_token : assert (!pass2_q && in_q == 1 && out_q == '0 && \u_kv.fv_held == '0);
  else if (pass2_q || in_q != '0) written : assert (\u_kv.fv_taken == (TW + 1)'(fv_first_q) + (pass2_q ? n_tokens_i : out_q + (TW + 1)'(\u_kv.fv_held )));
  if (pass2_q) no_write : assert (\u_kv.fv_held == '0);
  if (wr_valid_o) write : assert (wr_token_o == fv_first_q + TW'(out_q));
  if (y_valid_o) output_ : assert (pass2_q && y_o == {D{8'(out_q)}} && e_o == 16'(out_q));
  if (fv_eager) moves : assert (take || (&o_valid_h && o_ready) || (|fv_moves) || \u_kv.fv_moves || \u_query.fv_moves || \u_out.fv_moves );
`ifdef CANARY
  canary : assert (!wr_valid_o);
`else
  cover (fv_clear);
  cover (wr_valid_o && append_i && causal_i);
  cover (wr_valid_o && !wr_ready_i && n_tokens_i == 3 && in_q == 2);
`endif
end

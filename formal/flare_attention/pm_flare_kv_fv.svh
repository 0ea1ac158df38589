// SPDX-License-Identifier: Apache-2.0
// Tokens are numbered at each handshake, so that what lies between two of them is known. From the module above: the numbers of the next
// token to come (fv_in) and to leave (fv_base), counted from the run's first (fv_first), the pass's end (fv_clear), willingness (fv_eager).
wire fv_eager, fv_clear;
wire [4:0] fv_in, fv_base;
wire [TW-1:0] fv_first;
(* hierconn *) wire \u_stage.fv_eager ;
(* hierconn *) wire [4:0] \u_stage.fv_base ;
(* hierconn *) wire [6:0] \u_stage.fv_count ;
(* hierconn *) wire \u_bias.valid_q ;
(* hierconn *) wire [2*D*SumW-1:0] \u_bias.sum_q ;
(* hierconn *) wire [15:0] \u_bias.shift_q ;
(* hierconn *) wire [TW:0] \u_write.count_q ;
(* hierconn *) wire \u_write.valid_q ;
(* hierconn *) wire \u_write.old_q ;
(* hierconn *) wire \u_write.write ;
(* hierconn *) wire [TW-1:0] \u_write.token_q ;
(* hierconn *) wire [D*(Kvb+1)-1:0] \u_write.k_q ;
(* hierconn *) wire [D*(Kvb+1)-1:0] \u_write.v_q ;
logic [4:0] fv_y_q, fv_sum_q;
wire [TW:0] fv_taken;
wire [1:0] fv_held;
wire [4:0] fv_next;
wire fv_moves;
assign \u_stage.fv_eager = fv_eager;
assign \u_stage.fv_base = fv_y_q;
assign fv_taken = \u_write.count_q ;
assign fv_held  = 2'(\u_write.valid_q ) + 2'(wr_valid_o);
assign fv_next  = fv_base + 5'(wr_valid_o);
assign fv_moves = (y_valid && y_ready) || (sum_valid && sum_ready) || \u_write.write || (wr_valid_o && wr_ready_i);

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) {fv_y_q, fv_sum_q} <= '0;
  else if (fv_clear) {fv_y_q, fv_sum_q} <= '0;
  else begin
    fv_y_q   <= fv_y_q + 5'(y_valid && y_ready);
    fv_sum_q <= fv_sum_q + 5'(sum_valid && sum_ready);
  end
end

always_comb if (rst_ni) begin
  in_turn : assert (fv_in >= fv_y_q && fv_y_q >= fv_sum_q && fv_sum_q >= fv_base);
  stage : assert (\u_stage.fv_count == 7'(fv_in - fv_y_q));
  bias : assert (5'(\u_bias.valid_q ) == fv_y_q - fv_sum_q);
  writes : assert (5'(fv_held) == fv_sum_q - fv_base && !\u_write.old_q );
  if (\u_write.valid_q )
    next_write : assert (\u_write.token_q == fv_first + TW'(fv_next) && \u_write.k_q == {D{{(Kvb - 4) {1'b0}}, fv_next}} &&
        \u_write.v_q == {D{{(Kvb - 4) {1'b0}}, fv_next}});
  if (wr_valid_o) write : assert (wr_token_o == fv_first + TW'(fv_base) && wr_k_o == {D{Kvb'(fv_base)}} && wr_v_o == {D{Kvb'(fv_base)}});
  if (\u_bias.valid_q ) sums : assert (\u_bias.sum_q == {2 * D{SumW'(fv_sum_q)}} && \u_bias.shift_q == 16'(fv_sum_q));
end

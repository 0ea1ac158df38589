// Tokens are numbered at each handshake, so that what lies between two of them is known. From the module above: the numbers of the next
// token to come (fv_in) and to leave (fv_base), the pass's end (fv_clear), willingness (fv_eager).
wire fv_eager, fv_clear;
wire [4:0] fv_in, fv_base;
(* hierconn *) wire \u_stage.fv_eager ;
(* hierconn *) wire [4:0] \u_stage.fv_base ;
(* hierconn *) wire [6:0] \u_stage.fv_count ;
(* hierconn *) wire \u_bias.valid_q ;
(* hierconn *) wire [2*D*SumW-1:0] \u_bias.sum_q ;
(* hierconn *) wire [15:0] \u_bias.shift_q ;
(* hierconn *) wire [TW:0] \u_write.count_q ;
logic [4:0] fv_y_q, fv_sum_q;
wire [TW:0] fv_written;
wire fv_moves;
assign \u_stage.fv_eager = fv_eager;
assign \u_stage.fv_base = fv_y_q;
assign fv_written = \u_write.count_q ;
assign fv_moves   = (y_valid && y_ready) || (sum_valid && sum_ready) || (wr_valid_o && wr_ready_i);

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
  writes : assert (5'(wr_valid_o) == fv_sum_q - fv_base);
  if (wr_valid_o) write : assert (wr_token_o == fv_base[TW-1:0] && wr_k_o == {D{Kvb'(fv_base)}} && wr_v_o == {D{Kvb'(fv_base)}});
  if (\u_bias.valid_q ) sums : assert (\u_bias.sum_q == {2 * D{SumW'(fv_sum_q)}} && \u_bias.shift_q == 16'(fv_sum_q));
end

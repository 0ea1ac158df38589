// Properties of pm_kv_write: every token that is taken since clear_i is written once, under its number, as the parse of
// its accumulators by clamp(M - ex, -31, 31); pins are stable until they are taken; the arrays never overflow; the flags
// are exactly "an element saturated since clear_i". The parse itself is proven in formal/emsbq: here it is a second
// instance on the token as it came, with its shift from arithmetic of 40 bits.
logic fv_init_q = 1'b1;
logic [D*W-1:0] fv_k_q, fv_v_q;
logic signed [ExpW-1:0] fv_ex_q;
logic [4:0] fv_mk_q, fv_mv_q;
logic fv_round_q;
// Tokens taken and written since clear_i; a write that was pending in clear_i belongs to the sequence before.
logic [TW:0] fv_taken_q, fv_written_q;
logic fv_old_q, fv_flags_k_q, fv_flags_v_q;
logic signed [39:0] fv_exact_k, fv_exact_v;
logic signed [6:0] fv_shift_k, fv_shift_v;
logic [D*Kvb-1:0] fv_k, fv_v;
logic [D-1:0] fv_k_sat, fv_v_sat;

always_comb begin
  fv_exact_k = $signed({35'd0, fv_mk_q}) - $signed({{(40 - ExpW) {fv_ex_q[ExpW-1]}}, fv_ex_q});
  fv_exact_v = $signed({35'd0, fv_mv_q}) - $signed({{(40 - ExpW) {fv_ex_q[ExpW-1]}}, fv_ex_q});
  fv_shift_k = fv_exact_k[39] ? (fv_exact_k[38:5] != '1 || fv_exact_k[4:0] == 0 ? 7'b1100001 : fv_exact_k[6:0]) :
      (fv_exact_k[38:5] != 0 ? 7'd31 : fv_exact_k[6:0]);
  fv_shift_v = fv_exact_v[39] ? (fv_exact_v[38:5] != '1 || fv_exact_v[4:0] == 0 ? 7'b1100001 : fv_exact_v[6:0]) :
      (fv_exact_v[38:5] != 0 ? 7'd31 : fv_exact_v[6:0]);
end

pm_msb_parse #(.N(D), .W(W), .Bits(Kvb)) u_fv_k (
    .x_i(fv_k_q), .m_i(fv_shift_k), .round_i(fv_round_q), .y_o(fv_k), .sat_o(fv_k_sat));
pm_msb_parse #(.N(D), .W(W), .Bits(Kvb)) u_fv_v (
    .x_i(fv_v_q), .m_i(fv_shift_v), .round_i(fv_round_q), .y_o(fv_v), .sat_o(fv_v_sat));

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (in_valid_i && in_ready_o)
    {fv_k_q, fv_v_q, fv_ex_q, fv_mk_q, fv_mv_q, fv_round_q} <= {k_i, v_i, ex_i, mk_i, mv_i, round_i};
  if (!rst_ni || clear_i) begin
    fv_taken_q   <= '0;
    fv_written_q <= '0;
    fv_old_q     <= rst_ni && wr_valid_o && !wr_ready_i;
  end else begin
    fv_taken_q   <= fv_taken_q + (TW + 1)'(in_valid_i && in_ready_o);
    fv_written_q <= fv_written_q + (TW + 1)'(wr_valid_o && wr_ready_i && !fv_old_q);
    if (wr_ready_i) fv_old_q <= 1'b0;
  end
  // The flags before the token that is on the pins.
  if (!rst_ni || clear_i) {fv_flags_k_q, fv_flags_v_q} <= '0;
  else if (in_valid_i && in_ready_o) {fv_flags_k_q, fv_flags_v_q} <= {k_sat_o, v_sat_o};
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(wr_valid_o && !wr_ready_i))
      assert (wr_valid_o && $stable(wr_token_o) && $stable(wr_k_o) && $stable(wr_v_o));
    if ($past(clear_i)) assert (!k_sat_o && !v_sat_o);
    assert ($past(in_valid_i && in_ready_o) == (wr_valid_o && !$past(wr_valid_o && !wr_ready_i)));
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q && rst_ni) begin
    assert (count_q == fv_taken_q && count_q <= MaxTokens);
    assert (fv_taken_q == fv_written_q + (TW + 1)'(wr_valid_o && !fv_old_q));
    if (fv_old_q) assert (wr_valid_o && fv_taken_q == 0);
    if (wr_valid_o && !fv_old_q) assert (wr_token_o == fv_written_q[TW-1:0]);
    if (wr_valid_o) assert (wr_k_o == fv_k && wr_v_o == fv_v);
    // Before the first token of a sequence the flags are clear; after, they include the token written last.
    if (count_q == 0) assert (!k_sat_o && !v_sat_o);
    else assert (k_sat_o == (fv_flags_k_q || fv_k_sat != 0) && v_sat_o == (fv_flags_v_q || fv_v_sat != 0));
    assert (in_ready_o == (!clear_i && count_q != MaxTokens && (!wr_valid_o || wr_ready_i)));
    cover (count_q == MaxTokens && k_sat_o && !v_sat_o);
    cover (fv_old_q);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (count_q != 2);
`endif
end

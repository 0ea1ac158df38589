// SPDX-License-Identifier: Apache-2.0
// Properties of pm_row_keep: the row after any number of others sees a key where that takes part and, causal, is not behind the row's
// own token, which is as many rows after the first as have passed since the clear. There are N tokens at most, as the arrays hold
// them. In the engine, pm_flare_head_fv.svh says the same of the rows that are there.
`ifdef TOP_pm_row_keep
logic fv_init_q = 1'b1;
logic [TW+1:0] fv_first_q, fv_rows_q, fv_token;
logic [N-1:0] fv_keep_q;
logic fv_causal_q;
assign fv_token = fv_first_q + fv_rows_q;

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) {fv_first_q, fv_rows_q} <= '0;
  else if (clear_i) {fv_first_q, fv_rows_q} <= {(TW + 2)'(first_i), (TW + 2)'(0)};
  else fv_rows_q <= fv_rows_q + (TW + 2)'(next_i);
end
always_ff @(posedge clk_i) {fv_init_q, fv_keep_q, fv_causal_q} <= {1'b0, keep_i, causal_i};

always_comb begin
  if (fv_init_q) assume (!rst_ni && !clear_i && !next_i);
  else assume (rst_ni);
  if (!fv_init_q && rst_ni) begin
    assume (!clear_i || first_i < TW'(N) || TW'(N) == '0);
    assume (!next_i || fv_token < (TW + 2)'(N));
    counted : assert (fv_token <= (TW + 2)'(N));
    for (int unsigned j = 0; j < N; j++) assert (past_q[j] == ((TW + 2)'(j) <= fv_token));
    for (int unsigned j = 0; j < N; j++)
      assert (fv_token == (TW + 2)'(N) || keep_o[j] == (fv_keep_q[j] && (!fv_causal_q || (TW + 2)'(j) <= fv_token)));
`ifdef CANARY
    canary : assert (!(fv_causal_q && keep_o[N-1]));
`else
    cover (fv_causal_q && keep_o == '1);
    cover (fv_causal_q && &fv_keep_q && keep_o == N'(1));
`endif
  end
end
`endif

// SPDX-License-Identifier: Apache-2.0
// A result stands until it is taken; a row's first beat waits for its reciprocal and nothing else does.
logic fv_init_q = 1'b1;
always_ff @(posedge clk_i) fv_init_q <= 1'b0;
always_ff @(posedge clk_i) begin
  if (!fv_init_q && $past(rst_ni)) begin
    if ($past(y_valid_o && !y_ready_i)) stable : assert (y_valid_o && $stable({y_o, m_o, e_o}));
    if ($past(x_valid_i && !x_ready_o)) assume (x_valid_i && $stable({first_i, row_i, a_i, m_i, e_i, bias_i, onto_i}));
    assume ($stable({recip_i, scores_i}));
    if ($past(beat_q && !go)) waits : assert (beat_q && $stable({row_q, data_q}));
  end
end
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (!fv_init_q && en && beat_q && !go) waits_for : assert (!known_q);
`ifdef CANARY
  if (rst_ni) canary : assert (!(beat_q && en && go));
`endif
end

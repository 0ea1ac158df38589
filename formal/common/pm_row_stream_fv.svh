// SPDX-License-Identifier: Apache-2.0
// Beat i of a row has its elements i*Lanes.. and 0 past its end; there are ceil(N/Lanes) of them, and the row stays for all of them.
logic fv_init_q = 1'b1;
logic [31:0] fv_i_q;
logic [Lanes*W-1:0] fv_beat;

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) fv_i_q <= '0;
  else if (valid_o && ready_i) fv_i_q <= ready_o ? '0 : fv_i_q + 1;
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!fv_init_q && $past(valid_i && !ready_o) && $past(rst_ni)) assume (valid_i && $stable(row_i));
  if (!fv_init_q && rst_ni && $past(rst_ni) && $past(valid_o && !ready_i)) holds : assert (valid_o && $stable(beat_o) && $stable(last_o));
end

always_comb begin
  fv_beat = '0;
  for (int unsigned e = 0; e < N; e++)
    for (int unsigned l = 0; l < Lanes; l++) if (fv_i_q * Lanes + l == e) fv_beat[l*W+:W] = row_i[e*W+:W];
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q && rst_ni) begin
    in_row : assert (fv_i_q * Lanes < N);
    counted : assert (fv_i_q == 32'(beat_q));
    elements : assert (!valid_o || beat_o == fv_beat);
    ends : assert (last_o == ((fv_i_q + 1) * Lanes >= N));
    taken : assert (valid_o == valid_i && ready_o == (ready_i && last_o));
  end
end
`ifdef TARGET_common
always_comb if (!fv_init_q && rst_ni) begin
  cover (valid_o && ready_o);
`ifdef CANARY
  canary : assert (!(valid_o && last_o && beat_o[W-1:0] == '1));
`endif
end
`endif

// SPDX-License-Identifier: Apache-2.0
// By induction: every byte that comes goes once, in its place of its beat, behind those before it; a vector's last beat has zeros behind its
// last byte; beats that go stand while they wait.
logic fv_init_q = 1'b1;
(* anyconst *) logic [BeatW-1:0] fv_place;
// What came for that place of the beat that is being filled, and whether it did.
logic [Lanes*8-1:0] fv_data_q;
logic fv_came_q, fv_open_q;

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!rst_ni) {fv_came_q, fv_open_q} <= '0;
  else if (q_valid_i && q_ready_o) begin
    fv_open_q <= !(q_last_i || beat_q == BeatW'(Beats - 1));
    if (beat_q == fv_place) begin
      fv_came_q <= 1'b1;
      fv_data_q <= q_i;
    end else if (beat_q == '0) fv_came_q <= 1'b0;
  end
`ifdef TOP_pm_hyflex_pack
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(x_valid_o && !x_ready_i)) stable : assert (x_valid_o && $stable(x_o));
    if ($past(q_valid_i && q_ready_o)) moves : assert (x_valid_o == ($past(q_last_i) || $past(beat_q) == BeatW'(Beats - 1)));
    if ($past(x_valid_o && x_ready_i)) once : assert (!x_valid_o);
  end
`endif
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (32'(fv_place) < Beats);
  if (!fv_init_q && rst_ni) begin
    filling : assert (fv_open_q == (beat_q != '0) && 32'(beat_q) < Beats && !(full_q && fv_open_q));
    if (fv_open_q) assert (fv_came_q == (fv_place < beat_q));
    if (fv_open_q || full_q) in_place : assert (x_q[fv_place*Lanes*8+:Lanes*8] == (fv_came_q ? fv_data_q : '0));
    if (full_q) no_loss : assert (!q_ready_o);
  end
`ifdef TOP_pm_hyflex_pack
  if (!fv_init_q && rst_ni) cover (full_q && !fv_came_q);
`ifdef CANARY
  if (rst_ni) canary : assert (!(full_q && fv_came_q && fv_data_q != '0));
`endif
`endif
end

// SPDX-License-Identifier: Apache-2.0
// Any one element of a row is followed from its beat to the row: it is there, in its place, when the row is whole, which is after
// ceil(N/Lanes) beats; a whole row stays as it is until it is taken.
logic fv_init_q = 1'b1;
(* anyconst *) logic [31:0] fv_element;
logic [31:0] fv_i_q;  // beats of the row that are inside
logic [W-1:0] fv_word_q;

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) fv_i_q <= '0;
  else if (valid_i && ready_o) fv_i_q <= fv_i_q + 1;
  else if (valid_o && ready_i) fv_i_q <= '0;
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (valid_i && ready_o && fv_i_q == fv_element / Lanes) fv_word_q <= beat_i[fv_element%Lanes*W+:W];
  if (!fv_init_q && rst_ni && $past(rst_ni) && $past(valid_o && !ready_i)) holds : assert (valid_o && $stable(row_o));
end

always_comb begin
  assume (fv_element < N);
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q && rst_ni) begin
    in_row : assert (fv_i_q <= Beats);
    counted : assert (full_q ? fv_i_q == Beats && beat_q == '0 : fv_i_q == 32'(beat_q) && fv_i_q < Beats);
    whole : assert (valid_o == (fv_i_q * Lanes >= N));
    in_place : assert (fv_i_q * Lanes <= fv_element || row_q[fv_element*W+:W] == fv_word_q);
    given : assert (!valid_o || row_o[fv_element*W+:W] == fv_word_q);
    stops : assert (ready_o == !valid_o);
  end
end
`ifdef TARGET_common
always_comb if (!fv_init_q && rst_ni) begin
  cover (valid_o && ready_i);
`ifdef CANARY
  canary : assert (!(valid_o && row_o[W-1:0] == '1));
`endif
end
`endif

// SPDX-License-Identifier: Apache-2.0
// One output of pm_mlc_accumulate, any of them, by induction, with any sums t of all outputs in any order and with any gaps: its result
// is sum_i 2^i t_i, plane 7 negative, one clock after plane 7, and no other clock gives one. Any t fits y; with |t| <= 16065
// (6-bit codes of one-bit cells: 255 * 63; two-bit cells need less) a result fits 23 bits.
logic fv_init_q = 1'b1;
(* anyconst *) logic fv_narrow;
(* anyconst *) logic [OutW-1:0] fv_output;
logic fv_mine, fv_started_q, fv_ended_q, fv_any_q;
logic [2:0] fv_plane_q;
logic signed [AccW+1:0] fv_t, fv_sum, fv_sum_q, fv_bound;

assign fv_mine = valid_i && index_i == fv_output;
always_comb begin
  fv_t     = $signed({{(AccW + 2 - PartW) {t_i[PartW-1]}}, t_i}) <<< plane_i;
  fv_sum   = plane_i == 0 ? fv_t : plane_i == 7 ? fv_sum_q - fv_t : fv_sum_q + fv_t;
  // The largest |sum| before plane fv_plane_q: its weights so far sum to 2^plane - 1, to 255 after the last.
  fv_bound = fv_narrow ? 16065 : 2 ** (PartW - 1);
  fv_bound = fv_plane_q == 0 ? fv_bound * 255 : (fv_bound <<< fv_plane_q) - fv_bound;
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (fv_mine) fv_sum_q <= fv_sum;
  fv_started_q <= rst_ni && (fv_started_q || fv_mine);
  fv_ended_q   <= rst_ni && fv_mine && plane_i == 7;
  fv_any_q     <= rst_ni && valid_i && plane_i == 7;
  if (!rst_ni) fv_plane_q <= '0;
  else if (fv_mine) fv_plane_q <= fv_plane_q + 1'b1;
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (fv_output < Outputs && index_i < Outputs);
  if (fv_mine) assume (plane_i == fv_plane_q);
  if (fv_narrow) assume ($signed(t_i) <= 16065 && $signed(t_i) >= -16065);
  if (!fv_init_q && rst_ni) begin
    in_turn : assert (fv_started_q || fv_plane_q == 0);
    if (fv_started_q) begin
      kept : assert ($signed({{2{acc_q[fv_output*AccW+AccW-1]}}, acc_q[fv_output*AccW+:AccW]}) == fv_sum_q);
      bounded : assert (fv_sum_q <= fv_bound && fv_sum_q >= -fv_bound);
    end
    arrives : assert (valid_o == fv_any_q);
    if (fv_ended_q) begin
      is_sum : assert (valid_o && index_o == fv_output && {{2{y_o[AccW-1]}}, y_o} == fv_sum_q);
      if (fv_narrow) fits_23 : assert (y_o[AccW-1:22] == '0 || y_o[AccW-1:22] == '1);
    end else if (valid_o) other : assert (index_o != fv_output);
    cover (fv_ended_q && fv_sum_q == 24'd1);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(valid_o && y_o == AccW'(1)));
`endif
end

// SPDX-License-Identifier: Apache-2.0
// What leaves is what came, in order, moved half up and with the tile's sum added, by induction: the plain form adds a half before
// it shifts, in one bit more.
logic fv_init_q = 1'b1;
logic [SumW-1:0] fv_sum1_q, fv_sum2_q;
logic [PartW-1:0] fv_part1_q, fv_part2_q;
logic [5:0] fv_shift1_q, fv_shift2_q;
logic signed [SumW:0] fv_half, fv_moved, fv_want;

always_comb begin
  fv_half = '0;
  if (fv_shift2_q != 0 && fv_shift2_q <= SumW) fv_half[fv_shift2_q-6'd1] = 1'b1;
  fv_moved = (signed'(fv_sum2_q) + fv_half) >>> fv_shift2_q;
  if (fv_shift2_q > SumW) fv_moved = '0;
  fv_want = fv_moved + 256 * signed'(fv_part2_q);
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (en) begin
    {fv_sum1_q, fv_part1_q, fv_shift1_q} <= {sum_i, part_i, shift_i};
    {fv_sum2_q, fv_part2_q, fv_shift2_q} <= {fv_sum1_q, fv_part1_q, fv_shift1_q};
  end
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(valid_o && !ready_i)) stable : assert (valid_o && $stable(sum_o));
    if ($past(valid_o && ready_i) && !$past(valid_q[0])) none_twice : assert (!valid_o);
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (!fv_init_q && rst_ni) begin
    if (valid_q[0]) stage1 : assert (moved_q == (SumW + 1)'(signed'({fv_sum1_q, 1'b0}) >>> fv_shift1_q) && part_q == fv_part1_q);
    if (valid_o) moved_half_up : assert (sum_o == fv_want[SumW-1:0]);
    never_stalls : assert (!ready_i || ready_o);
    cover (valid_o && fv_shift2_q == 6'd3 && sum_o == SumW'(5));
`ifdef CANARY
    canary : assert (!(valid_o && fv_shift2_q == 6'd2 && sum_o == SumW'(-3)));
`endif
  end
end

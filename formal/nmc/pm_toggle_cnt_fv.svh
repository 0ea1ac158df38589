// SPDX-License-Identifier: Apache-2.0
// The count is what the vectors that were seen since the last clear say, bit by bit; the first of them says nothing.
logic fv_init_q = 1'b1;
logic fv_seen_q;
logic [Cols-1:0] fv_last_q;
logic [15:0] fv_count_q, fv_changes;

always_comb begin
  fv_changes = '0;
  for (int unsigned c = 0; c < Cols; c++) if (v_i[c] != fv_last_q[c]) fv_changes = fv_changes + 16'd1;
end
always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_seen_q  <= 1'b0;
    fv_count_q <= '0;
  end else begin
    fv_seen_q <= en_i || (fv_seen_q && !clr_i);
    if (clr_i) fv_count_q <= '0;
    else if (en_i && fv_seen_q) fv_count_q <= fv_count_q + fv_changes;
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (en_i) fv_last_q <= v_i;
end

always_comb begin
  assume (rst_ni == !fv_init_q);
  if (rst_ni) begin
    counted : assert (count_o == fv_count_q);
    first_known : assert (first_q == !fv_seen_q);
    if (fv_seen_q) before_known : assert (before_q == fv_last_q);
`ifdef TOP_pm_toggle_cnt
`ifdef CANARY
    canary : assert (count_o != 16'd5);
`endif
`endif
  end
end
`ifdef TOP_pm_toggle_cnt
always_ff @(posedge clk_i) if (rst_ni) cleared : cover (clr_i && en_i && count_o > 16'd3);
`endif

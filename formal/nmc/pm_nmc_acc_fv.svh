// SPDX-License-Identifier: Apache-2.0
// A MAC's result is the sum of its beats' weighted counts, an XOR's cols - 2 counts, each counted bit by bit when the beat comes;
// every result is given once, in order, and stays while it waits. The first beat after reset is asked to be an operation's first.
logic fv_init_q = 1'b1;
logic fv_any_q, fv_summed_q, fv_read_q;
logic [Cols-1:0] fv_sa, fv_sa_q, fv_product;
logic [25:0] fv_ones, fv_total, fv_total_q, fv_total1_q, fv_total2_q, fv_total3_q, fv_value1_q, fv_value2_q, fv_y_q;
logic [25:0] fv_count, fv_sum1, fv_sum2;
logic [2:0] fv_inside_q;
logic fv_held_q;
logic [29:0] fv_pins_q;

always_comb begin
  fv_sa      = read_i ? sa_i : fv_sa_q;
  fv_product = fv_sa & mask_i;
  fv_ones    = '0;
  fv_count   = '0;
  for (int unsigned c = 0; c < Cols; c++) begin
    fv_ones  = fv_ones + 26'(fv_product[c]);
    fv_count = fv_count + 26'(product_q[c]);
  end
  fv_total = first_i ? '0 : fv_total_q;
  if (neg_i) fv_total = fv_total - (fv_ones << shift_i);
  else fv_total = fv_total + (fv_ones << shift_i);
  // What stages one and two make of what is behind them.
  fv_sum2 = count_first_q ? '0 : fv_total3_q;
  if (count_neg_q) fv_sum2 = fv_sum2 - (26'(count_q) << count_shift_q);
  else fv_sum2 = fv_sum2 + (26'(count_q) << count_shift_q);
  fv_sum1 = first_q ? '0 : count_valid_q ? fv_total2_q : fv_total3_q;
  if (neg_q) fv_sum1 = fv_sum1 - (fv_count << shift_q);
  else fv_sum1 = fv_sum1 + (fv_count << shift_q);
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_any_q    <= 1'b0;
    fv_summed_q <= 1'b0;
    fv_read_q   <= 1'b0;
    fv_inside_q <= '0;
    fv_held_q   <= 1'b0;
  end else begin
    if (take) fv_any_q <= 1'b1;
    if (count_valid_q && count_ready) fv_summed_q <= 1'b1;
    if (take && read_i) fv_read_q <= 1'b1;
    fv_inside_q <= fv_inside_q + 3'(take && (xor_i || last_i)) - 3'(y_valid_o && y_ready_i);
    fv_held_q   <= y_valid_o && !y_ready_i;
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_pins_q <= {y_o, index_o, last_o};
  if (take) begin
    fv_sa_q     <= fv_sa;
    fv_total_q  <= fv_total;
    fv_total1_q <= fv_total;
    fv_value1_q <= xor_i ? 26'(cols_i) - (fv_ones << 1) : fv_total;
  end
  if (step_o) begin
    fv_total2_q <= fv_total1_q;
    fv_value2_q <= fv_value1_q;
  end
  if (count_valid_q && count_ready) fv_total3_q <= fv_total2_q;
  if (put) fv_y_q <= fv_value2_q;
end

always_comb begin
  assume (rst_ni == !fv_init_q);
  if (rst_ni) begin
    if (beat_valid_i && !fv_any_q) assume (first_i);
    if (beat_valid_i && !fv_read_q) assume (read_i || mask_i == '0);
    if (fv_read_q) holds : assert (sa_q == fv_sa_q);
    if (fv_any_q) newest : assert (fv_total_q == (valid_q ? fv_total1_q : count_valid_q ? fv_total2_q : fv_total3_q));
    if (fv_summed_q) sum_so_far : assert (acc_q == fv_total3_q);
    if (!fv_summed_q && count_valid_q) first_of_all : assert (count_first_q);
    if (!fv_summed_q && !count_valid_q && valid_q) first_of_all1 : assert (first_q);
    if (!fv_any_q) nothing : assert (!valid_q && !count_valid_q && !y_valid_o && !fv_summed_q && !fv_read_q);
    if (fv_any_q && !valid_q && !count_valid_q) through : assert (fv_summed_q);
    if (valid_q) begin
      stage1 : assert (fv_total1_q == fv_sum1);
      value1 : assert (fv_value1_q == (xor_q ? 26'(cols_q) - (fv_count << 1) : fv_total1_q));
    end
    if (count_valid_q) begin
      stage2 : assert (fv_total2_q == fv_sum2);
      value2 : assert (fv_value2_q == (count_xor_q ? 26'(count_cols_q) - (26'(count_q) << 1) : fv_total2_q));
    end
    if (y_valid_o) right : assert (y_o == fv_y_q);
    each_once : assert (fv_inside_q == 3'(valid_q && (xor_q || last_q)) + 3'(count_valid_q && (count_xor_q || count_last_q)) +
                                       3'(y_valid_o));
    if (fv_held_q) waits : assert (y_valid_o && fv_pins_q == {y_o, index_o, last_o});
  end
end

`ifdef TOP_pm_nmc_acc
always_comb if (rst_ni) begin
  full : cover (fv_inside_q == 3'd3 && y_valid_o && y_o[25]);
`ifdef CANARY
  canary : assert (!(y_valid_o && y_o == 26'h3fffffe));
`endif
end
`endif

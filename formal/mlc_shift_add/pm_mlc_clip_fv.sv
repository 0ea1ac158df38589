// SPDX-License-Identifier: Apache-2.0
// What a column of up to 64 rows can hold, by induction over rows: one row arrives each clock with any cell, in the first or the second
// column of a pair, active or not.
// Offset weights, column or complement by the flip rule: its active cells sum to at most 32 (1 bit) or 96 (2 bits), so that 6 and 7
// bits hold every sum. (The first column alone; what arrives in the second is 0 to it.)
// Differential weights: a pair's columns together hold at most 64 or 192, so that never do both pass half of that. A code of 6 bits
// clips only where all 64 rows are active and in one column of 1-bit cells, and is then 1 short; one of 7 bits clips where a column
// of 2-bit cells sums to more than 127, is at most 65 short, and the pair's other column is then exact.
module pm_mlc_clip_fv (
    input logic       clk_i,
    input logic       rst_ni,
    input logic [1:0] cell_i,
    input logic       second_i,
    input logic       active_i
);
  (* anyconst *) logic mlc;
  logic [1:0] top, held, held2;
  logic [7:0] rows_q, total_q, ctotal_q, sum_q, csum_q, active_q, total2_q, sum2_q;
  assign top   = mlc ? 2'd3 : 2'd1;
  assign held  = second_i ? 2'd0 : cell_i & top;
  assign held2 = second_i ? cell_i & top : 2'd0;

  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rows_q   <= '0;
      total_q  <= '0;
      ctotal_q <= '0;
      sum_q    <= '0;
      csum_q   <= '0;
      active_q <= '0;
      total2_q <= '0;
      sum2_q   <= '0;
    end else if (rows_q < 8'd64) begin
      rows_q   <= rows_q + 1'b1;
      total_q  <= total_q + 8'(held);
      ctotal_q <= ctotal_q + 8'(top - held);
      if (active_i) sum_q <= sum_q + 8'(held);
      if (active_i) csum_q <= csum_q + 8'(top - held);
      if (active_i) active_q <= active_q + 1'b1;
      total2_q <= total2_q + 8'(held2);
      if (active_i) sum2_q <= sum2_q + 8'(held2);
    end
  end

  logic flip;
  logic [7:0] code;
  assign flip = {1'b0, total_q, 1'b0} > (mlc ? 10'd192 : 10'd64);
  assign code = flip ? csum_q : sum_q;

  // Differential: what the converters show of the pair.
  logic [7:0] most, code1, code2;
  assign most  = mlc ? 8'd127 : 8'd63;
  assign code1 = sum_q > most ? most : sum_q;
  assign code2 = sum2_q > most ? most : sum2_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      rows: assert (rows_q <= 8'd64);
      cells_sum: assert (10'(total_q) + 10'(ctotal_q) == 10'(rows_q) * (mlc ? 10'd3 : 10'd1));
      active_part: assert (sum_q <= total_q && csum_q <= ctotal_q);
      no_clip: assert (code <= (mlc ? 8'd96 : 8'd32));
      pair: assert (10'(total_q) + 10'(total2_q) <= 10'(rows_q) * (mlc ? 10'd3 : 10'd1) && sum2_q <= total2_q);
      active_rows: assert (active_q <= rows_q && 10'(sum_q) + 10'(sum2_q) <= 10'(active_q) * (mlc ? 10'd3 : 10'd1));
      one_of_a_pair: assert (sum_q <= (mlc ? 8'd96 : 8'd32) || sum2_q <= (mlc ? 8'd96 : 8'd32));
      short_by: assert (sum_q - code1 <= (mlc ? 8'd65 : 8'd1) && sum2_q - code2 <= (mlc ? 8'd65 : 8'd1));
      other_exact: assert (code1 == sum_q || code2 == sum2_q);
      full_only: assert (code1 == sum_q || (mlc ? active_q > 8'd42 : active_q == 8'd64));
`ifdef CANARY
      canary: assert (code != 8'd2);
`endif
    end
  end
endmodule

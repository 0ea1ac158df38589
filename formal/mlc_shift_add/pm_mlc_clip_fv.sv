// SPDX-License-Identifier: Apache-2.0
// Clip-free with flip at any number of rows up to 64, by induction over rows: one row arrives each clock with any cell, active or
// not. Whatever is stored, column or complement by the flip rule, its active cells sum to at most 32 (1 bit)
// or 96 (2 bits): 6 and 7 bits hold every sum.
module pm_mlc_clip_fv (
    input logic       clk_i,
    input logic       rst_ni,
    input logic [1:0] cell_i,
    input logic       active_i
);
  (* anyconst *) logic mlc;
  logic [1:0] top, held;
  logic [7:0] rows_q, total_q, ctotal_q, sum_q, csum_q;
  assign top  = mlc ? 2'd3 : 2'd1;
  assign held = cell_i & top;

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
    end else if (rows_q < 8'd64) begin
      rows_q   <= rows_q + 1'b1;
      total_q  <= total_q + 8'(held);
      ctotal_q <= ctotal_q + 8'(top - held);
      if (active_i) sum_q <= sum_q + 8'(held);
      if (active_i) csum_q <= csum_q + 8'(top - held);
    end
  end

  logic flip;
  logic [7:0] code;
  assign flip = {1'b0, total_q, 1'b0} > (mlc ? 10'd192 : 10'd64);
  assign code = flip ? csum_q : sum_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      rows: assert (rows_q <= 8'd64);
      cells_sum: assert (10'(total_q) + 10'(ctotal_q) == 10'(rows_q) * (mlc ? 10'd3 : 10'd1));
      active_part: assert (sum_q <= total_q && csum_q <= ctotal_q);
      no_clip: assert (code <= (mlc ? 8'd96 : 8'd32));
`ifdef CANARY
      canary: assert (code != 8'd2);
`endif
    end
  end
endmodule

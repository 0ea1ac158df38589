// SPDX-License-Identifier: Apache-2.0
// Any one word that enters is followed to the exit: it comes out once, in its turn, unchanged.
logic init_q = 1'b1;
always @(posedge clk_i) init_q <= 1'b0;
always @(*) if (init_q) assume (!rst_ni); else assume (rst_ni);

(* anyseq *) logic pick;
logic tracked_q;
logic [31:0] ahead_q, count;
logic [Width-1:0] word_q;
always_comb begin
  count = 0;
  for (int unsigned i = 0; i < Depth; i++) count = count + 32'(full_q[i]);
end
always @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) tracked_q <= 1'b0;
  else begin
    if (!tracked_q && push && pick) begin
      tracked_q <= 1'b1;
      ahead_q   <= count - 32'(pop);
      word_q    <= data_i;
    end else if (tracked_q && pop) begin
      if (ahead_q == 0) tracked_q <= 1'b0;
      else ahead_q <= ahead_q - 1'b1;
    end
  end
end

always @(posedge clk_i) if (rst_ni) begin
  lowest: assert (full_q == Depth'((64'd1 << count) - 64'd1));
  if (tracked_q) begin
    inside: assert (ahead_q < count);
    unchanged: assert (words_q[ahead_q*Width+:Width] == word_q);
    if (ahead_q == 0) in_turn: assert (valid_o && data_o == word_q);
  end
  full_stops: assert (ready_o == (count < Depth));
  stays: assert (init_q || !$past(rst_ni) || !$past(valid_o && !ready_i) || (valid_o && data_o == $past(data_o)));
`ifdef TARGET_common
`ifdef CANARY
  canary: assert (!(tracked_q && count == Depth));
`else
  reached: cover (tracked_q && ahead_q == Depth - 1 && pop);
`endif
`endif
end

// SPDX-License-Identifier: Apache-2.0
// Any one word that enters is followed to the exit: it comes out once, in its turn, unchanged. Induction holds for any number of words.
logic init_q = 1'b1;
always @(posedge clk_i) init_q <= 1'b0;
always @(*) if (init_q) assume (!rst_ni); else assume (rst_ni);

(* anyseq *) logic pick;
logic tracked_q;
logic [CntW-1:0] ahead_q;
logic [Width-1:0] word_q;
always @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) tracked_q <= 1'b0;
  else begin
    if (!tracked_q && push && pick) begin
      tracked_q <= 1'b1;
      ahead_q   <= count_q - CntW'(pop);
      word_q    <= data_i;
    end else if (tracked_q && pop) begin
      if (ahead_q == 0) tracked_q <= 1'b0;
      else ahead_q <= ahead_q - 1'b1;
    end
  end
end

logic [PtrW:0] place, end_place;
assign place     = (PtrW + 1)'(head_q) + (PtrW + 1)'(ahead_q);
assign end_place = (PtrW + 1)'(head_q) + (PtrW + 1)'(count_q);

always @(posedge clk_i) if (rst_ni) begin
  in_range: assert (head_q < Depth && tail_q < Depth && count_q <= Depth);
  ends_meet: assert ((PtrW + 1)'(tail_q) == (end_place >= Depth ? end_place - (PtrW + 1)'(Depth) : end_place));
  if (tracked_q) begin
    inside: assert (ahead_q < count_q);
    unchanged: assert (mem_q[(place >= Depth ? place - (PtrW + 1)'(Depth) : place)*Width+:Width] == word_q);
    if (ahead_q == 0) in_turn: assert (valid_o && data_o == word_q);
  end
  full_stops: assert (ready_o == (count_q < Depth));
  stays: assert (init_q || !$past(rst_ni) || !$past(valid_o && !ready_i) || (valid_o && data_o == $past(data_o)));
`ifdef TARGET_common
  // In another block's proof the queue must not stand in for that block's canary and covers.
`ifdef CANARY
  canary: assert (!(tracked_q && count_q == Depth));
`else
  reached: cover (tracked_q && ahead_q == CntW'(Depth - 1) && pop);
`endif
`endif
end

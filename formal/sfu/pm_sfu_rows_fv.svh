// SPDX-License-Identifier: Apache-2.0
// In order, nothing lost: a word that is tracked, the memory outside as it is asked to be; counters as they must be.
logic fv_init_q = 1'b1;
(* anyconst *) logic [AddrW-1:0] fv_place;  // of the memory: what it holds is tracked
logic [W-1:0] fv_cell_q, fv_read_q;
logic fv_read_tracked_q;
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (mem_we_o && mem_waddr_o == fv_place) fv_cell_q <= mem_wdata_o;
  if (mem_re_o) begin
    fv_read_tracked_q <= mem_raddr_o == fv_place;
    fv_read_q <= fv_cell_q;
  end
  if (!fv_init_q && $past(rst_ni) && rst_ni && $past(y_valid_o && !y_ready_i))
    stable : assert (y_valid_o && fv_read_tracked_q == $past(fv_read_tracked_q));
end
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (fv_place < Depth);
  if (fv_read_tracked_q) assume (mem_rdata_i == fv_read_q);
  if (!fv_init_q && rst_ni) begin
    circle : assert (count_q <= Depth && put_q < Depth && get_q < Depth && (get_q + count_q) % Depth == 32'(put_q));
    // What is written lies where it is read next, before what is free.
    never_both : assert (!(mem_we_o && mem_re_o && mem_waddr_o == mem_raddr_o));
    if (y_valid_o && fv_read_tracked_q) word : assert (y_o == fv_read_q);
    cover (count_q == Depth);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(count_q == 2 && valid_q));
`endif
end

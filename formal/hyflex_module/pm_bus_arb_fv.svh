// SPDX-License-Identifier: Apache-2.0
// By induction: one beat at a time, to one who asks, whenever somebody does; whoever goes on asking waits for N - 1 others at most.
logic fv_init_q = 1'b1;
(* anyconst *) logic [$clog2(N)-1:0] fv_who;
logic [$clog2(N+1)-1:0] fv_wait_q, fv_after;

// Those that come before fv_who.
always_comb begin
  fv_after = '0;
  for (int unsigned i = 0; i < N; i++) begin
    // Behind the last one up to fv_who, or around the end.
    if (behind_q[fv_who] ? i < 32'(fv_who) && behind_q[i] : behind_q[i] || i < 32'(fv_who)) fv_after += 1'b1;
  end
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_wait_q <= rst_ni && req_i[fv_who] && !grant_o[fv_who] ? fv_wait_q + 1'b1 : '0;
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (32'(fv_who) < N);
  if (!fv_init_q && rst_ni) begin
    one : assert ((grant_o & (grant_o - 1'b1)) == '0 && (grant_o & ~req_i) == '0 && (|grant_o) == (|req_i));
    // Ones from a place on: the places behind the last one.
    upper : assert ((~behind_q & (~behind_q + 1'b1)) == '0);
    bounded : assert (32'(fv_wait_q) + 32'(fv_after) < N);
  end
`ifdef TOP_pm_bus_arb
  if (!fv_init_q && rst_ni) cover (fv_wait_q == ($bits(fv_wait_q))'(N - 1));
`ifdef CANARY
  if (rst_ni) canary : assert (32'(fv_wait_q) < N - 1);
`endif
`endif
end

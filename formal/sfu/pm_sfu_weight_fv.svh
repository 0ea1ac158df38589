// SPDX-License-Identifier: Apache-2.0
// A weight has its bits, a masked one is 0, and a row's largest score has the largest weight: what is 0 on its way through the stages.
(* anyconst *) logic [4:0] fv_bits;
logic [11:0] fv_seen_q = '0, fv_most_q, fv_masked_q;
(* hierconn *) wire [4:0] \u_ex2.zero_q ;
(* hierconn *) wire [29:0] \u_ex2.side_q ;
always_ff @(posedge clk_i) begin
  fv_seen_q <= {fv_seen_q[10:0], 1'b1};
  fv_most_q <= {fv_most_q[10:0], keep_i && a_i == max_i};
  fv_masked_q <= {fv_masked_q[10:0], !keep_i};
end
always_comb begin
  assume (en_i && bits_i == fv_bits && bits_i >= 8 && bits_i <= 16);
  for (int unsigned i = 0; i < 5; i++) begin
    if (fv_seen_q[i]) assert (keep_q[i] == !fv_masked_q[i]);
    if (fv_seen_q[5+i]) assert (\u_ex2.side_q [i*6+5] == !fv_masked_q[5+i]);
    if (fv_seen_q[5+i] && fv_most_q[5+i]) assert (\u_ex2.zero_q [i] && \u_ex2.side_q [i*6+:5] == '0);
  end
  for (int unsigned i = 0; i < 12; i++) if (fv_seen_q[i]) assert (!(fv_most_q[i] && fv_masked_q[i]));
  if (fv_seen_q[0] && fv_most_q[0]) assert (below_q == '0);
  if (fv_seen_q[1] && fv_most_q[1]) assert (part_q == '0);
  if (fv_seen_q[2] && fv_most_q[2]) assert (product_q == '0);
  if (fv_seen_q[3] && fv_most_q[3]) assert (near_q == '0);
  if (fv_seen_q[4] && fv_most_q[4]) assert (t_q == '0);
  if (fv_seen_q[9]) assert (m >= 131072 && m <= 262144);
  if (fv_seen_q[9] && fv_most_q[9]) assert (m == 262144);
  if (fv_seen_q[10]) assert (keep2_q == !fv_masked_q[10]);
  if (fv_seen_q[10] && fv_most_q[10]) assert (shifted_m_q == 19'd2 << fv_bits);
  if (fv_seen_q[11]) begin
    fits : assert ({1'b0, a_o} < 17'd1 << fv_bits);
    if (fv_most_q[11]) largest : assert ({1'b0, a_o} == (17'd1 << fv_bits) - 17'd1);
    if (fv_masked_q[11]) masked : assert (a_o == '0);
  end
`ifdef CANARY
  if (fv_seen_q[2]) canary : assert (!(fv_most_q[2] && !fv_most_q[1] && fv_masked_q[1]));
`endif
end

// SPDX-License-Identifier: Apache-2.0
// A weight has its bits, a masked one is 0, and that of 2^0 is the largest.
(* anyconst *) logic [4:0] fv_bits;
logic [1:0] fv_seen_q = '0, fv_most_q, fv_masked_q;
always_ff @(posedge clk_i) begin
  fv_seen_q <= {fv_seen_q[0], 1'b1};
  fv_most_q <= {fv_most_q[0], m_i == 262144 && k_i == -6'd18};
  fv_masked_q <= {fv_masked_q[0], m_i == '0};
end
always_comb begin
  assume (en_i && bits_i == fv_bits && bits_i >= 8 && bits_i <= 16);
  // k is -49..-18.
  assume (m_i == '0 || (m_i >= 131072 && m_i <= 262144));
  assume (k_i >= 6'd15 && k_i <= 6'd46);
  if (fv_seen_q[0]) assert (shifted_q <= 19'd2 << fv_bits);
  if (fv_seen_q[0] && fv_masked_q[0]) assert (shifted_q == '0);
  if (fv_seen_q[0] && fv_most_q[0]) assert (shifted_q == 19'd2 << fv_bits);
  if (fv_seen_q[1]) begin
    fits : assert ({1'b0, a_o} < 17'd1 << fv_bits);
    if (fv_most_q[1]) largest : assert ({1'b0, a_o} == (17'd1 << fv_bits) - 17'd1);
    if (fv_masked_q[1]) masked : assert (a_o == '0);
  end
`ifdef CANARY
  if (fv_seen_q[1]) canary : assert (!(fv_most_q[1] && fv_masked_q[0]));
`endif
end

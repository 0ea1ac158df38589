// SPDX-License-Identifier: Apache-2.0
// Of x that is not negative, every quotient so far times 2^18, and what is left, are at most what was divided: the divisor is 2^18
// or more. So the quotient is at most 2^5 times the significand, without a rest where it is that, and the result at most x.
logic [(Divides+1)*11-1:0] fv_sig_q;
logic [Divides:0] fv_seen_q = '0, fv_plain_q;
always_ff @(posedge clk_i) begin
  fv_sig_q <= {fv_sig_q[Divides*11-1:0], sig_i};
  fv_seen_q <= {fv_seen_q[Divides-1:0], 1'b1};
  fv_plain_q <= {fv_plain_q[Divides-1:0], !neg_i};
end
always_comb begin
  assume (en_i);
  assume (m_i >= 131072 && m_i <= 262144);
  for (int unsigned i = 0; i <= Divides; i++) begin
    if (fv_seen_q[i]) assert (rest_q[i*19+:19] < divisor_q[i*20+:20] && divisor_q[i*20+:20] >= 262144 && divisor_q[i*20+:20] <= 524288);
    if (fv_seen_q[i] && fv_plain_q[i]) begin
      assert (quotient_q[i*16+:16] >> 2 * i == '0);
      assert ({18'd0, quotient_q[i*16+:16], 18'd0} + 52'(rest_q[i*19+:19]) <= 52'(fv_sig_q[i*11+:11]) << (7 + 2 * i));
    end
  end
  if (fv_seen_q[Divides] && fv_plain_q[Divides])
    at_most_x : assert ({quotient_q[Divides*16+:16], rest_q[Divides*19+:19] != '0} <= {fv_sig_q[Divides*11+:11], 6'd0});
`ifdef CANARY
  if (fv_seen_q[1]) canary : assert (!(fv_plain_q[1] && quotient_q[16+:16] == 16'd2));
`endif
end

// SPDX-License-Identifier: Apache-2.0
// Of x that is not negative, every quotient so far times 2^18, and what is left, are at most what was divided: the divisor is 2^18
// or more. So the quotient is at most 2^3 times the significand, without a rest where it is that, and the result at most x.
logic [Stages*11-1:0] fv_sig_q;
logic [(Stages+1)*11-1:0] fv_sig;
logic [Stages-1:0] fv_seen_q = '0, fv_plain_q;
logic [Stages:0] fv_seen, fv_plain;
assign fv_sig   = {fv_sig_q, above_i[28:18]};
assign fv_seen  = {fv_seen_q, 1'b1};
assign fv_plain = {fv_plain_q, above_i[17:0] == '0};
always_ff @(posedge clk_i) begin
  fv_sig_q   <= fv_sig[Stages*11-1:0];
  fv_seen_q  <= fv_seen[Stages-1:0];
  fv_plain_q <= fv_plain[Stages-1:0];
end
always_comb begin
  assume (en_i);
  assume (gate_i <= 262144 && above_i <= 29'(2047 * 262144));
  for (int unsigned i = 0; i <= Stages; i++) begin
    if (fv_seen[i]) begin
      if (i > 0) assert (gate_q[(i-1)*19+:19] <= 262144);
      assert ({1'b0, rest[i*19+:19]} < (i > 0 ? 20'd262144 + 20'(gate_q[(i-1)*19+:19]) : 20'd262144));
    end
    if (fv_seen[i] && fv_plain[i]) begin
      assert (quotient[i*14+:14] >> 2 * i == '0);
      assert ({18'd0, quotient[i*14+:14], 18'd0} + 50'(rest[i*19+:19]) <= 50'(fv_sig[i*11+:11]) << (7 + 2 * i));
    end
  end
  if (fv_seen[Stages] && fv_plain[Stages]) at_most_x : assert ({quotient_o, rest_o} <= {fv_sig[Stages*11+:11], 4'd0});
`ifdef CANARY
  if (fv_seen[1]) canary : assert (!(fv_plain[1] && quotient[14+:14] == 14'd2));
`endif
end

// SPDX-License-Identifier: Apache-2.0
// The difference is that of integers; a zero less nothing keeps its sign.
logic [42:0] fv_size, fv_fixed_q, fv_mean, fv_difference, fv_difference_q;
logic [1:0] fv_seen_q = '0;
logic fv_mean_neg_q, fv_neg_q, fv_last_neg_q;
(* anyconst *) logic fv_rms;
assign fv_size = x_i[14:10] == '0 ? 43'(x_i[9:0]) : 43'({1'b1, x_i[9:0]}) << (x_i[14:10] - 5'd1);
assign fv_mean = fv_mean_neg_q ? -{2'b00, mean_i} : {2'b00, mean_i};
assign fv_difference = fv_fixed_q - (rms_i ? '0 : fv_mean);
always_ff @(posedge clk_i) begin
  fv_seen_q <= {fv_seen_q[0], 1'b1};
  fv_fixed_q <= x_i[15] ? -fv_size : fv_size;
  fv_mean_neg_q <= mean_neg_i;
  {fv_neg_q, fv_last_neg_q} <= {x_i[15], fv_neg_q};
  fv_difference_q <= fv_difference;
end
always_comb begin
  assume (en_i && rms_i == fv_rms && (!rms_i || mean_i == '0) && x_i[14:10] != '1);
  if (fv_seen_q[0]) begin
    assert ((fixed_q ^ {40{minus_q}}) <= 40'd1098974756864 && {3'd0, fixed_q ^ {40{minus_q}}} == (neg_q ? -fv_fixed_q : fv_fixed_q) && neg_q == fv_neg_q);
    assert (minus_q == (!fv_rms && fv_neg_q == fv_mean_neg_q));
  end
  if (fv_seen_q[1]) begin
    large : assert ({1'b0, size_o} == (fv_difference_q[42] ? -fv_difference_q : fv_difference_q));
    if (fv_difference_q != '0) signed_ : assert (neg_o == fv_difference_q[42]);
    else if (rms_i) kept : assert (neg_o == fv_last_neg_q);
  end
`ifdef CANARY
  if (fv_seen_q[1]) canary : assert (size_o != 42'd5);
`endif
end

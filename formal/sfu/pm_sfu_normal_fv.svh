// SPDX-License-Identifier: Apache-2.0
// The difference is that of integers; what cancels is +0, but a zero less nothing keeps its sign.
logic [42:0] fv_size, fv_fixed_q, fv_difference, fv_difference_q;
logic [2:0] fv_seen_q = '0;
logic [1:0] fv_neg_q;
(* anyconst *) logic fv_rms;
assign fv_size = x_i[14:10] == '0 ? 43'(x_i[9:0]) : 43'({1'b1, x_i[9:0]}) << (x_i[14:10] - 5'd1);
assign fv_difference = fv_fixed_q - (rms_i ? '0 : 43'(signed'(mean_i)));
always_ff @(posedge clk_i) begin
  fv_seen_q <= {fv_seen_q[1:0], 1'b1};
  fv_fixed_q <= x_i[15] ? -fv_size : fv_size;
  fv_difference_q <= fv_difference;
  fv_neg_q <= {fv_neg_q[0], x_i[15]};
end
logic [42:0] fv_last_q;
logic fv_last_neg_q;
always_ff @(posedge clk_i) {fv_last_q, fv_last_neg_q} <= {fv_difference_q, fv_neg_q[1]};
always_comb begin
  assume (en_i && rms_i == fv_rms && x_i[14:10] != '1);
  if (fv_seen_q[0]) assert (fixed_q <= 40'd1098974756864 && {3'd0, fixed_q} == (neg_q ? -fv_fixed_q : fv_fixed_q) && neg_q == fv_neg_q[0]);
  if (fv_seen_q[1]) assert ((sign_q ? -sum_q : sum_q) == fv_difference_q && sign_q == fv_neg_q[1]);
  if (fv_seen_q[1] && rms_i) assert (!sum_q[42]);
  if (fv_seen_q[2]) begin
    large : assert ({1'b0, size_o} == (fv_last_q[42] ? -fv_last_q : fv_last_q));
    signed_ : assert (neg_o == (rms_i && fv_last_q == '0 ? fv_last_neg_q : fv_last_q[42]));
  end
`ifdef CANARY
  if (fv_seen_q[2]) canary : assert (size_o != 42'd5);
`endif
end

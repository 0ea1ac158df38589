// SPDX-License-Identifier: Apache-2.0
// The product shifted down one place at a time, then to nearest even.
logic [27:0] fv_x, fv_near;
logic fv_half, fv_rest;
logic [7:0] fv_q_q, fv_q2_q;
logic [1:0] fv_seen_q = '0;
always_comb begin
  fv_x    = p_i;
  fv_half = 1'b0;
  fv_rest = 1'b0;
  for (int unsigned i = 0; i < 30; i++) begin
    if (i <= 32'(shift_i)) begin
      fv_rest = fv_rest || fv_half;
      fv_half = fv_x[0];
      fv_x    = fv_x >> 1;
    end
  end
  fv_near = fv_x + 28'(fv_half && (fv_rest || fv_x[0]));
end
always_ff @(posedge clk_i) begin
  fv_seen_q <= {fv_seen_q[0], 1'b1};
  fv_q_q  <= neg_i ? -fv_near[7:0] : fv_near[7:0];
  fv_q2_q <= fv_q_q;
end
always_comb begin
  assume (en_i && fv_near <= 127);
  if (fv_seen_q[0]) assert ((neg_q ? -q : q) == fv_q_q);
  if (fv_seen_q[1]) naive : assert (q_o == fv_q2_q);
`ifdef CANARY
  if (fv_seen_q[1]) canary : assert (q_o != 8'd5);
`endif
end

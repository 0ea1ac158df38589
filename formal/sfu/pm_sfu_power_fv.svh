// SPDX-License-Identifier: Apache-2.0
// T is the product shifted down one place at a time, plus the last one that went, at most 2^23 - 1; 2^0 is 2^18 * 2^-18.
logic [W-1:0] fv_x, fv_x_q, fv_t;
logic fv_half, fv_rest, fv_half_q, fv_rest_q;
logic [23:0] fv_t_q;
logic [8:0] fv_seen_q = '0, fv_none_q;
(* hierconn *) wire [5:0] \u_ex2.zero_q ;
(* hierconn *) wire [35:0] \u_ex2.side_q ;
always_comb begin
  fv_x    = product_q;
  fv_half = 1'b0;
  fv_rest = 1'b0;
  for (int unsigned i = 0; i < W + 2; i++) begin
    if (i <= 32'(shift_i)) begin
      fv_rest = fv_rest || fv_half;
      fv_half = fv_x[0];
      fv_x    = fv_x >> 1;
    end
  end
  fv_t = fv_x_q + W'(fv_half_q && (fv_rest_q || !down_i));
  if (fv_t > W'(8388607)) fv_t = W'(8388607);
end
always_ff @(posedge clk_i) begin
  {fv_x_q, fv_half_q, fv_rest_q} <= {fv_x, fv_half, fv_rest};
  fv_t_q <= minus_i ? -fv_t[23:0] : fv_t[23:0];
  fv_seen_q <= {fv_seen_q[7:0], 1'b1};
  fv_none_q <= {fv_none_q[7:0], product_q == '0};
end
always_comb begin
  assume (en_i);
  if (fv_seen_q[0]) assert (near_q == {fv_x_q[W-1:23] != '0, fv_x_q[22:0], fv_half_q} && lost_q == fv_rest_q);
  if (fv_seen_q[1]) naive : assert (t_q == fv_t_q);
  if (fv_seen_q[0] && fv_none_q[0]) assert (near_q == '0);
  if (fv_seen_q[1] && fv_none_q[1]) assert (t_q == '0);
  for (int unsigned i = 0; i < 6; i++) if (fv_seen_q[2+i] && fv_none_q[2+i]) assert (\u_ex2.zero_q [i] && \u_ex2.side_q [i*6+:6] == '0);
  if (fv_seen_q[7] && fv_none_q[7]) one : assert (m_o == 19'd262144 && q_o == '0);
`ifdef CANARY
  if (fv_seen_q[1]) canary : assert (t_q != 24'd5);
`endif
end

// SPDX-License-Identifier: Apache-2.0
// What is left stays below twice the divisor, so that each bit of the quotient is the right one: z stays while it is divided by.
logic fv_init_q = 1'b1;
logic [17:0] fv_bits;
assign fv_bits = quotient_q << (Steps - step_q);
logic fv_busy_q;
logic [31:0] fv_z_q;
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_busy_q <= rst_ni && valid_i && !done_o;
  fv_z_q    <= z_i;
end
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (!rst_ni) assume (!valid_i);
  if (!fv_init_q && fv_busy_q) assume (valid_i && z_i == fv_z_q);
  if (!fv_init_q && !fv_busy_q) idle : assert (step_q == '0);
  if (!fv_init_q && step_q != '0) begin
    counted : assert (step_q <= Steps);
    first_bits : assert (divisor_q == high[31:14] && pos_q == pos && none_q == none);
    if (!none_q) bounded : assert (rest_q < {divisor_q, 1'b0} && divisor_q[17]);
    // 2^16 <= R < 2^17, or R is that
    if (step_q == 5'd1) begins : assert (rest_q == 19'h20000);
    if (step_q == 5'd2 && !none_q) first : assert (quotient_q[0] == (divisor_q == 18'h20000) && (!quotient_q[0] || rest_q == '0));
    if (step_q > 5'd2 && !none_q) size : assert (fv_bits[17:16] == 2'd1 || (fv_bits == 18'h20000 && rest_q == '0));
    if (done_o && !none_q) normal : assert (m_o[15]);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (step_q != 5'd2);
`endif
end

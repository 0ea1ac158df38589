// SPDX-License-Identifier: Apache-2.0
// What is left stays below the divisor, so that each bit of the quotient is the right one; the quotient stands until it is taken.
logic fv_init_q = 1'b1;
(* hierconn *) wire [4:0] \u_serial.count_q ;
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!fv_init_q && $past(rst_ni) && rst_ni && $past(y_valid_o && !y_ready_i)) stable : assert (y_valid_o && $stable(r_o));
end
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume ({1'b0, d_i} > (W + 1)'(Start / 2));
  if (!fv_init_q && rst_ni) begin
    counted : assert (\u_serial.count_q <= 5'd18);
    if (\u_serial.count_q != '0) left : assert (rest_q < divisor_q);
    if (\u_serial.count_q != '0 && \u_serial.count_q <= 5'd18) grows : assert (18'(quotient_q >> \u_serial.count_q ) == '0);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (\u_serial.count_q != 5'd2);
`endif
end

// SPDX-License-Identifier: Apache-2.0
// What is left stays below twice the divisor, so that each bit of the quotient is the right one; a result stands until it is
// taken.
logic fv_init_q = 1'b1;
logic fv_valid_q;
(* hierconn *) wire [4:0] \u_serial.count_q ;
always_ff @(posedge clk_i) fv_init_q <= 1'b0;
always_ff @(posedge clk_i) begin
  if (!fv_init_q && $past(rst_ni) && $past(y_valid_o && !y_ready_i)) stable : assert (y_valid_o && $stable({y_o, nv_o, of_o}));
end
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (!fv_init_q) begin
    counted : assert (\u_serial.count_q <= 5'd19);
    if (\u_serial.count_q != '0 && !inf_q && !nan_q && !none_q) left : assert (rest_q < {divisor_q, 1'b0} && divisor_q[10]);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (\u_serial.count_q != 5'd4);
`endif
end

// SPDX-License-Identifier: Apache-2.0
// What is left is at most twice the root, so that each bit of the root is the right one; a result stands until it is taken.
logic fv_init_q = 1'b1;
(* hierconn *) wire [4:0] \u_serial.count_q ;
always_ff @(posedge clk_i) fv_init_q <= 1'b0;
always_ff @(posedge clk_i) begin
  if (!fv_init_q && $past(rst_ni) && $past(y_valid_o && !y_ready_i)) stable : assert (y_valid_o && $stable({y_o, nv_o}));
end
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (!fv_init_q) begin
    counted : assert (\u_serial.count_q <= 5'd17);
    if (\u_serial.count_q != '0) left : assert (rest_q <= {1'b0, root_q, 1'b0});
    if (\u_serial.count_q != '0 && \u_serial.count_q <= 5'd14) grows : assert (root_q >> (\u_serial.count_q - 5'd1) == '0);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (\u_serial.count_q != 5'd4);
`endif
end

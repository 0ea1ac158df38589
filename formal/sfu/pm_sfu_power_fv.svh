// SPDX-License-Identifier: Apache-2.0
// T is the product in 2^-18, to the nearest, as the numbers' page has it: half added, then shifted; at most 2^23 - 1. The product
// is the carry-save tree's, proven by itself, and the adder's; any number stands for it here.
logic [W:0] fv_half, fv_t;
logic [23:0] fv_near_q;
logic [22:0] fv_most;
logic fv_down_q, fv_minus_q;
logic [1:0] fv_seen_q = '0;
// A half goes up where down_i of a clock later is 0.
assign fv_half = {1'b0, product_q} + (((W + 1)'(1'b1) << shift_i) - (W + 1)'(fv_down));
assign fv_t    = fv_half >> ({1'b0, shift_i} + 7'd1);
assign fv_most = fv_t > (W + 1)'(8388607) ? 23'd8388607 : fv_t[22:0];
(* anyconst *) logic fv_down;
(* anyconst *) logic fv_minus;
logic [22:0] fv_first_q, fv_second_q;
always_ff @(posedge clk_i) begin
  fv_seen_q <= {fv_seen_q[0], 1'b1};
  {fv_first_q, fv_second_q} <= {fv_most, fv_first_q};
end
always_comb begin
  assume (en_i && down_i == fv_down && minus_i == fv_minus && shift_i < W);
  if (fv_seen_q[0]) begin
    placed : assert ((near_q[24] || (near_q[23:1] == '1 && up) ? 23'd8388607 : near_q[23:1] + 23'(up)) == fv_first_q);
  end
  if (fv_seen_q[1]) rounded : assert (t_q == (fv_minus ? -{1'b0, fv_second_q} : {1'b0, fv_second_q}));
`ifdef CANARY
  if (fv_seen_q[1]) canary : assert (t_q != 24'd5);
`endif
end

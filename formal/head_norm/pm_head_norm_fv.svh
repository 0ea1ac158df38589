// SPDX-License-Identifier: Apache-2.0
// The stream of pm_head_norm, by induction: each beat taken comes out once, in order, stable while it waits, as its outputs times
// the reciprocal of its own Z, shifted and saturated; a free stage never holds back the one before it; the sticky flag is what its
// port says. Reciprocal and shift are instances of their own on the beat as it came: pm_norm_recip_fv and the proofs of rtl/common are about them.
logic fv_init_q = 1'b1;
// The beat that each stage holds, and the number of it: what is taken, what each stage holds, what is given.
logic [3*(Lanes*OW+ZW)-1:0] fv_beat_q;
logic [3:0] fv_in_q, fv_out_q, fv_tag1_q, fv_tag2_q, fv_tag3_q;
logic [3*8-1:0] fv_factor;
logic [3*5-1:0] fv_shift;
logic [3*Lanes*OW-1:0] fv_o;
logic [2*Lanes*PW-1:0] fv_product;
logic [Lanes*32-1:0] fv_y;
logic fv_flag_q;
logic [Lanes-1:0] fv_triple;
logic [3:0] fv_digits;

for (genvar i = 0; i < 3; i++) begin : g_fv
  pm_norm_recip #(.ZW(ZW)) u_recip (
      .z_i(fv_beat_q[i*(Lanes*OW+ZW)+:ZW]), .factor_o(fv_factor[i*8+:8]), .shift_o(fv_shift[i*5+:5]));
  assign fv_o[i*Lanes*OW+:Lanes*OW] = fv_beat_q[i*(Lanes*OW+ZW)+ZW+:Lanes*OW];
end
for (genvar k = 0; k < 4; k++) begin : g_fv_digit
  assign fv_digits[k] = {three_q[k], two_q[k], one_q[k]} == 3'(4'd1 << fv_factor[2*k+:2] >> 1);
end
for (genvar i = 0; i < Lanes; i++) begin : g_fv_lane
  for (genvar s = 0; s < 2; s++) begin : g_stage
    assign fv_product[(s*Lanes+i)*PW+:PW] = PW'(signed'(fv_o[((s+1)*Lanes+i)*OW+:OW])) * PW'(fv_factor[(s+1)*8+:8]);
  end
  assign fv_triple[i] = triple_q[i*(OW+2)+:OW+2] == (OW + 2)'(3) * (OW + 2)'(fv_o[i*OW+:OW] ^ (OW'(1) << (OW - 1)));
  pm_shift_sat #(.InW(PW), .OutW(32)) u_shift (
      .x_i(fv_product[(Lanes+i)*PW+:PW]), .shift_i(fv_shift[14:10]), .y_o(fv_y[i*32+:32]));
end

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (en1) {fv_beat_q[Lanes*OW+ZW-1:0], fv_tag1_q} <= {o_i, z_i, fv_in_q};
  if (en2) {fv_beat_q[Lanes*OW+ZW+:Lanes*OW+ZW], fv_tag2_q} <= {fv_beat_q[Lanes*OW+ZW-1:0], fv_tag1_q};
  if (en3) {fv_beat_q[2*(Lanes*OW+ZW)+:Lanes*OW+ZW], fv_tag3_q} <= {fv_beat_q[Lanes*OW+ZW+:Lanes*OW+ZW], fv_tag2_q};
  fv_in_q   <= rst_ni ? fv_in_q + 4'(o_valid_i && o_ready_o) : '0;
  fv_out_q  <= rst_ni ? fv_out_q + 4'(y_valid_o && y_ready_i) : '0;
  fv_flag_q <= rst_ni && ((fv_flag_q && !clear_i) || (o_valid_i && o_ready_o && z_i == 0));
  if (!fv_init_q && $past(rst_ni) && rst_ni)
    if ($past(y_valid_o && !y_ready_i)) assert (y_valid_o && $stable(y_o));
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q && rst_ni) begin
    if (valid1_q) assert (fv_tag1_q == fv_out_q + 4'(valid2_q) + 4'(valid3_q));
    if (valid2_q) assert (fv_tag2_q == fv_out_q + 4'(valid3_q));
    if (valid3_q) assert (fv_tag3_q == fv_out_q);
    assert (fv_in_q == fv_out_q + 4'(valid1_q) + 4'(valid2_q) + 4'(valid3_q));
    if (valid1_q) assert (fv_triple == '1 && o_q == fv_o[Lanes*OW-1:0] && fv_digits == '1 && minus_q == 9'd0 - 9'(fv_factor[7:0]) && shift1_q == fv_shift[4:0]);
    if (valid2_q) assert (product_q == fv_product[Lanes*PW-1:0] && shift2_q == fv_shift[9:5]);
    if (valid3_q) assert (y_o == fv_y);
    assert (o_ready_o || (valid1_q && valid2_q && valid3_q && !y_ready_i));
    assert (z_zero_o == fv_flag_q);
    cover (valid1_q && valid2_q && valid3_q && !y_ready_i && fv_out_q == 0);
    cover (!z_zero_o && fv_out_q == 2 && fv_in_q == 3);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(y_valid_o && y_o[31:0] == 32'd5));
`endif
end

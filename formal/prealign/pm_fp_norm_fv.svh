// SPDX-License-Identifier: Apache-2.0
// pm_fp_norm against its definition, pm_fp_ref. Any one number, at the input of any clock in which it is taken, is followed from
// stage to stage: what it becomes at the output is its FP32. Each number taken comes out once, in order; a free stage never holds
// back the one before it; a stalled output stands. Where the number is in no stage, the data of the stages are of no concern.
logic fv_init_q = 1'b1;
(* anyconst *) logic [DpvW-1:0] fv_dpv;
(* anyconst *) logic [PW-1:0] fv_p;
logic [31:0] fv_y;
logic fv_uf, fv_of;
logic [Stages-1:0] fv_is_q;  // the stage holds that number
logic [Stages*4-1:0] fv_tag_q;
logic [3:0] fv_in_q, fv_out_q;
logic [Stages*4-1:0] fv_later;  // numbers that left, and that are in later stages

pm_fp_ref #(.DpvW(DpvW), .PW(PW)) u_fv_ref (.dpv_i(fv_dpv), .p_i(fv_p), .y_o(fv_y), .uf_o(fv_uf), .of_o(fv_of));

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_in_q  <= rst_ni ? fv_in_q + 4'(x_valid_i && x_ready_o) : '0;
  fv_out_q <= rst_ni ? fv_out_q + 4'(y_valid_o && y_ready_i) : '0;
  for (int unsigned s = 0; s < Stages; s++) begin
    if (en[s]) begin
      fv_is_q[s]       <= s == 0 ? x_valid_i && dpv_i == fv_dpv && p_i == fv_p : fv_is_q[s==0?0 : s-1];
      fv_tag_q[s*4+:4] <= s == 0 ? fv_in_q : fv_tag_q[(s==0?0 : s-1)*4+:4];
    end
  end
  if (!fv_init_q && $past(rst_ni) && rst_ni && $past(y_valid_o && !y_ready_i))
    holds : assert (y_valid_o && $stable(y_o) && $stable(uf_o) && $stable(of_o));
end

// What the stages make of it, each by the functions of the RTL.
logic [(Halves+1)*(Steps+NW)-1:0] fv_half;
logic [DpvW-1:0] fv_magnitude;
always_comb begin
  fv_magnitude = fv_dpv[DpvW-1] ? -fv_dpv : fv_dpv;
  fv_half[Steps+NW-1:0] = {Steps'(0), NW'(fv_magnitude)};
  for (int unsigned s = 0; s < Halves; s++)
    fv_half[(s+1)*(Steps+NW)+:Steps+NW] = normalize(fv_half[s*(Steps+NW)+:NW], fv_half[s*(Steps+NW)+NW+:Steps], s);
end

always_comb begin
  for (int unsigned s = Stages; s > 0; s--)
    fv_later[(s-1)*4+:4] = s == Stages ? fv_out_q : fv_later[(s==Stages?s-1 : s)*4+:4] + 4'(valid_q[s==Stages?s-1 : s]);
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q) assume (rst_ni);
  if (!fv_init_q && rst_ni) begin
    for (int unsigned s = 0; s < Stages; s++) begin
      if (valid_q[s]) assert (fv_tag_q[s*4+:4] == fv_later[s*4+:4]);
      // A free stage takes what there is before it.
      assert (en[s] == (!valid_q[s] || (s == Stages - 1 ? y_ready_i : en[s==Stages-1?s : s+1])));
    end
    in_order : assert (fv_in_q == fv_later[3:0] + 4'(valid_q[0]));
    for (int unsigned s = 0; s <= Halves; s++)
      if (valid_q[s] && fv_is_q[s])
        assert ({zeros_q[s*Steps+:Steps], mag_q[s*NW+:NW]} == fv_half[s*(Steps+NW)+:Steps+NW] && p_q[s*PW+:PW] == fv_p &&
                neg_q[s] == fv_dpv[DpvW-1]);
    // Rounded and packed, at once: the definition.
    if (valid_q[Halves] && fv_is_q[Halves])
      leading : assert (fv_half[Halves*(Steps+NW)+NW-1] || fv_dpv == '0);
    if (valid_q[Stages-2] && fv_is_q[Stages-2])
      rounded : assert (y_d == fv_y && uf == fv_uf && of == fv_of);
    if (y_valid_o && fv_is_q[Stages-1]) packed_ : assert (y_o == fv_y && uf_o == fv_uf && of_o == fv_of);
    cover (&valid_q && !y_ready_i && fv_is_q[Stages-1] && fv_y[23]);
`ifdef CANARY
    canary : assert (!(y_valid_o && fv_is_q[Stages-1] && y_o[30:23] == 8'h80));
`endif
  end
end

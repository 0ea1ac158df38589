// SPDX-License-Identifier: Apache-2.0
// What pm_mix_gemv adds to its parts, which have proofs of their own: each dot product enters pm_fp_norm with its vector's power plus
// its kernel's, a vector's power is taken once, with its last dot product; where float_i is 0 the dot products pass as they
// are, in order, and stand while they wait.
logic fv_init_q = 1'b1;
(* anyconst *) logic fv_float;
(* anyconst *) logic [Kernels*PW-1:0] fv_pw;
logic [3:0] fv_powers_q, fv_vectors_q;
logic fv_enters;
logic [W-1:0] fv_dpv_q;
logic [PW-1:0] fv_p_q;

assign fv_enters = dpv_valid && dpv_ready;
always_ff @(posedge clk_i) begin
  fv_init_q    <= 1'b0;
  if (fv_enters) {fv_dpv_q, fv_p_q} <= {dpv, px_i + fv_pw[index*PW+:PW]};
  fv_powers_q  <= rst_ni ? fv_powers_q + 4'(px_valid_i && px_ready_o) : '0;
  fv_vectors_q <= rst_ni ? fv_vectors_q + 4'(fv_enters && index == IndexW'(Kernels - 1)) : '0;
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (float_i == fv_float && pw_i == fv_pw);
  if (!fv_init_q && rst_ni) begin
    if (float_i) begin
      once : assert (fv_powers_q == fv_vectors_q);
      waits_for_power : assert (!fv_enters || px_valid_i);
    end else as_it_is : assert (y_valid_o == held_q && y_o == dpv_q && !px_ready_o);
    if (held_q) held : assert (dpv_q == fv_dpv_q && (!float_i || p_q == fv_p_q));
    waits : assert (fv_enters == (enters && (!held_q || (float_i ? norm_ready : y_ready_i))));
    cover (float_i && fv_powers_q == 1);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(float_i && fv_powers_q == 1));
`endif
end

// SPDX-License-Identifier: Apache-2.0
// What pm_mix_gemv adds to its parts, which have proofs of their own: each dot product enters pm_fp_norm with its vector's power plus
// its kernel's, a vector's power is taken once, with its last dot product; where float_i is 0 the dot products pass as they are.
logic fv_init_q = 1'b1;
(* anyconst *) logic fv_float;
(* anyconst *) logic [Kernels*PW-1:0] fv_pw;
logic [3:0] fv_powers_q, fv_vectors_q;
logic fv_enters;

assign fv_enters = dpv_valid && dpv_ready;
always_ff @(posedge clk_i) begin
  fv_init_q    <= 1'b0;
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
      enters : assert (fv_enters == (dpv_valid && px_valid_i && norm_ready));
    end else as_it_is : assert (y_valid_o == dpv_valid && dpv_ready == y_ready_i && y_o == dpv && !px_ready_o);
    cover (float_i && fv_powers_q == 1);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(float_i && fv_powers_q == 1));
`endif
end

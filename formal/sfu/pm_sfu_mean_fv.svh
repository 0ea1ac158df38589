// SPDX-License-Identifier: Apache-2.0
// What is left stays below the divisor; no more steps than there are bits.
(* anyconst *) logic [13:0] fv_d;
logic fv_init_q = 1'b1;
logic fv_loaded_q = 1'b0;
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (load_i) fv_loaded_q <= 1'b1;
end
always_comb begin
  assume (d_i == fv_d && d_i >= 1 && d_i <= 8192);
  assume (emax_i >= 1 && emax_i <= 30);
  if (fv_loaded_q) begin
    left : assert (rest_q < d_i && left_q <= 54);
  end
`ifdef CANARY
  if (fv_loaded_q) canary : assert (left_q != 30);
`endif
end

// SPDX-License-Identifier: Apache-2.0
// Every kernel is routed once a vector, in order, for every table: kernels ascend and begin anew after the last; each result is its
// engine's, is taken exactly when it is given, and is that engine's next one: the number of results that an engine gave is the number of its
// kernels that were given. Assumed: no entry names engine 3, and what is offered stands until it is taken.
logic fv_init_q = 1'b1;
(* anyconst *) logic [2*Kernels-1:0] fv_dest;
logic [IndexW-1:0] fv_index_q;
logic [3*4-1:0] fv_taken_q;  // in this vector, of each engine
logic [3*4-1:0] fv_due;

// Kernels of each engine in front of the present one.
always_comb begin
  fv_due = '0;
  for (int unsigned m = 0; m < (Kernels <= 8 ? Kernels : 1); m++)
    for (int unsigned j = 0; j < 3; j++) if (m < fv_index_q && fv_dest[2*m+:2] == 2'(j)) fv_due[j*4+:4] = fv_due[j*4+:4] + 1'b1;
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!rst_ni) fv_index_q <= '0;
  else if (y_valid_o && y_ready_i) fv_index_q <= fv_index_q == IndexW'(Kernels - 1) ? '0 : fv_index_q + 1'b1;
  for (int unsigned j = 0; j < 3; j++) begin
    if (!rst_ni) fv_taken_q[j*4+:4] <= '0;
    else if (y_valid_o && y_ready_i && index_o == IndexW'(Kernels - 1)) fv_taken_q[j*4+:4] <= '0;
    else if (valid_i[j] && ready_o[j]) fv_taken_q[j*4+:4] <= fv_taken_q[j*4+:4] + 1'b1;
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (dest_i == fv_dest);
  for (int unsigned m = 0; m < (Kernels <= 8 ? Kernels : 1); m++) assume (fv_dest[2*m+:2] != 2'd3);
  if (!fv_init_q && rst_ni) begin
    in_order : assert (index_o == fv_index_q && index_o < Kernels);
    its_own : assert (fv_taken_q == fv_due);
    for (int unsigned j = 0; j < 3; j++) begin
      if (dest_i[2*fv_index_q+:2] == 2'(j)) assert (y_valid_o == valid_i[j] && y_o == x_i[j*W+:W] && ready_o[j] == y_ready_i);
      else assert (!ready_o[j]);
    end
    cover (y_valid_o && y_ready_i && index_o == IndexW'(Kernels - 1) && fv_taken_q[0+:4] != 0);
  end
`ifdef CANARY
`ifdef TOP_pm_kernel_route
  if (rst_ni) canary : assert (!(y_valid_o && y_ready_i && index_o == 1 && fv_taken_q[8+:4] == 1));
`endif
`endif
end

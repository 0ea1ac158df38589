// SPDX-License-Identifier: Apache-2.0
// 2^50 - r^2 w, in the next bit's place, is at most (2 r + 1) w there: each bit is the right one, and nothing is cut off in
// front.
logic fv_loaded_q = 1'b0;
logic [4:0] fv_steps_q;
always_ff @(posedge clk_i) begin
  if (load_i) fv_loaded_q <= 1'b1;
  fv_steps_q <= load_i ? '0 : fv_steps_q + 5'(step_i);
end
always_comb begin
  assume (w_i >= 65536);
  assume (step_i == (fv_steps_q < 17));
  if (fv_loaded_q) assert (less_q == ~w_q && fv_steps_q <= 17);
  if (fv_loaded_q && (fv_steps_q < 17 || step_q)) begin
    scaled : assert (w_q >= 65536 && {6'd0, rw_q} + {23'd0, w_q} <= {23'd0, w_q} << fv_steps_q);
    left : assert ({5'd0, rest_q} <= {5'd0, rw_q, 3'd0} + {23'd0, w_q, 2'd0});
    if (fv_steps_q < 17 && more) whole : assert (difference[37:36] == '0);
    else if (fv_steps_q < 17) whole_too : assert (rest_q[37:36] == '0);
  end
`ifdef CANARY
  if (fv_loaded_q) canary : assert (!(fv_steps_q == 5'd1 && more));
`endif
end

// SPDX-License-Identifier: Apache-2.0
// y is the sum of its codes by their places, in any order, with any gaps and stalls, and nothing wraps. Of the codes this takes what
// a mapping gives: |d| <= R (2^width - 1) in a slice of width bits, and the slices of an output, each counted (2^width - 1) 2^(shift +
// plane), add up to no more than (2^A - 1)(2^B - 1) a tile (pm_xbar_ctrl proves it of its accesses).
localparam int unsigned FvMost = (Kmax / R) * (2 ** A - 1) * (2 ** B - 1);
logic fv_init_q = 1'b1;
(* anyseq *) logic [2:0] fv_width;
logic [31:0] fv_ledger_q, fv_entry;
logic signed [AccW+1:0] fv_sum_q, fv_placed, fv_sum, fv_y_q, fv_bound;

always_comb begin
  fv_entry  = ((32'd1 << fv_width) - 1) << shift_i << plane_i;
  fv_placed = (AccW + 2)'($signed(d_i)) <<< shift_i <<< plane_i;
  fv_sum    = neg_i ? fv_sum_q - fv_placed : fv_sum_q + fv_placed;
  fv_bound  = (AccW + 2)'(fv_ledger_q * R);
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_ledger_q <= '0;
    fv_sum_q    <= '0;
  end else if (take) begin
    fv_ledger_q <= last_i ? '0 : fv_ledger_q + fv_entry;
    fv_sum_q    <= last_i ? '0 : fv_sum;
    if (last_i) fv_y_q <= fv_sum;
  end
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!fv_init_q && rst_ni && $past(rst_ni) && $past(y_valid_o && !y_ready_i)) held : assert (y_valid_o && $stable(y_o));
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (fv_width >= 1 && fv_width <= C && 32'(shift_i) + 32'(fv_width) <= B && plane_i < A);
  if (d_valid_i) begin
    assume ($signed(d_i) <= $signed(DW'(R * ((32'd1 << fv_width) - 1))));
    assume ($signed(d_i) >= -$signed(DW'(R * ((32'd1 << fv_width) - 1))));
    assume (fv_ledger_q + fv_entry <= FvMost);
  end
  if (!fv_init_q && rst_ni) begin
    ledger : assert (fv_ledger_q <= FvMost);
    kept : assert ((AccW + 2)'($signed(acc_q)) == fv_sum_q);
    bounded : assert (fv_sum_q <= fv_bound && fv_sum_q >= -fv_bound);
    if (y_valid_o) is_sum : assert ((AccW + 2)'($signed(y_o)) == fv_y_q);
    cover (y_valid_o && fv_y_q == 5);
`ifdef CANARY
    canary : assert (!(y_valid_o && y_o == AccW'(5)));
`endif
  end
end

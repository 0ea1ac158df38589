// SPDX-License-Identifier: Apache-2.0
// By induction, with the sequencer's own invariants: each step takes one beat of operands and adds one sum, a round's sums come out once, added
// up without wrapping, and stand while they wait. What a step sums to is pm_nor_bound_fv's, for any cells.
logic fv_init_q = 1'b1;
localparam int unsigned FvMost = M12 * 4095 * 128;
// The sum of array 0 in more bits, of as many steps.
logic signed [AccW+3:0] fv_acc_q, fv_acc, fv_y_q;
logic signed [SumW-1:0] fv_sum;
logic [TermW-1:0] fv_steps_q;
logic signed [AccW+3:0] fv_most;
// A round is under way: of reads, and of sums.
logic fv_reading_q, fv_adding_q;
logic [3:0] fv_x_q, fv_writes_q, fv_rounds_q, fv_y_taken_q;

assign fv_sum = sum[SumW-1:0];
assign fv_most = (AccW + 4)'(FvMost) * (AccW + 4)'(fv_steps_q);
assign fv_acc = (sum_first_q ? '0 : fv_acc_q) + (AccW + 4)'(fv_sum);

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (sum_q) begin
    fv_acc_q <= fv_acc;
    if (sum_last_q) fv_y_q <= fv_acc;
  end
  if (sum_q) fv_steps_q <= sum_first_q ? TermW'(1) : fv_steps_q + 1'b1;
  fv_reading_q <= rst_ni && (read_o ? !last : fv_reading_q);
  fv_adding_q  <= rst_ni && (sum_q ? !sum_last_q : fv_adding_q);
  fv_x_q       <= rst_ni ? fv_x_q + 4'(x_valid_i && x_ready_o) : '0;
  fv_writes_q  <= rst_ni ? fv_writes_q + 4'(write_a_o) : '0;
  fv_rounds_q  <= rst_ni ? fv_rounds_q + 4'(read_o && last) : '0;
  fv_y_taken_q <= rst_ni ? fv_y_taken_q + 4'(y_valid_o && y_ready_i) : '0;
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(y_valid_o && !y_ready_i)) stable : assert (y_valid_o && $stable(y_o) && $stable(y_last_o));
  end
end

always_comb begin
  if (job_valid_i) assume (job_units_i == UnitW'(Units));
  // A step takes a term or more, so that a round has MaxTerms at most: pm_nor_dot_seq's.
  if (sum_q && fv_adding_q) assume (fv_steps_q < TermW'(MaxTerms));
  if (sum_q) assume (fv_sum <= $signed(SumW'(FvMost)) && fv_sum >= -$signed(SumW'(FvMost)));
  if (!fv_init_q && rst_ni) begin
    operands_once : assert (fv_x_q == fv_writes_q + 4'(x_full_q));
    rounds_once : assert (fv_rounds_q == fv_y_taken_q + 4'(y_valid_q) + 4'((read_q || sum_q) && sum_last_q));
    no_overrun : assert (!((read_q || sum_q) && sum_last_q && y_valid_q));
    if (read_q || sum_q) one_by_one : assert (!read_o && !(read_q && sum_q) && sum_first_q == !fv_adding_q && fv_reading_q == !sum_last_q);
    else assert (fv_adding_q == fv_reading_q);
    if (job_ready_o && !read_o) assert (!fv_reading_q);
    else from_first : assert (first == !fv_reading_q);
    if (fv_adding_q) assert ((AccW + 4)'($signed(acc_q[AccW-1:0])) == fv_acc_q && fv_steps_q >= 1 && fv_acc_q <= fv_most && fv_acc_q >= -fv_most);
    if (y_valid_q) is_sum : assert ((AccW + 4)'($signed(y_q[AccW-1:0])) == fv_y_q);
    if (sum_q) never_wraps : assert ((AccW + 4)'($signed(acc[AccW-1:0])) == fv_acc);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(y_valid_o && y_last_o));
`endif
end

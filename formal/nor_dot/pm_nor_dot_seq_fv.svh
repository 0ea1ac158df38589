// SPDX-License-Identifier: Apache-2.0
// By induction: every job taken has each of its rounds, and in each round each of its terms, exactly once; strobes come one at a time
// and in order, a fetch before a round's first step and after every Words of them, from the rows that follow each other; nothing waits
// but a write without operands and a round's last read, and nothing is left out between jobs.
logic fv_init_q = 1'b1;
// Of the job under way: what it asked for, and how far it is.
logic fv_wide_q;
logic [TermW-1:0] fv_rounds_q, fv_round_q, fv_terms_q;
logic [TermW:0] fv_done_q;
logic [WordW:0] fv_since_q;
logic [RowW-1:0] fv_row_q, fv_stride_q;
logic [3:0] fv_in_q, fv_out_q;
logic [$clog2(M8+1)-1:0] fv_used;

always_comb begin
  fv_used = '0;
  for (int unsigned m = 0; m < M8; m++) fv_used += $bits(fv_used)'(used_o[m]);
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_in_q   <= rst_ni ? fv_in_q + 4'(accept) : '0;
  fv_out_q  <= rst_ni ? fv_out_q + 4'(done) : '0;
  if (accept) begin
    fv_wide_q   <= job_wide_i;
    fv_rounds_q <= job_rounds_i;
    fv_terms_q  <= job_terms_i;
    fv_round_q  <= '0;
    fv_done_q   <= '0;
    fv_row_q    <= job_row_i;
    fv_stride_q <= job_stride_i;
  end else if (read_o) begin
    fv_done_q <= last_o ? '0 : fv_done_q + (TermW + 1)'(fv_used);
    if (last_o) begin
      fv_round_q <= fv_round_q + 1'b1;
      fv_row_q   <= fv_row_q + fv_stride_q;
    end
  end
  if (fetch_o) fv_since_q <= '0;
  else if (read_o) fv_since_q <= fv_since_q + 1'b1;
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(fetch_o)) assert (step_q == 6'd2);
    if ($past(step != 0 && !fetch_o && !read_o)) in_order : assert (step_q == $past(step_q) << 1);
    if ($past(next_step)) assert (step_q == ($past(refetch) ? 6'd1 : 6'd2));
    if ($past(next_round || accept)) begins : assert (step_q == 6'd1);
    if ($past(read_o && job_valid_i && done)) no_gap : assert (fetch_o);
    if ($past(read_o && !accept)) assert (work_q == ($past(work_q) == RowW'(Rows - 1) ? $past(work_row_i) : $past(work_q) + 1'b1));
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (job_valid_i) assume (job_terms_i >= 1 && job_terms_i <= TermW'(MaxTerms));
  if (!fv_init_q && rst_ni) begin
    one_at_a_time : assert ((step_q & (step_q - 6'd1)) == 0);
    each_job_once : assert (fv_in_q == fv_out_q + 4'(step_q != 0));
    if (step != step_q) waits : assert ((step_q[1] && !x_valid_i) || (step_q[5] && last_o && hold_i));
    if (step_q != 0) begin
      as_asked : assert (wide_q == fv_wide_q && terms_q == fv_terms_q && stride_q == fv_stride_q && terms_q >= 1 && terms_q <= TermW'(MaxTerms));
      rounds : assert ((TermW + 1)'(fv_round_q) + (TermW + 1)'(rounds_q) == (TermW + 1)'(fv_rounds_q));
      terms : assert (left_q >= 1 && fv_done_q < (TermW + 1)'(fv_terms_q) && fv_done_q + (TermW + 1)'(left_q) == (TermW + 1)'(fv_terms_q));
      first : assert (first_q == (fv_done_q == 0));
      // As many as the form has room for, and the round's rest in its last step.
      whole : assert (last_o ? TermW'(fv_used) == left_q : TermW'(fv_used) == taken);
      row : assert (round_row_q == fv_row_q);
      if (first_q) assert (fetch_row_q == fv_row_q && word_q == 0);
      if (step_q[0]) assert (word_q == 0);
      else word : assert ((WordW + 1)'(word_q) == fv_since_q && fv_since_q < (WordW + 1)'(wide_q ? Words12 : Words8));
      if (done) all : assert (fv_round_q == fv_rounds_q && fv_done_q + (TermW + 1)'(fv_used) == (TermW + 1)'(fv_terms_q));
    end
`ifdef TOP_pm_nor_dot_seq
    cover (done && job_valid_i && !wide_q);
    cover (next_round && wide_q);
    cover (wait_y);
`ifdef CANARY
    canary : assert (!(done && wide_q));
`endif
`endif
  end
end

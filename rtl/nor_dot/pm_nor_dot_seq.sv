// SPDX-License-Identifier: Apache-2.0
/// Sequencer of a NOR module: the rounds of a job, the steps of a round, and the array's clocks of a step: write a, write b,
/// preset, NOR, read; before a round's first step and after every Words8 or Words12 of them a row of storage is fetched.
///
/// A job takes rounds * (5 steps + ceil(steps / words)) clocks where operands are there and results are taken; the next one
/// follows without a gap.
module pm_nor_dot_seq #(
    /// Rows of an array, 2..65536.
    parameter int unsigned Rows = 1024,
    /// Terms of a step of 8 x 8 bits, at least 1.
    parameter int unsigned M8 = 5,
    /// Terms of a step of 12 x 8 bits, 1..M8.
    parameter int unsigned M12 = 3,
    /// Steps that a row of storage has operands for, 8 x 8 bits, at least 2.
    parameter int unsigned Words8 = 25,
    /// The same of 12 x 8 bits, at least Words8.
    parameter int unsigned Words12 = 42,
    /// Terms of an item, at least 1.
    parameter int unsigned MaxTerms = 8192,
    localparam int unsigned RowW = $clog2(Rows),
    localparam int unsigned TermW = $clog2(MaxTerms + M8 + 1),
    localparam int unsigned WordW = $clog2(Words12)
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Jobs.
    input  logic             job_valid_i,
    output logic             job_ready_o,
    /// 12 x 8 bits; else 8 x 8.
    input  logic             job_wide_i,
    /// Rounds less 1.
    input  logic [TermW-1:0] job_rounds_i,
    /// Terms of an item, 1..MaxTerms.
    input  logic [TermW-1:0] job_terms_i,
    /// Row of storage that the first round begins with.
    input  logic [ RowW-1:0] job_row_i,
    /// Rows from one round's first to the next one's.
    input  logic [ RowW-1:0] job_stride_i,
    /// The first of the rows to multiply in, which go on to the last row, in turn. It changes only between jobs.
    input  logic [ RowW-1:0] work_row_i,
    /// The input register has the step's operands.
    input  logic             x_valid_i,
    /// The output register is taken, or will be: the last read of a round waits.
    input  logic             hold_i,
    /// 12 x 8 bits, of the step that is under way.
    output logic             wide_o,
    /// Bit m: multiplication m of the step has a term.
    output logic [   M8-1:0] used_o,
    /// The round is the job's last.
    output logic             last_round_o,
    /// The step is a round's first.
    output logic             first_o,
    /// The step is a round's last.
    output logic             last_o,
    /// Strobe, of which one at most is 1: fetch a row of storage.
    output logic             fetch_o,
    /// Strobe: write operand a.
    output logic             write_a_o,
    /// Strobe: write operand b.
    output logic             write_b_o,
    /// Strobe: preset the result columns to 1.
    output logic             preset_o,
    /// Strobe: NOR.
    output logic             nor_o,
    /// Strobe: read.
    output logic             read_o,
    /// The row: of storage with fetch_o, else the one that is multiplied in.
    output logic [ RowW-1:0] row_o,
    /// The step's word of the row that was fetched.
    output logic [WordW-1:0] word_o
);
  if (Rows < 2 || Rows > 65536 || M12 < 1 || M8 < M12 || Words8 < 2 || Words12 < Words8 || MaxTerms < 1) begin : g_range
    $error("pm_nor_dot_seq: Rows must be 2..65536, M8 >= M12 >= 1, Words12 >= Words8 >= 2, MaxTerms at least 1");
  end

  logic [5:0] step_q, step;  // one-hot, in the order of the strobes
  logic wide_q, first_q, wait_x, wait_y, accept, next_round, next_step, done;
  logic [TermW-1:0] rounds_q, terms_q, left_q, taken;
  logic [RowW-1:0] round_row_q, fetch_row_q, stride_q, work_q;
  logic [WordW-1:0] word_q;

  assign wait_x       = step_q[1] && !x_valid_i;
  assign wait_y       = step_q[5] && last_o && hold_i;
  assign step         = wait_x || wait_y ? '0 : step_q;
  assign taken        = wide_q ? TermW'(M12) : TermW'(M8);
  assign last_o       = left_q <= taken;
  assign last_round_o = rounds_q == '0;
  assign next_step    = step[5] && !last_o;
  assign next_round   = step[5] && last_o && !last_round_o;
  assign done         = step[5] && last_o && last_round_o;
  assign job_ready_o  = step_q == '0 || done;
  assign accept       = job_valid_i && job_ready_o;

  always_comb {read_o, nor_o, preset_o, write_b_o, write_a_o, fetch_o} = step;
  assign wide_o  = wide_q;
  assign first_o = first_q;
  assign row_o   = step_q[0] ? fetch_row_q : work_q;
  assign word_o  = word_q;
  always_comb for (int unsigned m = 0; m < M8; m++) used_o[m] = TermW'(m) < left_q && (!wide_q || m < M12);

  logic refetch;
  assign refetch = word_q == (wide_q ? WordW'(Words12 - 1) : WordW'(Words8 - 1));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      step_q <= '0;
      work_q <= '0;
    end else begin
      if (accept || next_round || (next_step && refetch)) step_q <= 6'd1;
      else if (next_step) step_q <= 6'd2;
      else if (done) step_q <= '0;
      else if (step != '0) step_q <= step << 1;
      if (accept && work_q < work_row_i) work_q <= work_row_i;
      else if (step[5]) work_q <= work_q == RowW'(Rows - 1) ? work_row_i : work_q + 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      wide_q      <= job_wide_i;
      rounds_q    <= job_rounds_i;
      terms_q     <= job_terms_i;
      stride_q    <= job_stride_i;
      round_row_q <= job_row_i;
      fetch_row_q <= job_row_i;
      left_q      <= job_terms_i;
      word_q      <= '0;
      first_q     <= 1'b1;
    end else if (next_round) begin
      rounds_q    <= rounds_q - 1'b1;
      round_row_q <= round_row_q + stride_q;
      fetch_row_q <= round_row_q + stride_q;
      left_q      <= terms_q;
      word_q      <= '0;
      first_q     <= 1'b1;
    end else if (next_step) begin
      left_q  <= left_q - taken;
      word_q  <= refetch ? '0 : word_q + 1'b1;
      first_q <= 1'b0;
      if (refetch) fetch_row_q <= fetch_row_q + 1'b1;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_nor_dot_seq_fv.svh"
`endif
endmodule

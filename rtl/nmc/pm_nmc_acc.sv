// SPDX-License-Identifier: Apache-2.0
/// What follows the sense amplifiers of a 6T-MRAM near-memory macro (poster, Figs. 1-5): AND gates, popcount tree and
/// accumulator. Holds what the amplifiers gave until they are read again.
///
/// Three stages, products, count and sum; a result is shown three clocks after its last beat. A beat of a MAC adds
/// +-popcount << shift, and the last one gives the sum; each beat of an XOR gives cols - 2 popcount.
module pm_nmc_acc #(
    /// Columns, 1..1024: 26 bits hold every partial sum.
    parameter  int unsigned Cols  = 576,
    localparam int unsigned ColsW = $clog2(Cols + 1)
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Beats. Ready follows y_ready_i within the clock.
    input  logic             beat_valid_i,
    output logic             beat_ready_o,
    /// Sense amplifiers, looked at where read_i is set.
    input  logic [ Cols-1:0] sa_i,
    /// They were read for this beat; else what they gave before holds.
    input  logic             read_i,
    /// Which of them count.
    input  logic [ Cols-1:0] mask_i,
    /// XOR; else MAC.
    input  logic             xor_i,
    /// First of its operation.
    input  logic             first_i,
    /// Last of its operation.
    input  logic             last_i,
    /// The count weighs 2^shift, 0..14.
    input  logic [      3:0] shift_i,
    /// It weighs -2^shift.
    input  logic             neg_i,
    /// Columns in use. Of an XOR.
    input  logic [ColsW-1:0] cols_i,
    /// Row of the beat. Of an XOR, for index_o.
    input  logic [      2:0] row_i,
    /// A beat moves on from the first stage, and is in the second in the next clock, and so are the next two.
    output logic             step_o,
    /// Its sense amplifiers, as they were read or held.
    output logic [ Cols-1:0] sa_o,
    /// Its products.
    output logic [ Cols-1:0] product_o,
    /// Where step_o is 1: first_i of the beat.
    output logic             step_first_o,
    /// Where step_o is 1: read_i of the beat.
    output logic             step_read_o,
    /// Where step_o is 1: xor_i of the beat.
    output logic             step_xor_o,
    /// An operation's last result is put out: shown from the next clock on.
    output logic             put_o,
    /// Where put_o is 1: it is an XOR's.
    output logic             put_xor_o,
    /// Results.
    output logic             y_valid_o,
    input  logic             y_ready_i,
    /// MAC: the sum. XOR: the dot product of row index_o. Two's complement.
    output logic [     25:0] y_o,
    /// Row of an XOR; 0 of a MAC.
    output logic [      2:0] index_o,
    /// Last result of its operation.
    output logic             last_o
);
  if (Cols < 1 || Cols > 1024) begin : g_range
    $error("pm_nmc_acc: Cols must be 1..1024");
  end

  // Products: what was read, and what of it counts.
  logic valid_q, xor_q, first_q, last_q, neg_q, read_q;
  logic [3:0] shift_q;
  logic [ColsW-1:0] cols_q;
  logic [2:0] row_q;
  logic [Cols-1:0] sa, sa_q, product_q;
  logic take;

  // The count.
  logic count_valid_q, count_xor_q, count_first_q, count_last_q, count_neg_q, count_ready, put;
  logic [3:0] count_shift_q;
  logic [ColsW-1:0] count_cols_q, count, count_q;
  logic [2:0] count_row_q;

  // The sum.
  logic [25:0] acc_q, base, term, sum, dot;

  assign beat_ready_o = !valid_q || count_ready;
  assign take         = beat_valid_i && beat_ready_o;
  assign sa           = read_i ? sa_i : sa_q;
  assign step_o       = valid_q && count_ready;
  assign sa_o         = sa_q;
  assign product_o    = product_q;
  assign step_first_o = first_q;
  assign step_read_o  = read_q;
  assign step_xor_o   = xor_q;

  pm_nmc_count #(
      .Cols(Cols)
  ) u_count (
      .x_i    (product_q),
      .count_o(count)
  );

  // A result waits for the one before to be taken.
  assign put         = count_valid_q && (count_xor_q || count_last_q) && (!y_valid_o || y_ready_i);
  assign count_ready = !count_valid_q || !(count_xor_q || count_last_q) || put;
  assign put_o       = put && count_last_q;
  assign put_xor_o   = count_xor_q;

  assign base        = count_first_q ? '0 : acc_q;
  assign term        = 26'(count_q) << count_shift_q;
  assign sum         = count_neg_q ? base - term : base + term;
  assign dot         = 26'(count_cols_q) - 26'({count_q, 1'b0});

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q       <= 1'b0;
      count_valid_q <= 1'b0;
      y_valid_o     <= 1'b0;
    end else begin
      if (beat_ready_o) valid_q <= beat_valid_i;
      if (count_ready) count_valid_q <= valid_q;
      if (put) y_valid_o <= 1'b1;
      else if (y_ready_i) y_valid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      sa_q <= sa;
      product_q <= sa & mask_i;
      {read_q, xor_q, first_q, last_q, neg_q, shift_q, cols_q, row_q} <= {
        read_i, xor_i, first_i, last_i, neg_i, shift_i, cols_i, row_i
      };
    end
    if (step_o) begin
      count_q <= count;
      {count_xor_q, count_first_q, count_last_q, count_neg_q, count_shift_q, count_cols_q, count_row_q} <= {
        xor_q, first_q, last_q, neg_q, shift_q, cols_q, row_q
      };
    end
    if (count_valid_q && count_ready) acc_q <= sum;
    if (put) begin
      y_o     <= count_xor_q ? dot : sum;
      index_o <= count_xor_q ? count_row_q : '0;
      last_o  <= count_last_q;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_nmc_acc_fv.svh"
`endif
endmodule

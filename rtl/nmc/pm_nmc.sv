// SPDX-License-Identifier: Apache-2.0
/// Everything digital around one 6T-MRAM near-memory array of 8 rows: y = x * w of 8 bits (MAC), or the products of a
/// binary vector and up to 8 binary kernels (XOR), bit by bit, with the accesses, reads and toggles that they took. Poster "A
/// 65nm 6T-MRAM Mix-Precision Near-Memory-Compute Macro Using Input-Sparsity Aware and Toggle Rate Aware Learning
/// Schemes", Figs. 1-5.
///
/// MAC: row k of the array holds bit k of each column's weight. XOR: row k holds kernel k, and the array gives row ^ in_o.
/// One access a clock where the array answers at once, and no gap between operations; a result is shown 3 clocks after its
/// access, so that an operation's last comes at most its accesses + 4 clocks after its input is taken.
module pm_nmc #(
    /// Columns, 1..1024.
    parameter  int unsigned Cols  = 576,
    localparam int unsigned ColsW = $clog2(Cols + 1)
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    /// Operations; what belongs to one comes with it. Ready follows done_i and y_ready_i within the clock.
    input  logic              x_valid_i,
    output logic              x_ready_o,
    /// XOR; else MAC.
    input  logic              xor_i,
    /// Order of a MAC's accesses: 0 `once`, 1 `vwm`, 2 or 3 `snake`.
    input  logic [       1:0] order_i,
    /// x is two's complement. Of a MAC.
    input  logic              signed_i,
    /// Planes without ones are left out. Of a MAC.
    input  logic              skip_i,
    /// Columns in use, 1..Cols: K. Of an XOR.
    input  logic [ ColsW-1:0] cols_i,
    /// Rows in use, 1..8. Of an XOR.
    input  logic [       3:0] rows_i,
    /// MAC: column c's x in [8c +: 8]; XOR: its bit in [c]. 0 in columns that are not in use.
    input  logic [8*Cols-1:0] x_i,
    /// Array reads. The array answers in the clock in which done_i is high: sa_i belongs to this clock's pins. A read is
    /// done where both are 1. read_o follows y_ready_i in the same clock, but once high it stays until the read is done.
    output logic              read_o,
    /// From the array: last clock of the read.
    input  logic              done_i,
    /// The wordline, straight from flops; stable while read_o is 1, as the next two.
    output logic [       2:0] row_o,
    /// The array gives row ^ in_o.
    output logic              xor_o,
    /// XOR: the input, straight from flops.
    output logic [  Cols-1:0] in_o,
    /// Sense amplifiers; 0 in columns that are not in use.
    input  logic [  Cols-1:0] sa_i,
    /// Results: of a MAC one, of an XOR one a row.
    output logic              y_valid_o,
    input  logic              y_ready_i,
    /// MAC: sum of x * w. XOR: sum of the signs' products, of row index_o. Two's complement.
    output logic [      25:0] y_o,
    /// Row of an XOR; 0 of a MAC.
    output logic [       2:0] index_o,
    /// Last result of its operation; with it the counters, of this operation.
    output logic              last_o,
    /// Accesses, 0..64.
    output logic [      15:0] accesses_o,
    /// Reads, 0..64.
    output logic [      15:0] reads_o,
    /// MAC: sense amplifiers that changed from read to read.
    output logic [      15:0] t_sa_o,
    /// MAC: products that changed from access to access.
    output logic [      15:0] t_mul_o,
    /// XOR: sense amplifiers that changed from row to row.
    output logic [      15:0] t_xor_o
);
  if (Cols < 1 || Cols > 1024) begin : g_range
    $error("pm_nmc: Cols must be 1..1024");
  end

  logic beat_valid, beat_ready, empty, first, last, neg, step, step_first, step_read, step_xor, put, put_xor, empty_q;
  logic [3:0] shift;
  logic [Cols-1:0] mask, sa, product;
  logic [ColsW-1:0] cols;
  logic [15:0] t_sa, t_mul;
  logic [6:0] accesses_q, reads_q;

  pm_nmc_ctrl #(
      .Cols(Cols)
  ) u_ctrl (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .xor_i,
      .order_i,
      .signed_i,
      .skip_i,
      .cols_i,
      .last_row_i  (3'(rows_i - 1'b1)),
      .x_i,
      .read_o,
      .row_o,
      .xor_o,
      .in_o,
      .done_i,
      .beat_valid_o(beat_valid),
      .beat_ready_i(beat_ready),
      .empty_o     (empty),
      .first_o     (first),
      .last_o      (last),
      .shift_o     (shift),
      .neg_o       (neg),
      .mask_o      (mask),
      .cols_o      (cols)
  );

  pm_nmc_acc #(
      .Cols(Cols)
  ) u_acc (
      .clk_i,
      .rst_ni,
      .beat_valid_i(beat_valid),
      .beat_ready_o(beat_ready),
      .sa_i,
      .read_i      (read_o),
      .mask_i      (mask),
      .xor_i       (xor_o),
      .first_i     (first),
      .last_i      (last),
      .shift_i     (shift),
      .neg_i       (neg),
      .cols_i      (cols),
      .row_i       (row_o),
      .step_o      (step),
      .sa_o        (sa),
      .product_o   (product),
      .step_first_o(step_first),
      .step_read_o (step_read),
      .step_xor_o  (step_xor),
      .put_o       (put),
      .put_xor_o   (put_xor),
      .y_valid_o,
      .y_ready_i,
      .y_o,
      .index_o,
      .last_o
  );

  pm_toggle_cnt #(
      .Cols(Cols)
  ) u_sa (
      .clk_i,
      .rst_ni,
      .clr_i  (step && step_first),
      .en_i   (step && step_read),
      .v_i    (sa),
      .count_o(t_sa)
  );

  pm_toggle_cnt #(
      .Cols(Cols)
  ) u_mul (
      .clk_i,
      .rst_ni,
      .clr_i  (step && step_first),
      .en_i   (step && !step_xor),
      .v_i    (product),
      .count_o(t_mul)
  );

  // The operation's counts so far, with the beat that is in the accumulator's second stage; an empty one is its first and last.
  always_ff @(posedge clk_i) begin
    if (beat_valid && beat_ready) empty_q <= empty;
    if (step) begin
      accesses_q <= (step_first ? 7'd0 : accesses_q) + 7'(!empty_q);
      reads_q    <= (step_first ? 7'd0 : reads_q) + 7'(step_read);
    end
    if (put) begin
      accesses_o <= 16'(accesses_q);
      reads_o    <= 16'(reads_q);
      t_sa_o     <= put_xor ? '0 : t_sa;
      t_mul_o    <= put_xor ? '0 : t_mul;
      t_xor_o    <= put_xor ? t_sa : '0;
    end
  end
endmodule

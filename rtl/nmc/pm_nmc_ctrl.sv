// SPDX-License-Identifier: Apache-2.0
/// Input register and order of accesses of a 6T-MRAM near-memory macro (poster, Figs. 1-5). Takes an operation's input and
/// gives its accesses, one a clock where the array answers at once; an operation without any gives one empty beat. The next
/// operation follows without a gap.
///
/// MAC: each remaining plane of x times each of the rows 0..7. XOR: rows 0..last_row_i times x. What of a MAC's row stays
/// held is not read again.
module pm_nmc_ctrl #(
    /// Columns, 1..1024.
    parameter  int unsigned Cols  = 576,
    localparam int unsigned ColsW = $clog2(Cols + 1)
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    /// Operations; what belongs to one comes with it. Ready follows done_i and beat_ready_i within the clock.
    input  logic              x_valid_i,
    output logic              x_ready_o,
    /// XOR; else MAC.
    input  logic              xor_i,
    /// Order of a MAC: 0 `once`, 1 `vwm`, 2 or 3 `snake`.
    input  logic [       1:0] order_i,
    /// x is two's complement. Of a MAC.
    input  logic              signed_i,
    /// Planes without ones are left out. Of a MAC.
    input  logic              skip_i,
    /// Columns in use, 1..Cols: K. Of an XOR.
    input  logic [ ColsW-1:0] cols_i,
    /// Rows in use less one. Of an XOR.
    input  logic [       2:0] last_row_i,
    /// MAC: column c's x in [8c +: 8]; XOR: its bit in [c]. 0 in columns that are not in use.
    input  logic [8*Cols-1:0] x_i,
    /// Array reads: stable until done_i. Follows beat_ready_i within the clock, but stays once high.
    output logic              read_o,
    /// The wordline that is read.
    output logic [       2:0] row_o,
    /// The array gives row ^ in_o.
    output logic              xor_o,
    /// XOR: the input, straight from flops.
    output logic [  Cols-1:0] in_o,
    /// From the array: last clock of the read.
    input  logic              done_i,
    /// Beats: accesses that are done, and empty ones. Valid follows done_i within the clock.
    output logic              beat_valid_o,
    input  logic              beat_ready_i,
    /// The beat is no access: of an operation that has none.
    output logic              empty_o,
    /// First of its operation.
    output logic              first_o,
    /// Last of its operation.
    output logic              last_o,
    /// MAC: plane i times row k weighs 2^shift, shift = i + k.
    output logic [       3:0] shift_o,
    /// MAC: it weighs -2^shift.
    output logic              neg_o,
    /// Which sense amplifiers count: the plane; all for an XOR.
    output logic [  Cols-1:0] mask_o,
    /// The operation's cols_i.
    output logic [ ColsW-1:0] cols_o
);
  if (Cols < 1 || Cols > 1024) begin : g_range
    $error("pm_nmc_ctrl: Cols must be 1..1024");
  end

  // The operation, the planes that remain (none of an XOR), and where it is.
  logic [8*Cols-1:0] x_q;
  logic [ ColsW-1:0] cols_q;
  logic [7:0] remain, remain_q, column;
  logic [2:0] last_row_q, row_q, index_q, first_index, next_index;
  logic busy_q, xor_q, empty_q, once_q, snake_q, signed_q, up_q, first_q, read_q;
  logic load, done, more, row_end;

  assign load         = x_valid_i && x_ready_o;
  assign done         = beat_valid_o && beat_ready_i;
  assign row_end      = row_q == (up_q ? last_row_q : 3'd0);

  assign x_ready_o    = !busy_q || (done && last_o);
  assign read_o       = busy_q && read_q && beat_ready_i;
  assign row_o        = row_q;
  assign xor_o        = xor_q;
  assign in_o         = x_q[Cols-1:0];
  assign beat_valid_o = busy_q && (done_i || !read_q);
  assign empty_o      = empty_q;
  assign first_o      = first_q;
  assign last_o       = !more && (row_end || empty_q);
  assign shift_o      = 4'(row_q) + 4'(index_q);
  assign neg_o        = (signed_q && index_q == 3'd7) != (row_q == 3'd7);
  assign cols_o       = cols_q;

  always_comb begin
    for (int unsigned i = 0; i < 8; i++) remain[i] = !xor_i && (!skip_i || (x_i & {Cols{8'(1 << i)}}) != '0);
    for (int unsigned c = 0; c < Cols; c++) begin
      column    = x_q[c*8+:8];
      mask_o[c] = xor_q || column[index_q];
    end
  end

  // The lowest of the planes that remain, of the next operation while it loads, and the lowest above the present one.
  always_comb begin
    first_index = '0;
    next_index  = '0;
    more        = 1'b0;
    for (int unsigned j = 0; j < 8; j++) begin
      if (load ? remain[7-j] : remain_q[7-j]) first_index = 3'(7 - j);
      if (remain_q[7-j] && 3'(7 - j) > index_q) begin
        next_index = 3'(7 - j);
        more       = 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (load) busy_q <= 1'b1;
    else if (done && last_o) busy_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      x_q        <= x_i;
      cols_q     <= cols_i;
      remain_q   <= remain;
      last_row_q <= xor_i ? last_row_i : 3'd7;
      xor_q      <= xor_i;
      empty_q    <= !xor_i && remain == '0;
      once_q     <= !xor_i && order_i == 2'd0;
      snake_q    <= order_i[1];
      signed_q   <= signed_i;
      up_q       <= xor_i;
      row_q      <= xor_i ? 3'd0 : 3'd7;
      index_q    <= first_index;
      first_q    <= 1'b1;
      read_q     <= xor_i || remain != '0;
    end else if (done) begin
      first_q <= 1'b0;
      read_q  <= !(once_q && more);
      if (once_q) begin
        index_q <= more ? next_index : first_index;
        if (!more) row_q <= row_q - 1'b1;
      end else if (row_end) begin
        index_q <= next_index;
        up_q    <= up_q ^ snake_q;
        if (!snake_q) row_q <= 3'd7;
      end else begin
        row_q <= up_q ? row_q + 1'b1 : row_q - 1'b1;
      end
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_nmc_ctrl_fv.svh"
`endif
endmodule

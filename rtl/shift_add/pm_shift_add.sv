// SPDX-License-Identifier: Apache-2.0
/// Joins the codes of each output's weight columns and adds them up over the accesses of a vector, with each access's
/// plane weight: y = sum_d x_d * w_d, exactly. (FLARE, arXiv 2411.14733; docs/numerics.md, "Shift-add".)
///
/// codes -> part = sum_{b<WBits-1} code_b<<b - code_{WBits-1}<<(WBits-1) -> flop -> shift by the plane, add or
/// subtract -> accumulator, which is the output. One access a clock; the next vector's first access overwrites a result
/// in the clock after it was shown, so a vector costs no clock of its own while y_ready_i stays high.
///
/// The accumulator never wraps while the accesses of a vector weigh sum 2^plane * 8 <= (2^XBits - 1) * Arrays * Rows, those of
/// each array that takes part counted, whatever the codes, nor for any vector of an exact array: |y| and all partial sums stay
/// below 2^(AccW-1).
module pm_shift_add #(
    /// Outputs of the matrix, at least 1.
    parameter int unsigned Outputs = 64,
    /// Bits of a weight, two's complement, one column each: 2..16.
    parameter int unsigned WBits = 8,
    /// Bits of an activation, a plane each: 2..16.
    parameter int unsigned XBits = 8,
    /// Wordlines of an array that the accumulator is wide enough for, at least 8.
    parameter int unsigned Rows = 64,
    /// Arrays whose codes come added: 1..16.
    parameter int unsigned Arrays = 1,
    localparam int unsigned PlaneW = $clog2(XBits),
    localparam int unsigned CodeW = $clog2(8 * Arrays + 1),
    localparam int unsigned AccW = XBits + WBits + $clog2(Arrays * Rows)
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    /// Accesses. ready_o follows y_ready_i in the same clock.
    input  logic                           valid_i,
    output logic                           ready_o,
    /// Codes 0..8*Arrays; output m's weight bit b is column m*WBits + b.
    input  logic [Outputs*WBits*CodeW-1:0] code_i,
    /// The access weighs 2^plane.
    input  logic [             PlaneW-1:0] plane_i,
    /// Its weight is negative.
    input  logic                           neg_i,
    /// First beat of its vector.
    input  logic                           first_i,
    /// Last beat of its vector.
    input  logic                           last_i,
    /// No access: the codes count 0 (a vector without ones has one such beat, first and last).
    input  logic                           empty_i,
    /// Results, two clocks after the vector's last beat.
    output logic                           y_valid_o,
    input  logic                           y_ready_i,
    /// Output m at [m*AccW +: AccW], signed.
    output logic [       Outputs*AccW-1:0] y_o
);
  if (Outputs < 1) begin : g_outputs_range
    $error("pm_shift_add: Outputs must be at least 1");
  end
  if (WBits < 2 || WBits > 16 || XBits < 2 || XBits > 16) begin : g_bits_range
    $error("pm_shift_add: WBits and XBits must be 2..16");
  end
  if (Rows < 8) begin : g_rows_range
    $error("pm_shift_add: Rows must be at least 8");
  end

  if (Arrays < 1 || Arrays > 16) begin : g_arrays_range
    $error("pm_shift_add: Arrays must be 1..16");
  end

  localparam int unsigned PartW = WBits + CodeW;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  /// The two's complement number whose bit b counts code b.
  function logic [PartW-1:0] join_bits(input logic [WBits*CodeW-1:0] code);
    logic [PartW-1:0] sum;
    sum = '0;
    for (int unsigned b = 0; b < WBits - 1; b++) sum = sum + (PartW'(code[b*CodeW+:CodeW]) << b);
    join_bits = sum - (PartW'(code[(WBits-1)*CodeW+:CodeW]) << (WBits - 1));
  endfunction

  /// acc +- part * 2^plane; -v is ~v + 1, the adder's carry in.
  function logic [AccW-1:0] accumulate(input logic [AccW-1:0] acc, input logic [PartW-1:0] part, input logic [PlaneW-1:0] plane,
                                       input logic neg);
    logic [AccW-1:0] term;
    term = {{(AccW - PartW) {part[PartW-1]}}, part} << plane;
    accumulate = acc + (term ^ {AccW{neg}}) + AccW'(neg);
  endfunction
  /* verilator lint_on VARHIDDEN */

  logic [Outputs*PartW-1:0] part_q;
  logic [Outputs*AccW-1:0] acc_q;
  logic [PlaneW-1:0] plane_q;
  logic part_valid_q, neg_q, first_q, last_q, y_valid_q;
  logic acc_ready;

  assign acc_ready = !y_valid_q || y_ready_i;
  assign ready_o   = !part_valid_q || acc_ready;
  assign y_valid_o = y_valid_q;
  assign y_o       = acc_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      part_valid_q <= 1'b0;
      y_valid_q    <= 1'b0;
    end else begin
      if (ready_o) part_valid_q <= valid_i;
      if (acc_ready) y_valid_q <= part_valid_q && last_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (ready_o && valid_i) begin
      plane_q <= plane_i;
      neg_q   <= neg_i;
      first_q <= first_i;
      last_q  <= last_i;
      for (int unsigned m = 0; m < Outputs; m++)
      part_q[m*PartW+:PartW] <= empty_i ? '0 : join_bits(code_i[m*WBits*CodeW+:WBits*CodeW]);
    end
    if (acc_ready && part_valid_q)
      for (int unsigned m = 0; m < Outputs; m++)
      acc_q[m*AccW+:AccW] <= accumulate(first_q ? '0 : acc_q[m*AccW+:AccW], part_q[m*PartW+:PartW], plane_q, neg_q);
  end

`ifdef PERIMETER_FORMAL
  `include "pm_shift_add_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// The quotient and the square's argument of a distance, by two steps of radix 4 whose multiples all lanes share:
/// 16 * distance = q*l + rem, arg = b - 2*rem. It is pm_vdr_divide up to q = 8, in half its depth; beyond, zero. Two halves, so
/// that a register fits between.
module pm_vdr_reduce (
    /// Distance.
    input  logic [10:0] distance_i,
    /// The row's l.
    input  logic [11:0] l_i,
    /// q / 4.
    output logic [ 1:0] quarter_o,
    /// (16 * distance - 4*l*(q/4)) / 4, which is below l.
    output logic [11:0] left_o,
    /// q is 9 or more for every l, and the rest is void: it is from 9 * 2848 / 16 = 1602 on, and 1664 is the next distance that
    /// four bits tell; from 1728 on, left_o could overflow.
    output logic        far_o,
    /// quarter_o of this or an earlier clock.
    input  logic [ 1:0] quarter_i,
    /// left_o of the same clock.
    input  logic [11:0] left_i,
    /// Its row's l.
    input  logic [11:0] l2_i,
    /// 3*l.
    input  logic [13:0] l3_i,
    /// b + 2*i*l for i = 0..3 at [i*14+:14], modulo 2^14.
    input  logic [55:0] b_i,
    /// q, up to 8.
    output logic [ 3:0] q_o,
    /// b - 2*rem.
    output logic [13:0] arg_o,
    /// q is 9 or more, where it is not far.
    output logic        zero_o
);
  logic [1:0] low;
  logic ge1, ge2, ge3;
  logic [13:0] less1, less2;

  // Both differences beside each other: their borrows are the comparisons.
  assign less1 = {1'b0, distance_i, 2'b0} - {2'b0, l_i};
  assign less2 = {1'b0, distance_i, 2'b0} - {1'b0, l_i, 1'b0};
  always_comb begin
    if (!less2[13]) {quarter_o, left_o} = {2'd2, less2[11:0]};
    else if (!less1[13]) {quarter_o, left_o} = {2'd1, less1[11:0]};
    else {quarter_o, left_o} = {2'd0, distance_i[9:0], 2'b0};
  end
  logic unused_high;
  assign unused_high = ^{less1[12], less2[12]};

  assign far_o = distance_i[10] && distance_i[9] && distance_i[8:7] != '0;

  assign ge1    = {left_i, 2'b0} >= {2'b0, l2_i};
  assign ge2    = {left_i, 1'b0} >= {1'b0, l2_i};
  assign ge3    = {left_i, 2'b0} >= l3_i;
  assign low    = {ge2, ge3 || (ge1 && !ge2)};
  assign q_o    = {quarter_i, low};
  assign arg_o  = b_i[low*14+:14] - {left_i[10:0], 3'b0};
  assign zero_o = quarter_i[1] && ge1;
endmodule

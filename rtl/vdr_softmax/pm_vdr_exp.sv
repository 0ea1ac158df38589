// SPDX-License-Identifier: Apache-2.0
/// One lane of VDR-Softmax (FLARE Algorithm 1): exp of the distance to the row's maximum, 8 bits, in four stages, the last one
/// not registered.
/// All entries are brought to the scale of ne = 7 (l, b << (7-ne), c << 2*(7-ne), which changes no result), so that the
/// distance is shifted once and the result's shift depends on the quotient only.
///   0  where Tiled is 1: distance as below and the offset of the tile; else no stage
///   1  distance = (max - x) * 2^(7-ne), floored; first half of q, rem = divmod(16 * distance, l)
///   2  second half; arg = b - 2*rem
///   3  exp = arg^2 + 4c - b^2 = 4 * (c - rem*(b - rem)), its 9 leading bits
///   4  the shift by q and the rounding
/// From q = 9 on the result is 0 in either rounding, so that a distance of 2^11 and more needs no quotient.
/// Where a stage knows that it is 0, its operands stay as they were, and with them the logic behind them.
module pm_vdr_exp #(
    /// The distance has an offset, in a stage before the others.
    parameter bit Tiled = 1'b0
) (
    input  logic        clk_i,
    /// Advances all stages.
    input  logic        en_i,
    /// Round to nearest, else truncate. Configuration.
    input  logic        round_i,
    /// Logit, signed.
    input  logic [ 7:0] x_i,
    /// It takes part.
    input  logic        keep_i,
    /// The row's maximum, signed; with x_i, as the next two.
    input  logic [ 7:0] max_i,
    /// 4 + ne limited to 0..19.
    input  logic [ 4:0] shift_i,
    /// Where Tiled is 1, what the distance is larger by, at the scale of ne = 7.
    input  logic [10:0] offset_i,
    /// l at the scale of ne = 7; where Tiled is 1, one stage after x_i, as all below are one stage later.
    input  logic [11:0] l_i,
    /// One stage after x_i, at that scale: l.
    input  logic [11:0] l2_i,
    /// With it: 3*l.
    input  logic [13:0] l3_i,
    /// With it: b + 2*i*l for i = 0..3 at [i*14+:14], modulo 2^14.
    input  logic [55:0] b_i,
    /// Two stages after x_i: 4c - b^2 at that scale.
    input  logic [27:0] k_i,
    /// With it: bl(c) - 24, 0..2.
    input  logic [ 1:0] bc_i,
    /// The numerator, three stages after x_i, four where Tiled is 1, not registered.
    output logic [ 7:0] a_o
);
  logic [ 7:0] below_max;
  logic [18:0] shifted;
  logic [11:0] distance;  // its uppermost bit: 2^11 and more, unless shifted is that by itself
  logic [11:0] left, left_q;
  logic [1:0] quarter, quarter_q;
  logic far, near, none, zero, zero_q, none2, none3;  // near: it takes part, and the bits above the distance are 0
  logic [3:0] q, q2_q, q3_q;
  logic [13:0] arg, arg_q;
  logic [27:0] square, sum;
  logic [8:0] lead, lead_q, scaled, rounded;

  assign below_max = max_i - x_i;
  assign shifted   = {below_max, 11'b0} >> shift_i;

  if (Tiled) begin : g_tiled
    logic near_q;
    logic [11:0] distance_q;
    always_ff @(posedge clk_i) begin
      if (en_i) begin
        near_q     <= keep_i && shifted[18:11] == '0;
        distance_q <= {1'b0, shifted[10:0]} + {1'b0, offset_i};
      end
    end
    assign near     = near_q;
    assign distance = distance_q;
  end else begin : g_whole
    assign near     = keep_i && shifted[18:11] == '0;
    assign distance = {1'b0, shifted[10:0]};
    logic unused_ok;
    assign unused_ok = ^offset_i;
  end

  pm_vdr_reduce u_reduce (
      .distance_i(distance[10:0]),
      .l_i,
      .quarter_o (quarter),
      .left_o    (left),
      .far_o     (far),
      .quarter_i (quarter_q),
      .left_i    (left_q),
      .l2_i,
      .l3_i,
      .b_i,
      .q_o       (q),
      .arg_o     (arg),
      .zero_o    (zero)
  );

  pm_vdr_square #(
      .W(14)
  ) u_square (
      .u_i     (arg_q),
      .square_o(square)
  );
  assign sum = square + k_i;
  logic unused_ok;  // nothing looks below the rounding bit
  assign unused_ok = ^sum[16:0];

  always_comb begin
    case (bc_i)
      2'd0:    lead = sum[25:17];
      2'd1:    lead = sum[26:18];
      default: lead = sum[27:19];
    endcase
  end

  assign none  = !near || distance[11] || far;
  assign none2 = zero_q || zero;
  assign none3 = q2_q[3] && q2_q[0];  // 15; other quotients are at most 8

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      zero_q <= none;
      q2_q   <= q | {4{none2}};
      q3_q   <= q2_q;
    end
    if (en_i && !none) begin
      left_q    <= left;
      quarter_q <= quarter;
    end
    if (en_i && !none2) arg_q <= arg;
    if (en_i && !none3) lead_q <= lead;
  end

  assign scaled  = lead_q >> q3_q;
  assign rounded = {1'b0, scaled[8:1]} + 9'(round_i && scaled[0]);
  assign a_o     = rounded[7:0] | {8{rounded[8]}};
endmodule

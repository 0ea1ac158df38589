/// One lane of VDR-Softmax (FLARE Algorithm 1): exp of the distance to the row's maximum, 8 bits, in three stages.
/// All entries are brought to the scale of ne = 7 (l, b << (7-ne), c << 2*(7-ne), which changes no result), so that the
/// distance is shifted once and the result's shift depends on the quotient only.
///   1  distance = (max - x) * 2^(7-ne), floored, saturated at 2^11
///   2  rem, q = divmod(16 * distance, l) by four compare-and-subtract steps; arg = b - 2*rem
///   3  exp = arg^2 + 4c - b^2 = 4 * (c - rem*(b - rem)), its 9 leading bits; then the shift by q and the rounding
/// From q = 9 on the result is 0 in either rounding, which is why 2^11 saturates: 9 * l < 16 * 2^11 for every S0.
module pm_vdr_exp (
    input  logic        clk_i,
    /// Advances all stages.
    input  logic        en_i,
    /// Round to nearest, else truncate. Configuration.
    input  logic        round_i,
    /// Logit, signed, and whether it takes part.
    input  logic [ 7:0] x_i,
    input  logic        keep_i,
    /// The row's maximum, signed, and 4 + ne limited to 0..19; with x_i.
    input  logic [ 7:0] max_i,
    input  logic [ 4:0] shift_i,
    /// l and b of the row's entry at the scale of ne = 7; one stage after x_i.
    input  logic [11:0] l_i,
    input  logic [13:0] b_i,
    /// 4c - b^2 at that scale, and bl(c) - 24 (0..2); two stages after x_i.
    input  logic [27:0] k_i,
    input  logic [ 1:0] bc_i,
    /// The numerator, three stages after x_i, not registered.
    output logic [ 7:0] a_o
);
  logic [ 7:0] below_max;
  logic [18:0] shifted;
  logic [10:0] distance_q;
  logic        zero_q;
  logic [14:0] rem;
  logic [ 3:0] q, q2_q, q3_q;
  logic [13:0] arg_q;
  logic [27:0] square, sum;
  logic [ 8:0] lead, lead_q, scaled, rounded;

  assign below_max = max_i - x_i;
  assign shifted   = {below_max, 11'b0} >> shift_i;

  pm_vdr_divide u_divide (
      .distance_i(distance_q),
      .l_i,
      .q_o       (q),
      .rem_o     (rem)
  );

  pm_vdr_square #(
      .W(14)
  ) u_square (
      .u_i     (arg_q),
      .square_o(square)
  );
  assign sum = square + k_i;
  logic unused_ok;  // a remainder is below 2^12, and nothing looks below the rounding bit
  assign unused_ok = ^{rem[14:13], sum[16:0]};

  always_comb begin
    case (bc_i)
      2'd0:    lead = sum[25:17];
      2'd1:    lead = sum[26:18];
      default: lead = sum[27:19];
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      distance_q <= shifted[10:0];
      zero_q     <= !keep_i || shifted[18:11] != '0;
      arg_q      <= b_i - {rem[12:0], 1'b0};
      q2_q       <= q | {4{zero_q}};
      lead_q     <= lead;
      q3_q       <= q2_q;
    end
  end

  assign scaled  = lead_q >> q3_q;
  assign rounded = {1'b0, scaled[8:1]} + 9'(round_i && scaled[0]);
  assign a_o     = rounded[7:0] | {8{rounded[8]}};
endmodule

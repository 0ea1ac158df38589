// SPDX-License-Identifier: Apache-2.0
/// One lane of pm_sfu, whose parts the functions share: a power of two, a product, two rounders, a fused product and sum. Clocks
/// of en_i from an element to what it becomes: 15 exponential and softmax, 11 normalisation, 29 activation, 5 rotary, 4
/// quantisation. Of again_en_i 5, a share of softmax; of sum_en_i 6, the sum behind normalisation, activation and rotary.
module pm_sfu_lane #(
    /// Bits of a score, signed, 17..32.
    parameter int unsigned AW        = 32,
    /// As pm_sfu's, 1..63.
    parameter int unsigned Functions = 63
) (
    input  logic          clk_i,
    /// The registers move on.
    input  logic          en_i,
    /// Those of the second product and its rounder.
    input  logic          again_en_i,
    /// Those of the sum.
    input  logic          sum_en_i,
    /// The function, a bit each by its number. Configuration, as all up to shift_i; f and kind are there a clock earlier.
    input  logic [   5:0] f_i,
    /// As pm_sfu's.
    input  logic [   1:0] kind_i,
    /// As pm_sfu's.
    input  logic [   4:0] bits_i,
    /// As pm_sfu's.
    input  logic [  15:0] m_i,
    /// Softmax: -(e + 19), 0..63, 49 and more are as 49.
    input  logic [   5:0] shift_i,
    /// Exponential, activation: the code.
    input  logic [  15:0] x_i,
    /// Rotary: that of x1.
    input  logic [  15:0] x1_i,
    /// Softmax, quantisation: the score, or code in the low 16 bits.
    input  logic [AW-1:0] stored_i,
    /// Softmax: the score takes part.
    input  logic          keep_i,
    /// Softmax: the row's largest score.
    input  logic [AW-1:0] max_i,
    /// Normalisation: the row's mean is negative.
    input  logic          mean_neg_i,
    /// Normalisation, a clock after x: the mean's size in 2^-24; 0 where the kind has none.
    input  logic [  40:0] mean_i,
    /// Normalisation, two clocks after x: the row has no numbers.
    input  logic          none_i,
    /// Normalisation: the code. Softmax, divided: the weight's. Activation, 16 clocks after x: the same one.
    input  logic [  15:0] again_i,
    /// What is multiplied by, once a row: softmax, with again, the sum's reciprocal; normalisation, six clocks after x, of the
    /// deviation; quantisation, with x, of the largest magnitude.
    input  logic [  17:0] factor_i,
    /// Rotary: what x1 is multiplied by.
    input  logic [  15:0] turn_i,
    /// With it, its exponent, signed; of quantisation's product, a shift.
    input  logic [   9:0] place_i,
    /// The sum's operands: a factor in the low half; in the high one what is added, rotary: the factor x0.
    input  logic [  31:0] b_i,
    /// Rotary, five clocks earlier: the other one.
    input  logic [  15:0] c_i,
    /// Rotary: the product is taken away.
    input  logic          minus_i,
    /// Softmax: the weight as an integer, after 14 clocks.
    output logic [  15:0] weight_o,
    /// What has one rounder behind it: exponential, softmax, activation.
    output logic [  15:0] code_o,
    /// What is a product, rounded: softmax, divided.
    output logic [  15:0] share_o,
    /// Quantisation's number.
    output logic [   7:0] q_o,
    /// What is a sum.
    output logic [  15:0] sum_o
);
  if (AW < 17 || AW > 32 || Functions < 1 || Functions > 63) begin : g_range
    $error("pm_sfu_lane: AW must be 17..32, Functions 1..63");
  end

  localparam bit Exp = Functions[0];
  localparam bit Softmax = Functions[1];
  localparam bit Norm = Functions[2];
  localparam bit Act = Functions[3];
  localparam bit Rope = Functions[4];
  localparam bit Quant = Functions[5];
  /// Bits of what goes through the first rounder.
  localparam int unsigned RoundW = Norm ? 42 : 19;
  /// The one function that is there, if it is one.
  localparam bit Single = (Functions & (Functions - 1)) == 0;
  /// Clocks that a code waits, and what there is to know of it after that.
  localparam int unsigned Line = 5;
  localparam int unsigned Marks = 6;

  logic exp, softmax, norm, act, rope, quant;
  logic [5:0] f_q;
  logic [1:0] kind_q;
  logic [Line*16-1:0] line_q;
  logic [Marks-1:0] mark_q;
  logic mark;
  always_ff @(posedge clk_i) {f_q, kind_q} <= {f_i, kind_i};
  assign {quant, rope, act, norm, softmax, exp} = Single ? 6'(Functions) : f_q;
  // A score takes part; a code is NaN; rotary's c or s.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      line_q <= {line_q[(Line-1)*16-1:0], softmax ? {15'd0, keep_i} : rope ? c_i : x_i};
      mark_q <= {mark_q[Marks-2:0], softmax ? line_q[4*16] : line_q[4*16+10+:5] == '1 && line_q[4*16+:10] != '0};
    end
  end
  assign mark = mark_q[Marks-1];

  // 2^-T.
  logic [18:0] m;
  logic [ 5:0] q;
  if (Exp || Softmax || Act) begin : g_power
    localparam int unsigned FactorW = AW < 21 ? 21 : AW;
    /// log2(e) in 2^-20.
    localparam logic [20:0] Log2E = 21'd1512775;

    logic [AW-1:0] below_q;
    logic [FactorW-1:0] a;
    logic [19:0] b, xs;
    logic [20:0] g;
    logic [5:0] shift;
    logic [4:0] e;
    logic neg;

    // A masked score may be above the maximum: whatever comes of it.
    always_ff @(posedge clk_i) if (en_i) below_q <= max_i - stored_i;
    if (Act) begin : g_act
      pm_sfu_act u_act (
          .clk_i,
          .en_i,
          .kind_i(kind_q),
          .x_i,
          .late_i(line_q[4*16+:16]),
          .xs_o  (xs),
          .g_o   (g)
      );
    end else begin : g_no_act
      assign {xs, g} = '0;
    end

    // Of a code, from 32 on, all exponents are as at 32: the result is an infinity or 0 there.
    assign e   = line_q[2*16+14] && line_q[2*16+12+:2] != '0 ? 5'd20 : line_q[2*16+10+:5] | {4'd0, line_q[2*16+10+:5] == '0};
    assign neg = line_q[3*16+15];
    always_comb begin
      if (softmax) begin
        {a, b} = {FactorW'(below_q), 4'd0, m_i};
        shift  = shift_i;
      end else if (act) begin
        {a, b} = {FactorW'(g), xs};
        shift  = 6'd14;
      end else begin
        {a, b} = {FactorW'(Log2E), 9'd0, line_q[10+:5] != '0, line_q[9:0]};
        shift  = 6'd26 - 6'(e);
      end
    end
    pm_sfu_power #(
        .AW(FactorW)
    ) u_power (
        .clk_i,
        .en_i,
        .a_i    (a),
        .b_i    (b),
        .shift_i(shift),
        .down_i (exp && neg),
        .minus_i(exp && !neg),
        .m_o    (m),
        .q_o    (q)
    );
  end else begin : g_no_power
    assign {m, q} = '0;
  end
  // Less the mean.
  logic size_neg;
  logic [41:0] size;
  if (Norm) begin : g_normal
    pm_sfu_normal u_normal (
        .clk_i,
        .en_i,
        .rms_i (kind_q[0]),
        .x_i   (again_i),
        .mean_neg_i,
        .mean_i,
        .neg_o (size_neg),
        .size_o(size)
    );
  end else begin : g_no_normal
    assign {size_neg, size} = '0;
  end

  // A product, with its exponent, sign, infinity and NaN.
  logic times_en, a_neg, a_zero, a_inf, a_nan, b_neg, b_zero, b_inf, b_nan, p_neg, p_inf, p_nan;
  logic [15:0] times_a;
  logic [10:0] sig, b_sig;
  logic [4:0] e, b_e;
  logic [18:0] factor;
  logic [9:0] k, p_k;
  logic [29:0] p;
  assign times_en = softmax ? again_en_i : en_i;
  assign times_a  = softmax || act ? again_i : norm ? code_o : quant ? stored_i[15:0] : x1_i;
  pm_fp16_parse u_a (
      .x_i   (times_a),
      .neg_o (a_neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(a_zero),
      .inf_o (a_inf),
      .nan_o (a_nan)
  );
  pm_fp16_parse u_b (
      .x_i   (turn_i),
      .neg_o (b_neg),
      .sig_o (b_sig),
      .e_o   (b_e),
      .zero_o(b_zero),
      .inf_o (b_inf),
      .nan_o (b_nan)
  );
  always_comb begin
    if (act) factor = a_neg ? m : 19'd262144;
    else factor = rope ? {8'd0, b_sig} : {1'b0, factor_i};
    // An activation's quotient has three places and one that says whether anything is left.
    if (act) k = 10'(e) - 10'd29 - (a_neg ? 10'(q[4:0]) : '0);
    else if (rope) k = 10'(e) + 10'(b_e) - 10'd50;
    else if (softmax || norm) k = 10'(e) + place_i;
    else k = place_i - 10'(e);
  end
  pm_sfu_times u_times (
      .clk_i,
      .en_i(times_en),
      .sig_i(sig),
      .factor_i(factor),
      .side_i({
        k, a_neg ^ (rope && b_neg), a_inf || (rope && b_inf), a_nan || (rope && (b_nan || (a_inf && b_zero) || (a_zero && b_inf)))
      }),
      .p_o(p),
      .side_o({p_k, p_neg, p_inf, p_nan})
  );
  if (Quant) begin : g_narrow
    pm_sfu_narrow u_narrow (
        .clk_i,
        .en_i,
        .neg_i  (p_neg),
        .p_i    (p[27:0]),
        .shift_i(p_k[5:0]),
        .q_o
    );
  end else begin : g_no_narrow
    assign q_o = '0;
  end

  // An activation's quotient.
  localparam int unsigned Divides = 7;
  logic [13:0] quotient;
  logic rest, end_neg, end_inf, end_nan;
  logic [7:0] end_k;
  if (Act) begin : g_gate
    logic [37:0] gate_q;
    logic [Divides*11-1:0] side_q;
    pm_sfu_gate u_gate (
        .clk_i,
        .en_i,
        .above_i   (p[28:0]),
        .gate_i    (gate_q[19+:19]),
        .quotient_o(quotient),
        .rest_o    (rest)
    );
    always_ff @(posedge clk_i) begin
      if (en_i) begin
        gate_q <= {gate_q[18:0], m >> q[4:0]};
        side_q <= {side_q[(Divides-1)*11-1:0], p_k[7:0], p_neg, p_inf, p_nan};
      end
    end
    assign {end_k, end_neg, end_inf, end_nan} = side_q[(Divides-1)*11+:11];
  end else begin : g_no_gate
    assign {quotient, rest, end_neg, end_inf, end_nan, end_k} = '0;
  end

  // The first rounder, its operand in registers; or a weight of a few bits.
  logic round_neg, round_inf, round_nan, round_neg_q, round_inf_q, round_nan_q;
  logic [RoundW-1:0] round_a, round_a_q;
  logic [7:0] round_k, round_k_q;
  logic [3:0] unused_flags;
  always_comb begin
    {round_neg, round_inf} = '0;
    if (act) begin
      round_neg = end_neg;
      round_inf = end_inf && !end_neg;
      round_nan = end_nan;
      round_a   = end_inf ? '0 : RoundW'({quotient, rest});
      round_k   = end_k;
    end else if (norm) begin
      round_neg = size_neg && (kind_q[0] || size != '0);
      round_nan = none_i;
      round_a   = RoundW'(size);
      round_k   = -8'd24;
    end else begin
      round_nan = exp && mark;
      round_a   = softmax && !mark ? '0 : RoundW'(m);
      round_k   = -(8'(signed'(q))) - 8'd18;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      {round_neg_q, round_inf_q, round_nan_q} <= {round_neg, round_inf, round_nan};
      {round_a_q, round_k_q}                  <= {round_a, round_k};
    end
  end
  if (Softmax) begin : g_weight
    pm_sfu_weight u_weight (
        .clk_i,
        .en_i,
        .bits_i,
        .m_i(round_a_q[18:0]),
        .k_i(round_k_q[5:0]),
        .a_o(weight_o)
    );
  end else begin : g_no_weight
    assign weight_o = '0;
  end
  if (Exp || Softmax || Norm || Act) begin : g_round
    pm_fp16_rn #(
        .AW (RoundW),
        .KW (8),
        .Cut(1'b1)
    ) u_rn (
        .clk_i,
        .en_i,
        .neg_i(round_neg_q),
        .a_i  (round_a_q),
        .k_i  (round_k_q),
        .inf_i(round_inf_q),
        .nan_i(round_nan_q),
        .y_o  (code_o),
        .nv_o (unused_flags[0]),
        .of_o (unused_flags[1])
    );
  end else begin : g_no_round
    assign {code_o, unused_flags[1:0]} = '0;
  end

  // The second one.
  logic [1:0] unused_share;
  if (Softmax || Norm || Rope) begin : g_share
    pm_fp16_rn #(
        .AW (30),
        .KW (10),
        .Cut(1'b1)
    ) u_rn (
        .clk_i,
        .en_i (times_en),
        .neg_i(p_neg),
        .a_i  (p),
        .k_i  (p_k),
        .inf_i(p_inf),
        .nan_i(p_nan),
        .y_o  (share_o),
        .nv_o (unused_share[0]),
        .of_o (unused_share[1])
    );
  end else begin : g_no_share
    assign {share_o, unused_share} = '0;
  end

  // The sum; a product alone is one with -0 added.
  if (Norm || Act || Rope) begin : g_sum
    logic [15:0] a_q, b_q, c_q;
    always_ff @(posedge clk_i) begin
      if (sum_en_i) begin
        a_q <= rope ? b_i[31:16] : norm ? share_o : code_o;
        b_q <= rope ? line_q[4*16+:16] : b_i[15:0];
        c_q <= rope ? share_o ^ {minus_i, 15'd0} : norm && !kind_q[0] ? b_i[31:16] : 16'h8000;
      end
    end
    pm_fp16_fma #(
        .Cut(1'b1)
    ) u_fma (
        .clk_i,
        .en_i(sum_en_i),
        .a_i (a_q),
        .b_i (b_q),
        .c_i (c_q),
        .y_o (sum_o),
        .nv_o(unused_flags[2]),
        .of_o(unused_flags[3])
    );
  end else begin : g_no_sum
    assign {sum_o, unused_flags[3:2]} = '0;
  end

  // Of functions that are not there.
  logic unused_inputs, unused_sum, unused_times, unused_parts, unused_round;
  assign unused_inputs = ^{bits_i, m_i, shift_i, x_i, stored_i, max_i, mean_neg_i, mean_i, none_i};
  assign unused_sum    = ^{sum_en_i, b_i, c_i, minus_i, kind_i, f_q, kind_q};
  assign unused_times  = ^{x1_i, turn_i, factor_i, b_sig, b_e, b_neg, b_zero, b_inf, b_nan};
  assign unused_parts  = ^{line_q, mark, again_i, exp, quant, m, q, size_neg, size, p, p_k, p_neg, p_inf, p_nan, quotient, rest};
  assign unused_round  = ^{end_neg, end_inf, end_nan, end_k, round_neg_q, round_inf_q, round_nan_q, round_a_q, round_k_q};
endmodule

// SPDX-License-Identifier: Apache-2.0
/// HyFlexPIM's special function unit (sections 3.1, 3.3): rows of scores or of binary16 through one function at a time, Lanes
/// elements a clock. Sums are exact integers, so that Lanes changes no bit. All functions share the lanes' parts and the
/// memories; what no function needs is left out.
///
/// x_ready_o and b_ready_o depend on y_ready_i in the same clock, of the functions without a sum; on b_valid_i and x_valid_i of
/// rotary positions.
module pm_sfu #(
    /// Elements a beat, at least 4.
    parameter int unsigned Lanes = 8,
    /// Most elements of a row, Lanes..8192.
    parameter int unsigned MaxN = 512,
    /// Bits of a score, signed, 17..32.
    parameter int unsigned AW = 32,
    /// Functions that are there, one bit each by their number, 1..63.
    parameter int unsigned Functions = 63,
    localparam int unsigned Depth = (MaxN + Lanes - 1) / Lanes + 72,
    localparam int unsigned AddrW = $clog2(Depth),
    localparam int unsigned RowW = Lanes * (AW + 1) + 1,
    localparam int unsigned HalfW = Lanes * 16 + 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// 0 exponential, 1 softmax, 2 normalisation, 3 activation, 4 rotary positions, 5 quantisation. Configuration, as all up to
    /// n_i: stable from a clock before the first beat on, and while anything is inside.
    input  logic [         2:0] f_i,
    /// Softmax: 1, divided. Normalisation: 1, without mean and beta. Activation: 0 gelu, 1 gelu by tanh, 2 silu.
    input  logic [         1:0] kind_i,
    /// Activation: b multiplies the result.
    input  logic                gate_i,
    /// Softmax: a weight's, 8..16.
    input  logic [         4:0] bits_i,
    /// Softmax: c log2(e) = m * 2^e. Normalisation: epsilon. 0 or with the top bit set.
    input  logic [        15:0] m_i,
    /// Signed, -200..200.
    input  logic [         8:0] e_i,
    /// Normalisation: elements of a row, 1..MaxN.
    input  logic [        13:0] n_i,
    /// Beats; a row has 1..ceil(MaxN/Lanes), lowest elements first.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Element i at [i*AW +: AW]: a score, signed, or a code in the low 16 bits; 0 past the row's end.
    input  logic [Lanes*AW-1:0] x_i,
    /// Softmax: score i takes part.
    input  logic [   Lanes-1:0] keep_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// Second operands, a beat for each of x, where the function has them.
    input  logic                b_valid_i,
    output logic                b_ready_o,
    /// Element i at [32i +: 32], in the low half: normalisation, gamma, with beta in the high half; activation, what multiplies;
    /// rotary, the cosine where i is even, the sine where it is odd.
    input  logic [Lanes*32-1:0] b_i,
    /// The same beats as x.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Element i at [16i +: 16]: a code, a weight, a number with its sign.
    output logic [Lanes*16-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// With it, softmax: the sum of its integer weights; quantisation: the code of its largest magnitude.
    output logic [        28:0] side_o,
    /// A memory of rows, as pm_sfu_rows has it, Depth words: it writes.
    output logic                mem_we_o,
    /// Where.
    output logic [   AddrW-1:0] mem_waddr_o,
    /// What.
    output logic [    RowW-1:0] mem_wdata_o,
    /// It reads.
    output logic                mem_re_o,
    /// Where.
    output logic [   AddrW-1:0] mem_raddr_o,
    /// What was read last.
    input  logic [    RowW-1:0] mem_rdata_i,
    /// A second one, for what is read twice: it writes.
    output logic                half_we_o,
    /// Where.
    output logic [   AddrW-1:0] half_waddr_o,
    /// What.
    output logic [   HalfW-1:0] half_wdata_o,
    /// It reads.
    output logic                half_re_o,
    /// Where.
    output logic [   AddrW-1:0] half_raddr_o,
    /// What was read last.
    input  logic [   HalfW-1:0] half_rdata_i
);
  if (Lanes < 4 || MaxN < Lanes || MaxN > 8192 || AW < 17 || AW > 32) begin : g_range
    $error("pm_sfu: Lanes must be at least 4, MaxN Lanes..8192, AW 17..32");
  end
  if (Functions < 1 || Functions > 63) begin : g_functions_range
    $error("pm_sfu: Functions must be 1..63");
  end

  localparam bit Softmax = Functions[1];
  localparam bit Norm = Functions[2];
  localparam bit Act = Functions[3];
  localparam bit Rope = Functions[4];
  localparam bit Quant = Functions[5];
  /// Clocks of a lane, and of the one that takes longest.
  localparam int unsigned Short = 15;
  localparam int unsigned NormClocks = 11;
  localparam int unsigned ActClocks = 29;
  /// Of an activation, until its code is needed again; of the sum.
  localparam int unsigned ActWait = 16;
  localparam int unsigned SumClocks = 6;
  localparam int unsigned RopeClocks = 5;
  localparam int unsigned QuantClocks = 4;
  localparam int unsigned Most = Act ? ActClocks : Functions[1:0] != '0 ? Short : Norm ? NormClocks : Rope ? RopeClocks :
      QuantClocks;
  localparam int unsigned SkipW = $clog2(Most);
  localparam int unsigned YW = Lanes * 16;

  /// The one function that is there, if it is one.
  localparam bit Single = (Functions & (Functions - 1)) == 0;

  logic [5:0] f;
  logic [4:0] f_q;
  logic softmax, norm, act, rope, quant, divide, gate, codes_q;
  logic [YW-1:0] codes;
  logic [8:0] shift;
  // By number, a clock later, since many look at it; the first pass by itself.
  assign f = f_i > 3'd5 ? 6'd1 : 6'd1 << f_i;
  always_ff @(posedge clk_i) {codes_q, f_q} <= {Single ? !Softmax : f[2] || f[5], Single ? 5'(Functions >> 1) : f[5:1]};
  assign {quant, rope, act, norm, softmax} = f_q;
  assign divide  = softmax && kind_i[0];
  assign gate    = act && gate_i;
  assign shift   = -(e_i + 9'd19);
  always_comb for (int unsigned i = 0; i < Lanes; i++) codes[i*16+:16] = x_i[i*AW+:16];

  // The first pass, where there is more than one.
  logic first_ready, beat_valid, beat_ready, beat_last, max_valid, max_ready;
  logic [Lanes*AW-1:0] beat;
  logic [Lanes-1:0] beat_keep;
  logic [AW-1:0] most;
  logic [YW-1:0] beat_codes;
  if (Softmax || Norm || Quant) begin : g_first
    pm_sfu_first #(
        .Lanes(Lanes),
        .Depth(Depth),
        .AW   (AW)
    ) u_first (
        .clk_i,
        .rst_ni,
        .codes_i    (codes_q),
        .x_valid_i  (x_valid_i && (softmax || norm || quant)),
        .x_ready_o  (first_ready),
        .x_i,
        .keep_i,
        .x_last_i,
        .y_valid_o  (beat_valid),
        .y_ready_i  (beat_ready),
        .y_o        (beat),
        .keep_o     (beat_keep),
        .y_last_o   (beat_last),
        .max_valid_o(max_valid),
        .max_ready_i(max_ready),
        .max_o      (most),
        .mem_we_o,
        .mem_waddr_o,
        .mem_wdata_o,
        .mem_re_o,
        .mem_raddr_o,
        .mem_rdata_i
    );
  end else begin : g_no_first
    assign {first_ready, beat_valid, beat_last, max_valid, beat, beat_keep, most} = '0;
    assign {mem_we_o, mem_waddr_o, mem_wdata_o, mem_re_o, mem_raddr_o} = '0;
  end
  always_comb for (int unsigned i = 0; i < Lanes; i++) beat_codes[i*16+:16] = beat[i*AW+:16];

  // A row's numbers: normalisation's, quantisation's, the reciprocal of softmax's sum.
  logic en, again_en, sum_en, again_ready, again_valid, again_take, again_last, code_valid, code_last;
  logic moments_ready, moments_valid, none, scale_ready, scale_valid, share_ready, recip_valid;
  logic [41:0] mean;
  logic [15:0] c;
  logic [ 9:0] k;
  logic [16:0] inverse;
  logic [5:0] scale_e, t;
  logic [14:0] amax;
  logic [17:0] recip;
  logic [YW-1:0] again, code;
  if (Norm) begin : g_norm
    pm_sfu_norm #(
        .Lanes(Lanes)
    ) u_norm (
        .clk_i,
        .rst_ni,
        .rms_i    (kind_i[0]),
        .m_i,
        .e_i,
        .n_i,
        .x_valid_i(norm && beat_valid && beat_ready),
        .x_ready_o(moments_ready),
        .x_i      (beat_codes),
        .x_last_i (beat_last),
        .amax_i   (most[14:0]),
        .y_valid_o(moments_valid),
        .y_ready_i(norm && again_take && again_valid && again_last),
        .none_o   (none),
        .mean_o   (mean),
        .c_o      (c),
        .k_o      (k)
    );
  end else begin : g_no_norm
    assign {moments_ready, moments_valid, none, mean, c, k} = '0;
  end
  if (Quant) begin : g_quant
    pm_sfu_quant u_quant (
        .clk_i,
        .rst_ni,
        .x_valid_i(quant && max_valid),
        .x_ready_o(scale_ready),
        .amax_i   (most[14:0]),
        .y_valid_o(scale_valid),
        .y_ready_i(quant && beat_ready && beat_valid && beat_last),
        .inverse_o(inverse),
        .e_o      (scale_e),
        .amax_o   (amax)
    );
  end else begin : g_no_quant
    assign {scale_ready, scale_valid, inverse, scale_e, amax} = '0;
  end
  if (Softmax) begin : g_share
    pm_sfu_share #(
        .Lanes(Lanes)
    ) u_share (
        .clk_i,
        .rst_ni,
        .x_valid_i(divide && code_valid && again_ready),
        .x_ready_o(share_ready),
        .x_i      (code),
        .x_last_i (code_last),
        .y_valid_o(recip_valid),
        .y_ready_i(divide && again_take && again_valid && again_last),
        .r_o      (recip),
        .t_o      (t)
    );
  end else begin : g_no_share
    assign {share_ready, recip_valid, recip, t} = '0;
  end

  // What is read once more: normalisation's codes, softmax's weights, an activation's code when its exponential is there.
  logic [ActWait-1:0] wait_q;
  logic again_put;
  always_comb begin
    if (act) again_put = x_valid_i && en;
    else if (norm) again_put = beat_valid && max_valid && moments_ready;
    else again_put = divide && code_valid && share_ready;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) wait_q <= '0;
    else if (en) wait_q <= {wait_q[ActWait-2:0], act && x_valid_i};
  end
  if (Softmax || Norm || Act) begin : g_again
    pm_sfu_rows #(
        .W    (HalfW),
        .Depth(Depth)
    ) u_again (
        .clk_i,
        .rst_ni,
        .x_valid_i  (again_put),
        .x_ready_o  (again_ready),
        .x_i        (act ? {x_last_i, codes} : norm ? {beat_last, beat_codes} : {code_last, code}),
        .y_valid_o  (again_valid),
        .y_ready_i  (again_take),
        .y_o        ({again_last, again}),
        .mem_we_o   (half_we_o),
        .mem_waddr_o(half_waddr_o),
        .mem_wdata_o(half_wdata_o),
        .mem_re_o   (half_re_o),
        .mem_raddr_o(half_raddr_o),
        .mem_rdata_i(half_rdata_i)
    );
  end else begin : g_no_again
    assign {again_ready, again_valid, again_last, again} = '0;
    assign {half_we_o, half_waddr_o, half_wdata_o, half_re_o, half_raddr_o} = '0;
  end
  assign again_take = act ? en && wait_q[ActWait-1] : norm ? en && moments_valid : again_en && recip_valid;

  // Into the lanes, and out.
  logic first, b_sum, lane_valid, lane_last, lane_ready, total_ready, total_valid, total_last;
  logic share_valid, share_last, sum_valid, sum_last;
  logic [SkipW-1:0] skip;
  assign first = softmax || norm || quant;
  assign b_sum = norm || gate;
  assign lane_valid = softmax ? beat_valid && max_valid : norm ? again_valid && moments_valid :
                      quant ? beat_valid && scale_valid : x_valid_i && (!rope || b_valid_i);
  assign lane_last = norm ? again_last : first ? beat_last : x_last_i;
  assign beat_ready = softmax ? en && max_valid : norm ? max_valid && moments_ready && again_ready : en && scale_valid;
  assign max_ready = quant ? scale_ready : beat_valid && beat_ready && beat_last;
  assign x_ready_o = first ? first_ready : en && (!rope || b_valid_i);
  assign b_ready_o = rope ? en && x_valid_i : b_sum && code_valid && sum_en;
  assign lane_ready = divide ? share_ready && again_ready : softmax ? total_ready : b_sum ? b_valid_i && sum_en :
                      rope ? sum_en : y_ready_i;
  assign skip = SkipW'(Most - (act ? ActClocks : norm ? NormClocks : rope ? RopeClocks : quant ? QuantClocks : Short));
  pm_sfu_valid #(
      .Stages(Most),
      .W     (1)
  ) u_lane_valid (
      .clk_i,
      .rst_ni,
      .valid_i(lane_valid),
      .side_i (lane_last),
      .skip_i (skip),
      .ready_i(lane_ready),
      .en_o   (en),
      .valid_o(code_valid),
      .side_o (code_last)
  );
  pm_sfu_valid #(
      .Stages(5),
      .W     (1)
  ) u_again_valid (
      .clk_i,
      .rst_ni,
      .valid_i(divide && again_valid && recip_valid),
      .side_i (again_last),
      .skip_i ('0),
      .ready_i(y_ready_i),
      .en_o   (again_en),
      .valid_o(share_valid),
      .side_o (share_last)
  );
  pm_sfu_valid #(
      .Stages(SumClocks),
      .W     (1)
  ) u_sum_valid (
      .clk_i,
      .rst_ni,
      .valid_i(code_valid && (rope || (b_sum && b_valid_i))),
      .side_i (code_last),
      .skip_i ('0),
      .ready_i(y_ready_i),
      .en_o   (sum_en),
      .valid_o(sum_valid),
      .side_o (sum_last)
  );

  // A row's numbers, as long as its elements take to where they are needed.
  logic [40:0] mean_q;
  logic [1:0] none_q;
  logic [6*26-1:0] factor_q;
  logic [4*15-1:0] amax_q;
  logic [17:0] factor;
  logic [9:0] place;
  always_ff @(posedge clk_i) begin
    if (en) begin
      mean_q   <= kind_i[0] ? '0 : mean[40:0];
      none_q   <= {none_q[0], none};
      factor_q <= {factor_q[5*26-1:0], c, k - 10'd25};
      amax_q   <= {amax_q[3*15-1:0], amax};
    end
  end
  always_comb begin
    if (softmax) {factor, place} = {recip, -(10'(signed'(t))) - 10'd35};
    else if (norm) {factor, place} = {2'd0, factor_q[5*26+:26]};
    else {factor, place} = {1'b0, inverse, 10'(signed'(scale_e)) + 10'd19};
  end

  // A pair turned: y0 = x0 c - x1 s, y1 = x0 s + x1 c, each of a product with x1 and, five clocks later, a sum with x0's; a lane
  // keeps its c or s.
  localparam int unsigned Pairs = Lanes / 2;
  logic [Pairs*RopeClocks*16-1:0] pair_q;
  logic [Lanes*32-1:0] b;
  always_comb begin
    b = b_i;
    for (int unsigned i = 0; i < 2 * Pairs; i++) if (rope) b[i*32+16+:16] = pair_q[((i/2+1)*RopeClocks-1)*16+:16];
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      for (int unsigned i = 0; i < Pairs; i++) begin
        pair_q[i*RopeClocks*16+:RopeClocks*16] <= Rope ? {pair_q[i*RopeClocks*16+:(RopeClocks-1)*16], codes[2*i*16+:16]} : '0;
      end
    end
  end

  logic [YW-1:0] weight, weight_q, share, sum, total_y;
  logic [Lanes*8-1:0] q;
  logic [28:0] z;
  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    /// The pair's other lane's x1 and, of c and s, what x1 is multiplied by.
    localparam int unsigned Odd = (i | 1) < Lanes ? (i | 1) : i;
    localparam int unsigned Turn = (i ^ 1) < Lanes ? (i ^ 1) : i;
    pm_sfu_lane #(
        .AW       (AW),
        .Functions(Functions)
    ) u_lane (
        .clk_i,
        .en_i      (en),
        .again_en_i(again_en),
        .sum_en_i  (sum_en),
        .f_i       (f),
        .kind_i,
        .bits_i,
        .m_i,
        .shift_i   (shift > 9'd63 ? 6'd63 : shift[5:0]),
        .x_i       (x_i[i*AW+:16]),
        .x1_i      (x_i[Odd*AW+:16]),
        .stored_i  (beat[i*AW+:AW]),
        .keep_i    (beat_keep[i]),
        .max_i     (most),
        .mean_neg_i(mean[41]),
        .mean_i    (mean_q),
        .none_i    (none_q[1]),
        .again_i   (again[i*16+:16]),
        .factor_i  (factor),
        .turn_i    (b_i[Turn*32+:16]),
        .place_i   (place),
        .b_i       (b[i*32+:32]),
        .c_i       (b_i[i*32+:16]),
        .minus_i   (i % 2 == 0),
        .weight_o  (weight[i*16+:16]),
        .code_o    (code[i*16+:16]),
        .share_o   (share[i*16+:16]),
        .q_o       (q[i*8+:8]),
        .sum_o     (sum[i*16+:16])
    );
  end

  // Integer weights wait a clock for codes, and for their sum.
  if (Softmax) begin : g_total
    always_ff @(posedge clk_i) if (en) weight_q <= weight;
    pm_sfu_total #(
        .Lanes (Lanes),
        .W     (16),
        .Signed(1'b0),
        .SumW  (29),
        .SideW (YW)
    ) u_total (
        .clk_i,
        .rst_ni,
        .x_valid_i(softmax && !divide && code_valid),
        .x_ready_o(total_ready),
        .x_i      (weight_q),
        .side_i   (weight_q),
        .x_last_i (code_last),
        .y_valid_o(total_valid),
        .y_ready_i,
        .side_o   (total_y),
        .y_last_o (total_last),
        .sum_o    (z)
    );
  end else begin : g_no_total
    assign {total_ready, total_valid, total_last, weight_q, total_y, z} = '0;
  end

  always_comb begin
    side_o = quant ? 29'(amax_q[3*15+:15]) : z;
    if (divide) {y_valid_o, y_last_o, y_o} = {share_valid, share_last, share};
    else if (softmax) {y_valid_o, y_last_o, y_o} = {total_valid, total_last, total_y};
    else if (rope || b_sum) {y_valid_o, y_last_o, y_o} = {sum_valid, sum_last, sum};
    else {y_valid_o, y_last_o, y_o} = {code_valid, code_last, code};
    if (quant) for (int unsigned i = 0; i < Lanes; i++) y_o[i*16+:16] = 16'(signed'(q[i*8+:8]));
  end

  // Of functions that are not there.
  logic unused_inputs, unused_rows, unused_lanes, unused_valid, unused_ready;
  assign unused_inputs = ^{b_i, keep_i, mem_rdata_i, half_rdata_i, gate_i, m_i, e_i, n_i};
  assign unused_rows   = ^{beat, beat_codes, beat_keep, most, again_last, none, mean, c, k, inverse, scale_e, t, amax, recip};
  assign unused_lanes  = ^{weight, weight_q, b, q, sum, share};
  assign unused_valid  = ^{again_valid, max_valid, moments_valid, max_ready, again_take, again_ready, moments_ready, scale_ready};
  assign unused_ready  = ^{share_ready, wait_q, again_put, codes_q};
endmodule

// SPDX-License-Identifier: Apache-2.0
/// FLARE's fused attention engine. Pass 1 takes n_tokens tokens and fills the K^T and V arrays; pass 2 takes the same tokens
/// again and gives one output each. Then the engine is ready for the next run, whose tokens may follow this one's: causal runs
/// that append, a decoder's, give what one run of all tokens gives. Nothing of size N^2 leaves; heads run in parallel; tokens
/// are pipelined, so that the steady state is bound by the busiest array's accesses. Source: FLARE (arXiv 2411.14733) section
/// 4.5; docs/numerics.md, "The fused token". Configuration inputs are stable during a run.
module pm_flare_attention #(
    /// Model width, a multiple of Heads, Heads..1024.
    parameter int unsigned D = 64,
    /// Heads, 1..16.
    parameter int unsigned Heads = 4,
    /// Bits of stored K and V elements, 2..16.
    parameter int unsigned Kvb = 10,
    /// Most tokens of a run, a multiple of 16 and of Lanes, 16..512.
    parameter int unsigned MaxTokens = 64,
    /// Largest left shift that biases of Q, K and V meet, 0..31: ex is at least -MaxShl. 31 serves any ex, since shifts are
    /// clamped to 31.
    parameter int unsigned MaxShl = 31,
    /// Logits a clock and head, at least 1.
    parameter int unsigned Lanes = 16,
    /// Elements normalised a clock and head, at least 1.
    parameter int unsigned NormLanes = 4,
    /// Tokens that wait for each head's logit array, at least 1.
    parameter int unsigned QueueDepth = 4,
    localparam int unsigned Dk = D / Heads,
    localparam int unsigned XRows = (D + 15) / 16 * 16,
    localparam int unsigned QRows = (Dk + 15) / 16 * 16,
    localparam int unsigned TW = $clog2(MaxTokens)
) (
    input  logic                                    clk_i,
    input  logic                                    rst_ni,
    /// Tokens of this run, 1..MaxTokens.
    input  logic        [                     TW:0] n_tokens_i,
    /// The run's tokens follow those that the arrays hold, which with them are at most MaxTokens: a decoder's next ones.
    /// Otherwise its first is token 0.
    input  logic                                    append_i,
    /// A token attends to itself and those before it alone, as a decoder's do.
    input  logic                                    causal_i,
    /// Key mask, bit j for token j; without causal_i 0 also for tokens behind the run's last.
    input  logic        [            MaxTokens-1:0] keep_i,
    /// Rounding in every quantiser; otherwise truncation.
    input  logic                                    round_i,
    /// Sign coding of x; otherwise two's complement.
    input  logic                                    sign_x_i,
    /// Sign coding of q.
    input  logic                                    sign_q_i,
    /// Sign coding of o.
    input  logic                                    sign_o_i,
    /// M_K, the calibrated right shift of keys.
    input  logic        [                      4:0] mk_i,
    /// M_V, of values.
    input  logic        [                      4:0] mv_i,
    /// e0 of each head, 16 bits signed.
    input  logic        [             Heads*16-1:0] e0_i,
    /// Softmax table of each head, see pm_vdr_softmax.
    input  logic        [           Heads*8*96-1:0] lut_i,
    /// Biases of K, V, Q, O (K lowest), 32 bits an element, at the accumulators' scale.
    input  logic        [               4*D*32-1:0] bias_i,
    /// Tokens, twice each run.
    input  logic                                    x_valid_i,
    output logic                                    x_ready_o,
    /// Element d at [8d +: 8], signed.
    input  logic        [                  D*8-1:0] x_i,
    /// The token's exponent.
    input  logic signed [                     15:0] ex_i,
    /// Pins of the weight arrays, the array-pin bundle: K and V on the same wordlines, Q, O (lowest first).
    output logic        [                      2:0] w_valid_o,
    input  logic        [                      2:0] w_ready_i,
    /// Wordlines, XRows an array.
    output logic        [              3*XRows-1:0] w_wl_o,
    /// Dummy wordlines, 7 an array.
    output logic        [                     20:0] w_dwl_o,
    /// Side band, 6 bits an array: wl_last, wl_last_plane, wl_neg, wl_plane (3 bits) of pm_flare_gemv.
    output logic        [                     17:0] w_side_o,
    /// Comparators: columns of K, V, Q, O.
    input  logic        [              4*D*8*8-1:0] w_cmp_i,
    /// Pins of the heads' K^T arrays.
    output logic        [                Heads-1:0] k_valid_o,
    input  logic        [                Heads-1:0] k_ready_i,
    /// Wordlines, QRows a head.
    output logic        [          Heads*QRows-1:0] k_wl_o,
    /// Dummy wordlines.
    output logic        [              Heads*7-1:0] k_dwl_o,
    /// Side band.
    output logic        [              Heads*6-1:0] k_side_o,
    /// Comparators.
    input  logic        [Heads*MaxTokens*Kvb*8-1:0] k_cmp_i,
    /// Pins of the heads' V arrays.
    output logic        [                Heads-1:0] v_valid_o,
    input  logic        [                Heads-1:0] v_ready_i,
    /// Wordlines, one a token.
    output logic        [      Heads*MaxTokens-1:0] v_wl_o,
    /// Dummy wordlines.
    output logic        [              Heads*7-1:0] v_dwl_o,
    /// Side band.
    output logic        [              Heads*6-1:0] v_side_o,
    /// Comparators.
    input  logic        [              D*Kvb*8-1:0] v_cmp_i,
    /// Write port of the K^T and V arrays.
    output logic                                    wr_valid_o,
    input  logic                                    wr_ready_i,
    /// V row and K^T column group.
    output logic        [                   TW-1:0] wr_token_o,
    /// Key, element i at [i*Kvb +: Kvb].
    output logic        [                D*Kvb-1:0] wr_k_o,
    /// Value, as the key.
    output logic        [                D*Kvb-1:0] wr_v_o,
    /// Results of pass 2, a token each.
    output logic                                    y_valid_o,
    input  logic                                    y_ready_i,
    /// Element d at [8d +: 8], signed.
    output logic        [                  D*8-1:0] y_o,
    /// The token's exponent: the real value is y * 2^e at the layer's output scale.
    output logic signed [                     15:0] e_o,
    /// Pass 2 is under way.
    output logic                                    pass2_o,
    /// Sticky since the run's first token: a head's row had Z = 0.
    output logic                                    z_zero_o,
    /// Sticky: an element of K was clamped.
    output logic                                    k_sat_o,
    /// Sticky: an element of V was clamped.
    output logic                                    v_sat_o
);
  if (D % Heads != 0 || D < 1 || D > 1024 || Heads < 1 || Heads > 16) begin : g_d_range
    $error("pm_flare_attention: D must be a multiple of Heads, Heads..1024, Heads 1..16");
  end
  if (Kvb < 2 || Kvb > 16) begin : g_kvb_range
    $error("pm_flare_attention: Kvb must be 2..16");
  end
  if (MaxTokens % 16 != 0 || MaxTokens % Lanes != 0 || MaxTokens < 16 || MaxTokens > 512) begin : g_tokens_range
    $error("pm_flare_attention: MaxTokens must be a multiple of 16 and of Lanes, 16..512");
  end
  if (MaxShl > 31) begin : g_shl_range
    $error("pm_flare_attention: MaxShl must be 0..31");
  end
  if (Lanes < 1 || NormLanes < 1 || QueueDepth < 1) begin : g_lanes_range
    $error("pm_flare_attention: Lanes, NormLanes and QueueDepth must be at least 1");
  end

  localparam int unsigned AccW = 16 + $clog2(XRows);
  localparam int unsigned BiasW = 32 + MaxShl;
  localparam int unsigned SumW = (AccW > BiasW ? AccW : BiasW) + 1;
  localparam int unsigned EqW = 18;

  // Counts tokens in and results out of the current pass.
  logic take, done, x_more;
  logic pass2_q, clear_q;
  logic [TW:0] in_q, out_q;
  logic [1:0] x_ready;

  assign x_more    = in_q != n_tokens_i;
  assign x_ready_o = x_more && x_ready[pass2_q];
  assign take      = x_valid_i && x_ready_o;
  assign done      = pass2_q ? y_valid_o && y_ready_i : wr_valid_o && wr_ready_i;
  assign pass2_o   = pass2_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pass2_q <= 1'b0;
      clear_q <= 1'b0;
      in_q    <= '0;
      out_q   <= '0;
    end else begin
      // With a run's first token, long before it is written: counters and flags start anew.
      clear_q <= take && !pass2_q && in_q == '0;
      in_q <= in_q + (TW + 1)'(take);
      out_q <= out_q + (TW + 1)'(done);
      if (done && out_q == n_tokens_i - 1'b1) begin
        pass2_q <= !pass2_q;
        in_q    <= '0;
        out_q   <= '0;
      end
    end
  end

  // Of the run's first token.
  logic [  TW:0] held;
  logic [TW-1:0] first;
  assign first = append_i ? held[TW-1:0] : '0;
  logic unused_held;  // full: nothing can follow
  assign unused_held = held[TW];

  pm_flare_kv #(
      .D(D),
      .Kvb(Kvb),
      .MaxTokens(MaxTokens),
      .SumW(SumW)
  ) u_kv (
      .clk_i,
      .rst_ni,
      .clear_i   (clear_q),
      .append_i,
      .count_o   (held),
      .round_i,
      .sign_x_i,
      .mk_i,
      .mv_i,
      .bias_i    (bias_i[2*D*32-1:0]),
      .x_valid_i (x_valid_i && x_more && !pass2_q),
      .x_ready_o (x_ready[0]),
      .x_i,
      .ex_i,
      .wl_valid_o(w_valid_o[0]),
      .wl_ready_i(w_ready_i[0]),
      .wl_o      (w_wl_o[XRows-1:0]),
      .dwl_o     (w_dwl_o[6:0]),
      .wl_side_o (w_side_o[5:0]),
      .cmp_i     (w_cmp_i[2*D*64-1:0]),
      .wr_valid_o,
      .wr_ready_i,
      .wr_token_o,
      .wr_k_o,
      .wr_v_o,
      .k_sat_o,
      .v_sat_o
  );

  logic q_valid, q_ready;
  logic [D*8-1:0] q;
  logic [Heads*EqW-1:0] eq;
  pm_flare_query #(
      .D(D),
      .Heads(Heads),
      .SumW(SumW)
  ) u_query (
      .clk_i,
      .rst_ni,
      .round_i,
      .sign_x_i,
      .bias_i    (bias_i[3*D*32-1:2*D*32]),
      .x_valid_i (x_valid_i && x_more && pass2_q),
      .x_ready_o (x_ready[1]),
      .x_i,
      .ex_i,
      .wl_valid_o(w_valid_o[1]),
      .wl_ready_i(w_ready_i[1]),
      .wl_o      (w_wl_o[2*XRows-1:XRows]),
      .dwl_o     (w_dwl_o[13:7]),
      .wl_side_o (w_side_o[11:6]),
      .cmp_i     (w_cmp_i[3*D*64-1:2*D*64]),
      .q_valid_o (q_valid),
      .q_ready_i (q_ready),
      .q_o       (q),
      .eq_o      (eq)
  );

  // A token enters all heads in one clock; their results leave together.
  logic [Heads-1:0] q_ready_h, o_valid_h, z_zero_h;
  logic [D*32-1:0] o;
  logic o_ready;
  assign q_ready  = &q_ready_h;
  assign z_zero_o = |z_zero_h;
  for (genvar h = 0; h < Heads; h++) begin : g_head
    pm_flare_head #(
        .Dk(Dk),
        .Kvb(Kvb),
        .MaxTokens(MaxTokens),
        .Lanes(Lanes),
        .NormLanes(NormLanes),
        .QueueDepth(QueueDepth)
    ) u_head (
        .clk_i,
        .rst_ni,
        .clear_i  (clear_q),
        .first_i  (first),
        .causal_i,
        .round_i,
        .sign_q_i,
        .lut_i    (lut_i[h*768+:768]),
        .e0_i     (e0_i[h*16+:16]),
        .keep_i,
        .q_valid_i(q_valid && q_ready),
        .q_ready_o(q_ready_h[h]),
        .q_i      (q[h*Dk*8+:Dk*8]),
        .eq_i     (eq[h*EqW+:EqW]),
        .k_valid_o(k_valid_o[h]),
        .k_ready_i(k_ready_i[h]),
        .k_wl_o   (k_wl_o[h*QRows+:QRows]),
        .k_dwl_o  (k_dwl_o[h*7+:7]),
        .k_side_o (k_side_o[h*6+:6]),
        .k_cmp_i  (k_cmp_i[h*MaxTokens*Kvb*8+:MaxTokens*Kvb*8]),
        .v_valid_o(v_valid_o[h]),
        .v_ready_i(v_ready_i[h]),
        .v_wl_o   (v_wl_o[h*MaxTokens+:MaxTokens]),
        .v_dwl_o  (v_dwl_o[h*7+:7]),
        .v_side_o (v_side_o[h*6+:6]),
        .v_cmp_i  (v_cmp_i[h*Dk*Kvb*8+:Dk*Kvb*8]),
        .o_valid_o(o_valid_h[h]),
        .o_ready_i(o_ready && &o_valid_h),
        .o_o      (o[h*Dk*32+:Dk*32]),
        .z_zero_o (z_zero_h[h])
    );
  end

  pm_flare_out #(
      .D(D)
  ) u_out (
      .clk_i,
      .rst_ni,
      .round_i,
      .sign_o_i,
      .mv_i,
      .bias_i    (bias_i[4*D*32-1:3*D*32]),
      .o_valid_i (&o_valid_h),
      .o_ready_o (o_ready),
      .o_i       (o),
      .wl_valid_o(w_valid_o[2]),
      .wl_ready_i(w_ready_i[2]),
      .wl_o      (w_wl_o[3*XRows-1:2*XRows]),
      .dwl_o     (w_dwl_o[20:14]),
      .wl_side_o (w_side_o[17:12]),
      .cmp_i     (w_cmp_i[4*D*64-1:3*D*64]),
      .y_valid_o,
      .y_ready_i,
      .y_o,
      .e_o
  );

`ifdef PERIMETER_FORMAL
  `include "pm_flare_attention_fv.svh"
`endif
endmodule

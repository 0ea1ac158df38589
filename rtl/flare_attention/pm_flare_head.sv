// SPDX-License-Identifier: Apache-2.0
/// One head of the fused token: q -> L = q*K^T -> eMSB-Q over the row -> VDR-Softmax -> A*V -> head normalisation.
/// A chain of elastic stages, each at work on a token of its own, so that the slowest array alone sets the pace. Source: FLARE
/// section 4.5; docs/numerics.md, "eMSB-Q", "VDR-Softmax", "Head normalisation" and "The fused token".
module pm_flare_head #(
    /// Elements of a head, d_k, 1..1024.
    parameter int unsigned Dk = 16,
    /// Bits of stored K and V elements, 2..16.
    parameter int unsigned Kvb = 10,
    /// Tokens that K and V hold, N; a multiple of 16 and of Lanes, 16..512.
    parameter int unsigned MaxTokens = 64,
    /// Logits a clock, at least 1.
    parameter int unsigned Lanes = 16,
    /// Elements normalised a clock, at least 1.
    parameter int unsigned NormLanes = 4,
    /// Tokens that wait for the logit array, at least 1.
    parameter int unsigned QueueDepth = 4,
    localparam int unsigned QRows = (Dk + 15) / 16 * 16,
    localparam int unsigned EqW = 18,
    localparam int unsigned TW = $clog2(MaxTokens)
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    /// Clears the sticky flag; the next query is of token first_i.
    input  logic                              clear_i,
    /// Number of the run's first token.
    input  logic        [             TW-1:0] first_i,
    /// A token sees the keys up to its own alone.
    input  logic                              causal_i,
    /// Rounding in every quantiser; otherwise truncation.
    input  logic                              round_i,
    /// q in sign coding.
    input  logic                              sign_q_i,
    /// Softmax table, see pm_vdr_softmax.
    input  logic        [           8*96-1:0] lut_i,
    /// e0 of this layer and head.
    input  logic signed [               15:0] e0_i,
    /// Keys that take part, bit j for token j.
    input  logic        [      MaxTokens-1:0] keep_i,
    /// Queries.
    input  logic                              q_valid_i,
    output logic                              q_ready_o,
    /// Element i at [8i +: 8], signed.
    input  logic        [           Dk*8-1:0] q_i,
    /// ex + s_q of the token.
    input  logic signed [            EqW-1:0] eq_i,
    /// Pins of the K^T array, the array-pin bundle: token t's bit b in column t*Kvb + b.
    output logic                              k_valid_o,
    input  logic                              k_ready_i,
    /// Wordlines, one an element of q.
    output logic        [          QRows-1:0] k_wl_o,
    /// Dummy wordlines.
    output logic        [                6:0] k_dwl_o,
    /// Side band.
    output logic        [                5:0] k_side_o,
    /// Comparators.
    input  logic        [MaxTokens*Kvb*8-1:0] k_cmp_i,
    /// Pins of the V array: element m's bit b in column m*Kvb + b.
    output logic                              v_valid_o,
    input  logic                              v_ready_i,
    /// Wordlines, one a token.
    output logic        [      MaxTokens-1:0] v_wl_o,
    /// Dummy wordlines.
    output logic        [                6:0] v_dwl_o,
    /// Side band.
    output logic        [                5:0] v_side_o,
    /// Comparators.
    input  logic        [       Dk*Kvb*8-1:0] v_cmp_i,
    /// Results, a token each.
    output logic                              o_valid_o,
    input  logic                              o_ready_i,
    /// Normalised outputs, 32 bits with 4 fraction bits.
    output logic        [          Dk*32-1:0] o_o,
    /// Sticky: some row had Z = 0.
    output logic                              z_zero_o
);
  if (Dk < 1 || Dk > 1024 || Kvb < 2 || Kvb > 16) begin : g_range
    $error("pm_flare_head: Dk must be 1..1024, Kvb 2..16");
  end
  if (MaxTokens % 16 != 0 || MaxTokens % Lanes != 0 || MaxTokens < 16 || MaxTokens > 512) begin : g_tokens_range
    $error("pm_flare_head: MaxTokens must be a multiple of 16 and of Lanes, 16..512");
  end
  if (Lanes < 1 || NormLanes < 1 || QueueDepth < 1) begin : g_lanes_range
    $error("pm_flare_head: Lanes, NormLanes and QueueDepth must be at least 1");
  end

  localparam int unsigned LAccW = 8 + Kvb + $clog2(QRows);
  localparam int unsigned OAccW = 8 + Kvb + $clog2(MaxTokens);
  localparam int unsigned ZW = 8 + $clog2(MaxTokens);
  localparam int unsigned SlW = $clog2(LAccW);
  // Tokens inside the row's eMSB-Q, which refuses none while there are less, so that room here is all that a row needs.
  localparam int unsigned QuantDepth = 3;

  // Queue of tokens, so that heads and stages of uneven length do not wait for each other.
  logic lq_valid, lq_ready;
  logic [Dk*8-1:0] lq;
  logic signed [EqW-1:0] lq_e;
  pm_fifo #(
      .Width(Dk * 8 + EqW),
      .Depth(QueueDepth)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .valid_i(q_valid_i),
      .ready_o(q_ready_o),
      .data_i ({eq_i, q_i}),
      .valid_o(lq_valid),
      .ready_i(lq_ready),
      .data_o ({lq_e, lq})
  );

  logic l_valid, l_ready;
  logic [EqW-1:0] le;
  logic [MaxTokens*LAccW-1:0] l;
  pm_flare_stage #(
      .Inputs (Dk),
      .Outputs(MaxTokens),
      .WBits  (Kvb),
      .SideW  (EqW)
  ) u_l (
      .clk_i,
      .rst_ni,
      .signed_i     (1'b1),
      .sign_coding_i(sign_q_i),
      .x_valid_i    (lq_valid),
      .x_ready_o    (lq_ready),
      .x_i          (lq),
      .side_i       (lq_e),
      .wl_valid_o   (k_valid_o),
      .wl_ready_i   (k_ready_i),
      .wl_o         (k_wl_o),
      .dwl_o        (k_dwl_o),
      .wl_side_o    (k_side_o),
      .cmp_i        (k_cmp_i),
      .y_valid_o    (l_valid),
      .y_ready_i    (l_ready),
      .y_o          (l),
      .side_o       (le)
  );

  // The row's eMSB-Q; the token's exponent waits beside it.
  logic quant_ready, re_ready, re_valid, row_valid, row_ready;
  logic signed [EqW-1:0] re;
  logic [MaxTokens*8-1:0] row;
  logic [SlW-1:0] row_s;
  logic [MaxTokens-1:0] l_keep, row_keep;
  pm_row_keep #(
      .N(MaxTokens)
  ) u_l_keep (
      .clk_i,
      .rst_ni,
      .clear_i,
      .first_i,
      .causal_i,
      .keep_i,
      .next_i(l_valid && l_ready),
      .keep_o(l_keep)
  );
  assign l_ready = re_ready;
  logic unused_quant;
  assign unused_quant = quant_ready;
  pm_emsbq #(
      .N(MaxTokens),
      .W(LAccW),
      .Q(8)
  ) u_row_quant (
      .clk_i,
      .rst_ni,
      .signed_i (1'b1),
      .round_i,
      .x_valid_i(l_valid && re_ready),
      .x_ready_o(quant_ready),
      .x_i      (l),
      .keep_i   (l_keep),
      .y_valid_o(row_valid),
      .y_ready_i(row_ready),
      .y_o      (row),
      .s_o      (row_s)
  );
  pm_fifo #(
      .Width(EqW),
      .Depth(QuantDepth)
  ) u_row_e (
      .clk_i,
      .rst_ni,
      .valid_i(l_valid),
      .ready_o(re_ready),
      .data_i (le),
      .valid_o(re_valid),
      .ready_i(row_valid && row_ready),
      .data_o (re)
  );

  // ne = -(e0 + ex + s_q + s_L), clamped to what the softmax tells apart.
  logic signed [EqW+1:0] ne_full;
  logic signed [7:0] ne;
  assign ne_full = -((EqW + 2)'(e0_i) + (EqW + 2)'(re) + $signed((EqW + 2)'(row_s)));
  assign ne = ne_full > (EqW + 2)'(127) ? 8'sd127 : ne_full < -((EqW + 2)'(127)) ? -8'sd127 : ne_full[7:0];

  logic beat_valid, beat_ready, beat_last;
  logic [Lanes*8-1:0] beat;
  logic [Lanes-1:0] beat_keep;
  logic [Lanes*9-1:0] beat_pair;
  logic [MaxTokens*9-1:0] row_pair;
  pm_row_keep #(
      .N(MaxTokens)
  ) u_row_keep (
      .clk_i,
      .rst_ni,
      .clear_i,
      .first_i,
      .causal_i,
      .keep_i,
      .next_i(row_valid && row_ready),
      .keep_o(row_keep)
  );
  always_comb begin
    for (int unsigned j = 0; j < MaxTokens; j++) row_pair[j*9+:9] = {row_keep[j], row[j*8+:8]};
    for (int unsigned j = 0; j < Lanes; j++) {beat_keep[j], beat[j*8+:8]} = beat_pair[j*9+:9];
  end
  pm_row_stream #(
      .N(MaxTokens),
      .Lanes(Lanes),
      .W(9)
  ) u_row_beats (
      .clk_i,
      .rst_ni,
      .valid_i(row_valid && re_valid),
      .ready_o(row_ready),
      .row_i  (row_pair),
      .valid_o(beat_valid),
      .ready_i(beat_ready),
      .beat_o (beat_pair),
      .last_o (beat_last)
  );

  logic a_valid, a_ready, a_last, a_row_valid, a_row_ready;
  logic [Lanes*8-1:0] a;
  logic [ZW-1:0] z, z_q;
  logic [MaxTokens*8-1:0] a_row;
  pm_vdr_softmax #(
      .Lanes(Lanes),
      .MaxN (MaxTokens),
      .NeW  (8)
  ) u_softmax (
      .clk_i,
      .rst_ni,
      .round_i,
      .lut_i,
      .x_valid_i(beat_valid),
      .x_ready_o(beat_ready),
      .x_i      (beat),
      .keep_i   (beat_keep),
      .x_last_i (beat_last),
      .ne_i     (ne),
      .a_valid_o(a_valid),
      .a_ready_i(a_ready),
      .a_o      (a),
      .a_last_o (a_last),
      .z_o      (z)
  );
  pm_row_collect #(
      .N(MaxTokens),
      .Lanes(Lanes),
      .W(8)
  ) u_a_row (
      .clk_i,
      .rst_ni,
      .valid_i(a_valid),
      .ready_o(a_ready),
      .beat_i (a),
      .valid_o(a_row_valid),
      .ready_i(a_row_ready),
      .row_o  (a_row)
  );
  always_ff @(posedge clk_i) begin
    if (a_valid && a_ready && a_last) z_q <= z;
  end

  logic av_valid, av_ready, on_valid, on_ready;
  logic [ZW-1:0] av_z, on_z;
  logic [Dk*OAccW-1:0] av, on;
  pm_flare_stage #(
      .Inputs (MaxTokens),
      .Outputs(Dk),
      .WBits  (Kvb),
      .SideW  (ZW)
  ) u_av (
      .clk_i,
      .rst_ni,
      .signed_i     (1'b0),
      .sign_coding_i(1'b0),
      .x_valid_i    (a_row_valid),
      .x_ready_o    (a_row_ready),
      .x_i          (a_row),
      .side_i       (z_q),
      .wl_valid_o   (v_valid_o),
      .wl_ready_i   (v_ready_i),
      .wl_o         (v_wl_o),
      .dwl_o        (v_dwl_o),
      .wl_side_o    (v_side_o),
      .cmp_i        (v_cmp_i),
      .y_valid_o    (av_valid),
      .y_ready_i    (av_ready),
      .y_o          (av),
      .side_o       (av_z)
  );

  // Takes the result from the accumulators at once; the normaliser works through it while the next token accumulates.
  pm_fifo #(
      .Width(Dk * OAccW + ZW),
      .Depth(2)
  ) u_on (
      .clk_i,
      .rst_ni,
      .valid_i(av_valid),
      .ready_o(av_ready),
      .data_i ({av_z, av}),
      .valid_o(on_valid),
      .ready_i(on_ready),
      .data_o ({on_z, on})
  );

  logic n_valid, n_ready, m_valid, m_ready;
  logic [NormLanes*OAccW-1:0] n;
  logic [NormLanes*32-1:0] m;
  logic unused_last;
  pm_row_stream #(
      .N(Dk),
      .Lanes(NormLanes),
      .W(OAccW)
  ) u_o_beats (
      .clk_i,
      .rst_ni,
      .valid_i(on_valid),
      .ready_o(on_ready),
      .row_i  (on),
      .valid_o(n_valid),
      .ready_i(n_ready),
      .beat_o (n),
      .last_o (unused_last)
  );
  pm_head_norm #(
      .Lanes(NormLanes),
      .OW(OAccW),
      .ZW(ZW)
  ) u_norm (
      .clk_i,
      .rst_ni,
      .clear_i,
      .o_valid_i(n_valid),
      .o_ready_o(n_ready),
      .o_i      (n),
      .z_i      (on_z),
      .y_valid_o(m_valid),
      .y_ready_i(m_ready),
      .y_o      (m),
      .z_zero_o
  );
  pm_row_collect #(
      .N(Dk),
      .Lanes(NormLanes),
      .W(32)
  ) u_o_row (
      .clk_i,
      .rst_ni,
      .valid_i(m_valid),
      .ready_o(m_ready),
      .beat_i (m),
      .valid_o(o_valid_o),
      .ready_i(o_ready_i),
      .row_o  (o_o)
  );

`ifdef PERIMETER_FORMAL
  `include "pm_flare_head_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// FLARE's fused attention engine as a processor's peripheral: pm_flare_attention behind an APB register map (AMBA 4, IHI 0024).
/// A processor loads tables, biases, shifts and modes, starts a run, hands its tokens over twice, takes a result for each in the
/// second pass, and reads the sticky flags. The arrays' pins are the engine's. One clock, one reset; the driver in C is
/// pm_flare_driver.h.
module pm_flare_apb #(
    /// Model width, a multiple of 4 and of Heads, 4..1024.
    parameter int unsigned D = 64,
    /// Heads, 1..16.
    parameter int unsigned Heads = 4,
    /// Bits of stored K and V elements, 2..16.
    parameter int unsigned Kvb = 10,
    /// Most tokens of a run, a multiple of 16 and of Lanes, 16..512.
    parameter int unsigned MaxTokens = 64,
    /// Largest left shift that biases of Q, K and V meet, 0..31, see pm_flare_attention.
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
    input  logic                             clk_i,
    input  logic                             rst_ni,
    /// Selects this completer.
    input  logic                             psel_i,
    /// Second clock of the transfer.
    input  logic                             penable_i,
    /// The transfer writes.
    input  logic                             pwrite_i,
    /// Byte address.
    input  logic [                     14:0] paddr_i,
    /// Bytes that are written: all or the write is refused.
    input  logic [                      3:0] pstrb_i,
    /// What is written.
    input  logic [                     31:0] pwdata_i,
    /// Always 1.
    output logic                             pready_o,
    /// The word as it was in the transfer's first clock; 0 where the transfer is refused.
    output logic [                     31:0] prdata_o,
    /// The transfer is refused.
    output logic                             pslverr_o,
    /// Interrupt: an enabled event.
    output logic                             irq_o,
    /// Pins of the weight arrays, the array-pin bundle: K and V on the same wordlines, Q, O (lowest first).
    output logic [                      2:0] w_valid_o,
    input  logic [                      2:0] w_ready_i,
    /// Wordlines, XRows an array.
    output logic [              3*XRows-1:0] w_wl_o,
    /// Dummy wordlines, 7 an array.
    output logic [                     20:0] w_dwl_o,
    /// Side band, 6 bits an array: wl_last, wl_last_plane, wl_neg, wl_plane (3 bits) of pm_flare_gemv.
    output logic [                     17:0] w_side_o,
    /// Comparators: columns of K, V, Q, O.
    input  logic [              4*D*8*8-1:0] w_cmp_i,
    /// Pins of the heads' K^T arrays.
    output logic [                Heads-1:0] k_valid_o,
    input  logic [                Heads-1:0] k_ready_i,
    /// Wordlines, QRows a head.
    output logic [          Heads*QRows-1:0] k_wl_o,
    /// Dummy wordlines.
    output logic [              Heads*7-1:0] k_dwl_o,
    /// Side band.
    output logic [              Heads*6-1:0] k_side_o,
    /// Comparators.
    input  logic [Heads*MaxTokens*Kvb*8-1:0] k_cmp_i,
    /// Pins of the heads' V arrays.
    output logic [                Heads-1:0] v_valid_o,
    input  logic [                Heads-1:0] v_ready_i,
    /// Wordlines, one a token.
    output logic [      Heads*MaxTokens-1:0] v_wl_o,
    /// Dummy wordlines.
    output logic [              Heads*7-1:0] v_dwl_o,
    /// Side band.
    output logic [              Heads*6-1:0] v_side_o,
    /// Comparators.
    input  logic [              D*Kvb*8-1:0] v_cmp_i,
    /// Write port of the K^T and V arrays.
    output logic                             wr_valid_o,
    input  logic                             wr_ready_i,
    /// V row and K^T column group.
    output logic [                   TW-1:0] wr_token_o,
    /// Key, element i at [i*Kvb +: Kvb].
    output logic [                D*Kvb-1:0] wr_k_o,
    /// Value, as the key.
    output logic [                D*Kvb-1:0] wr_v_o
);
  logic append, causal, round, x_valid, x_ready, y_valid, y_ready, pass2;
  logic [TW:0] n_tokens;
  logic [MaxTokens-1:0] keep;
  logic [2:0] sign, flags;
  logic [4:0] mk, mv;
  logic [Heads*16-1:0] e0;
  logic [Heads*8*96-1:0] lut;
  logic [4*D*32-1:0] bias;
  logic [D*8-1:0] x, y;
  logic signed [15:0] ex, e;

  pm_flare_regs #(
      .D(D),
      .Heads(Heads),
      .Kvb(Kvb),
      .MaxTokens(MaxTokens)
  ) u_regs (
      .clk_i,
      .rst_ni,
      .psel_i,
      .penable_i,
      .pwrite_i,
      .paddr_i,
      .pstrb_i,
      .pwdata_i,
      .pready_o,
      .prdata_o,
      .pslverr_o,
      .irq_o,
      .n_tokens_o(n_tokens),
      .append_o  (append),
      .causal_o  (causal),
      .keep_o    (keep),
      .round_o   (round),
      .sign_o    (sign),
      .mk_o      (mk),
      .mv_o      (mv),
      .e0_o      (e0),
      .lut_o     (lut),
      .bias_o    (bias),
      .x_valid_o (x_valid),
      .x_ready_i (x_ready),
      .x_o       (x),
      .ex_o      (ex),
      .y_valid_i (y_valid),
      .y_ready_o (y_ready),
      .y_i       (y),
      .e_i       (e),
      .pass2_i   (pass2),
      .flags_i   (flags)
  );

  pm_flare_attention #(
      .D(D),
      .Heads(Heads),
      .Kvb(Kvb),
      .MaxTokens(MaxTokens),
      .MaxShl(MaxShl),
      .Lanes(Lanes),
      .NormLanes(NormLanes),
      .QueueDepth(QueueDepth)
  ) u_engine (
      .clk_i,
      .rst_ni,
      .n_tokens_i(n_tokens),
      .append_i  (append),
      .causal_i  (causal),
      .keep_i    (keep),
      .round_i   (round),
      .sign_x_i  (sign[0]),
      .sign_q_i  (sign[1]),
      .sign_o_i  (sign[2]),
      .mk_i      (mk),
      .mv_i      (mv),
      .e0_i      (e0),
      .lut_i     (lut),
      .bias_i    (bias),
      .x_valid_i (x_valid),
      .x_ready_o (x_ready),
      .x_i       (x),
      .ex_i      (ex),
      .w_valid_o,
      .w_ready_i,
      .w_wl_o,
      .w_dwl_o,
      .w_side_o,
      .w_cmp_i,
      .k_valid_o,
      .k_ready_i,
      .k_wl_o,
      .k_dwl_o,
      .k_side_o,
      .k_cmp_i,
      .v_valid_o,
      .v_ready_i,
      .v_wl_o,
      .v_dwl_o,
      .v_side_o,
      .v_cmp_i,
      .wr_valid_o,
      .wr_ready_i,
      .wr_token_o,
      .wr_k_o,
      .wr_v_o,
      .y_valid_o (y_valid),
      .y_ready_i (y_ready),
      .y_o       (y),
      .e_o       (e),
      .pass2_o   (pass2),
      .z_zero_o  (flags[0]),
      .k_sat_o   (flags[1]),
      .v_sat_o   (flags[2])
  );
endmodule

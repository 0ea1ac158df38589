// SPDX-License-Identifier: Apache-2.0
/// The registers of pm_flare_apb: an APB completer (AMBA 4, IHI 0024) that holds the engine's configuration, puts tokens
/// together for it and shows its results. Every transfer takes two clocks, none waits: what cannot be done now, or never, is
/// refused by pslverr_o and changes nothing. That is configuration during a run, a token more than the run takes or before the
/// last one left, a result that is not there, a word that is not in the map, what is written of what can only be read, and a
/// write of less than a word. The map is pm_flare_apb_pkg's; tables, biases and tokens cannot be read back.
module pm_flare_regs #(
    /// Model width, a multiple of 4 and of Heads, 4..1024.
    parameter int unsigned D = 64,
    /// Heads, 1..16.
    parameter int unsigned Heads = 4,
    /// Bits of stored K and V elements, 2..16: told, not used.
    parameter int unsigned Kvb = 10,
    /// Most tokens of a run, a multiple of 16, 16..512.
    parameter int unsigned MaxTokens = 64,
    localparam int unsigned TW = $clog2(MaxTokens)
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    /// Selects this completer.
    input  logic                         psel_i,
    /// Second clock of the transfer.
    input  logic                         penable_i,
    /// The transfer writes.
    input  logic                         pwrite_i,
    /// Byte address.
    input  logic        [          14:0] paddr_i,
    /// Bytes that are written: all or the write is refused.
    input  logic        [           3:0] pstrb_i,
    /// What is written.
    input  logic        [          31:0] pwdata_i,
    /// Always 1.
    output logic                         pready_o,
    /// The word as it was in the transfer's first clock; 0 where the transfer is refused.
    output logic        [          31:0] prdata_o,
    /// The transfer is refused.
    output logic                         pslverr_o,
    /// Interrupt: an enabled event.
    output logic                         irq_o,
    /// The engine's configuration: stable from a run's start to its end, as the next ten.
    output logic        [          TW:0] n_tokens_o,
    /// Append.
    output logic                         append_o,
    /// Causal.
    output logic                         causal_o,
    /// Key mask.
    output logic        [ MaxTokens-1:0] keep_o,
    /// Rounding.
    output logic                         round_o,
    /// Sign coding of x, q and o, x lowest.
    output logic        [           2:0] sign_o,
    /// M_K.
    output logic        [           4:0] mk_o,
    /// M_V.
    output logic        [           4:0] mv_o,
    /// e0 of each head.
    output logic        [  Heads*16-1:0] e0_o,
    /// Softmax tables.
    output logic        [Heads*8*96-1:0] lut_o,
    /// Biases of K, V, Q and O.
    output logic        [    4*D*32-1:0] bias_o,
    /// Tokens to the engine.
    output logic                         x_valid_o,
    input  logic                         x_ready_i,
    /// Element d at [8d +: 8].
    output logic        [       D*8-1:0] x_o,
    /// The token's exponent.
    output logic signed [          15:0] ex_o,
    /// Results of the engine.
    input  logic                         y_valid_i,
    output logic                         y_ready_o,
    /// Element d at [8d +: 8].
    input  logic        [       D*8-1:0] y_i,
    /// The result's exponent.
    input  logic signed [          15:0] e_i,
    /// The engine is in pass 2.
    input  logic                         pass2_i,
    /// The engine's sticky flags: Z = 0, K clamped, V clamped, lowest first.
    input  logic        [           2:0] flags_i
);
  if (D % 4 != 0 || D % Heads != 0 || D < 4 || D > 1024 || Heads < 1 || Heads > 16) begin : g_d_range
    $error("pm_flare_regs: D must be a multiple of 4 and of Heads, 4..1024, Heads 1..16");
  end
  if (Kvb < 2 || Kvb > 16 || MaxTokens % 16 != 0 || MaxTokens < 16 || MaxTokens > 512) begin : g_range
    $error("pm_flare_regs: Kvb must be 2..16, MaxTokens a multiple of 16, 16..512");
  end

  localparam int unsigned KeepWords = (MaxTokens + 31) / 32;

  logic busy_q, done_q, done_enable_q, result_enable_q, full_q;
  logic [TW:0] tokens_q, held_q, results_q;
  logic [TW+1:0] left_q;  // tokens that the run still takes, each of them twice
  logic [5:0] mode_q;
  logic [4:0] mk_q, mv_q;
  logic [Heads*16-1:0] e0_q;
  logic [KeepWords*32-1:0] keep_q;
  logic [Heads*768-1:0] lut_q;
  logic [4*D*32-1:0] bias_q;
  logic [D*8-1:0] x_q;
  logic signed [15:0] ex_q;

  // The map.
  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic hit(input logic [14:0] address, input int unsigned base, input int unsigned words);
    hit = address >= 15'(base) && 16'(address) < 16'(base + 4 * words) && address[1:0] == '0;
  endfunction
  /* verilator lint_on VARHIDDEN */

  logic at_id, at_shape, at_control, at_status, at_flags, at_enable, at_irq, at_tokens, at_mode, at_shift;
  logic at_push, at_exp, at_pop, at_e0, at_keep, at_x, at_y, at_lut;
  logic [3:0] at_bias;
  assign at_id      = hit(paddr_i, pm_flare_apb_pkg::IdAt, 1);
  assign at_shape   = hit(paddr_i, pm_flare_apb_pkg::ShapeAt, 1);
  assign at_control = hit(paddr_i, pm_flare_apb_pkg::ControlAt, 1);
  assign at_status  = hit(paddr_i, pm_flare_apb_pkg::StatusAt, 1);
  assign at_flags   = hit(paddr_i, pm_flare_apb_pkg::FlagsAt, 1);
  assign at_enable  = hit(paddr_i, pm_flare_apb_pkg::IrqEnableAt, 1);
  assign at_irq     = hit(paddr_i, pm_flare_apb_pkg::IrqAt, 1);
  assign at_tokens  = hit(paddr_i, pm_flare_apb_pkg::TokensAt, 1);
  assign at_mode    = hit(paddr_i, pm_flare_apb_pkg::ModeAt, 1);
  assign at_shift   = hit(paddr_i, pm_flare_apb_pkg::ShiftAt, 1);
  assign at_push    = hit(paddr_i, pm_flare_apb_pkg::PushAt, 1);
  assign at_exp     = hit(paddr_i, pm_flare_apb_pkg::YExpAt, 1);
  assign at_pop     = hit(paddr_i, pm_flare_apb_pkg::PopAt, 1);
  assign at_e0      = hit(paddr_i, pm_flare_apb_pkg::E0At, Heads);
  assign at_keep    = hit(paddr_i, pm_flare_apb_pkg::KeepAt, KeepWords);
  assign at_x       = hit(paddr_i, pm_flare_apb_pkg::XAt, D / 4);
  assign at_y       = hit(paddr_i, pm_flare_apb_pkg::YAt, D / 4);
  assign at_lut     = hit(paddr_i, pm_flare_apb_pkg::LutAt, Heads * 24);
  assign at_bias[0] = hit(paddr_i, pm_flare_apb_pkg::BiasKAt, D);
  assign at_bias[1] = hit(paddr_i, pm_flare_apb_pkg::BiasVAt, D);
  assign at_bias[2] = hit(paddr_i, pm_flare_apb_pkg::BiasQAt, D);
  assign at_bias[3] = hit(paddr_i, pm_flare_apb_pkg::BiasOAt, D);

  // What may be done now. A run starts where the arrays have room for its tokens.
  logic start, room, result, fits, readable, writable, write, read;
  logic [TW+1:0] end_of_run;
  assign end_of_run = (TW + 2)'(tokens_q) + (mode_q[pm_flare_apb_pkg::ModeAppendLsb] ? (TW + 2)'(held_q) : '0);
  assign fits       = tokens_q != '0 && end_of_run <= (TW + 2)'(MaxTokens);
  assign start      = at_control && pwdata_i[pm_flare_apb_pkg::ControlStartLsb];
  assign room       = busy_q && !full_q && left_q != '0;
  assign result     = busy_q && y_valid_i;
  always_comb begin
    readable = at_id || at_shape || at_status || at_flags || at_enable || at_irq || at_tokens || at_mode || at_shift || at_exp ||
        at_e0 || at_keep || at_y;
    writable = at_enable || at_irq || (at_control && (!start || (!busy_q && fits))) || (at_x && !full_q) || (at_push && room) ||
        (at_pop && result);
    if (!busy_q && (at_tokens || at_mode || at_shift || at_e0 || at_keep || at_lut || at_bias != '0)) writable = 1'b1;
  end
  assign write     = psel_i && penable_i && pwrite_i && writable && pstrb_i == '1;
  assign read      = psel_i && !penable_i && !pwrite_i && readable;
  assign pready_o  = 1'b1;
  assign pslverr_o = psel_i && penable_i && (pwrite_i ? !writable || pstrb_i != '1 : !readable);

  // Reading.
  logic [31:0] rdata;
  always_comb begin
    rdata = '0;
    if (at_id) rdata = 32'h504d4641;
    if (at_shape) begin
      rdata[pm_flare_apb_pkg::ShapeDLsb+:pm_flare_apb_pkg::ShapeDBits]           = 11'(D);
      rdata[pm_flare_apb_pkg::ShapeHeadsLsb+:pm_flare_apb_pkg::ShapeHeadsBits]   = 5'(Heads);
      rdata[pm_flare_apb_pkg::ShapeTokensLsb+:pm_flare_apb_pkg::ShapeTokensBits] = 10'(MaxTokens);
      rdata[pm_flare_apb_pkg::ShapeKvbLsb+:pm_flare_apb_pkg::ShapeKvbBits]       = 5'(Kvb);
    end
    if (at_status) begin
      rdata[pm_flare_apb_pkg::StatusBusyLsb]                                   = busy_q;
      rdata[pm_flare_apb_pkg::StatusPass2Lsb]                                  = pass2_i;
      rdata[pm_flare_apb_pkg::StatusRoomLsb]                                   = room;
      rdata[pm_flare_apb_pkg::StatusResultLsb]                                 = result;
      rdata[pm_flare_apb_pkg::StatusHeldLsb+:pm_flare_apb_pkg::StatusHeldBits] = 10'(held_q);
    end
    if (at_flags) rdata[2:0] = flags_i;
    if (at_enable) rdata[1:0] = {done_enable_q, result_enable_q};
    if (at_irq) rdata[pm_flare_apb_pkg::IrqDoneLsb] = done_q;
    if (at_tokens) rdata = 32'(tokens_q);
    if (at_mode) rdata = 32'(mode_q);
    if (at_shift) begin
      rdata[pm_flare_apb_pkg::ShiftMkLsb+:pm_flare_apb_pkg::ShiftMkBits] = mk_q;
      rdata[pm_flare_apb_pkg::ShiftMvLsb+:pm_flare_apb_pkg::ShiftMvBits] = mv_q;
    end
    if (at_exp && result) rdata[15:0] = e_i;
    for (int unsigned i = 0; i < Heads; i++) if (at_e0 && paddr_i[5:2] == 4'(i)) rdata[15:0] = e0_q[i*16+:16];
    for (int unsigned i = 0; i < KeepWords; i++) if (at_keep && paddr_i[5:2] == 4'(i)) rdata = keep_q[i*32+:32];
    for (int unsigned i = 0; i < D / 4; i++) if (at_y && result && paddr_i[9:2] == 8'(i)) rdata = y_i[i*32+:32];
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) prdata_o <= '0;
    else if (psel_i && !penable_i) prdata_o <= read ? rdata : '0;
  end

  // Control.
  logic take, pop, last;
  assign take = x_valid_o && x_ready_i;
  assign pop  = write && at_pop;
  assign last = pop && results_q == (TW + 1)'(1);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {busy_q, full_q, done_q, done_enable_q, result_enable_q} <= '0;
      {held_q, results_q, left_q} <= '0;
      tokens_q <= '0;
      mode_q <= '0;
    end else begin
      if (write && start) begin
        busy_q    <= 1'b1;
        held_q    <= end_of_run[TW:0];
        results_q <= tokens_q;
        left_q    <= {tokens_q, 1'b0};
      end
      if (pop) results_q <= results_q - 1'b1;
      if (last) busy_q <= 1'b0;
      if (take) full_q <= 1'b0;
      if (write && at_push) begin
        full_q <= 1'b1;
        left_q <= left_q - 1'b1;
      end
      if (last) done_q <= 1'b1;
      else if (write && at_irq && pwdata_i[pm_flare_apb_pkg::IrqDoneLsb]) done_q <= 1'b0;
      if (write && at_enable) {done_enable_q, result_enable_q} <= pwdata_i[1:0];
      if (write && at_tokens) tokens_q <= |pwdata_i[31:TW+1] ? '0 : pwdata_i[TW:0];
      if (write && at_mode) mode_q <= pwdata_i[5:0];
    end
  end
  assign irq_o = (done_enable_q && done_q) || (result_enable_q && result);

  // Data: what nobody wrote has any value.
  always_ff @(posedge clk_i) begin
    if (write && at_shift) {mv_q, mk_q} <= {pwdata_i[12:8], pwdata_i[4:0]};
    if (write && at_push) ex_q <= pwdata_i[15:0];
    for (int unsigned i = 0; i < Heads; i++) if (write && at_e0 && paddr_i[5:2] == 4'(i)) e0_q[i*16+:16] <= pwdata_i[15:0];
    for (int unsigned i = 0; i < KeepWords; i++) if (write && at_keep && paddr_i[5:2] == 4'(i)) keep_q[i*32+:32] <= pwdata_i;
    for (int unsigned i = 0; i < D / 4; i++) if (write && at_x && paddr_i[9:2] == 8'(i)) x_q[i*32+:32] <= pwdata_i;
    for (int unsigned i = 0; i < Heads * 24; i++) if (write && at_lut && paddr_i[10:2] == 9'(i)) lut_q[i*32+:32] <= pwdata_i;
    for (int unsigned m = 0; m < 4; m++) begin
      for (int unsigned i = 0; i < D; i++) begin
        if (write && at_bias[m] && paddr_i[11:2] == 10'(i)) bias_q[(m*D+i)*32+:32] <= pwdata_i;
      end
    end
  end

  assign n_tokens_o                        = tokens_q;
  assign append_o                          = mode_q[pm_flare_apb_pkg::ModeAppendLsb];
  assign causal_o                          = mode_q[pm_flare_apb_pkg::ModeCausalLsb];
  assign round_o                           = mode_q[pm_flare_apb_pkg::ModeRoundLsb];
  assign sign_o                            = mode_q[pm_flare_apb_pkg::ModeSignXLsb+:3];
  assign {mk_o, mv_o, e0_o, lut_o, bias_o} = {mk_q, mv_q, e0_q, lut_q, bias_q};
  assign keep_o                            = keep_q[MaxTokens-1:0];
  assign x_valid_o                         = full_q;
  assign x_o                               = x_q;
  assign ex_o                              = ex_q;
  assign y_ready_o                         = pop;
  if (KeepWords * 32 > MaxTokens) begin : g_unused
    logic unused;
    assign unused = ^keep_q[KeepWords*32-1:MaxTokens];
  end

`ifdef PERIMETER_FORMAL
  `include "pm_flare_regs_fv.svh"
`endif
endmodule

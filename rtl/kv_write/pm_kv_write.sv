// SPDX-License-Identifier: Apache-2.0
/// Writes one token's key and value into the SRAM arrays (FLARE arXiv 2411.14733, sections 4.2 and 4.5). It parses both
/// accumulators to Kvb bits with the shift M - ex, which brings tokens of different exponents to one scale, and numbers
/// the tokens. One token a clock, two clocks of latency: the right shift before the register, rounding and saturation behind it.
///
/// The write pins are those of a macro: from flops, stable until wr_ready_i. The value is row wr_token_o of the V
/// array, the key is column group wr_token_o of the K^T array.
/// in_ready_o depends on wr_ready_i and clear_i in the same clock.
module pm_kv_write #(
    /// Elements of a key and of a value, 1..4096.
    parameter int unsigned D = 64,
    /// Bits of an accumulator, two's complement, 2..64.
    parameter int unsigned W = 32,
    /// Bits of a stored element, two's complement, 2..16 (KVB).
    parameter int unsigned Kvb = 10,
    /// Tokens that the arrays hold, at least 2.
    parameter int unsigned MaxTokens = 64,
    /// Bits of a token's exponent, two's complement, 2..32.
    parameter int unsigned ExpW = 16
) (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    /// Rounds to nearest where the shift goes right; otherwise truncates. Sampled with each token.
    input  logic                                round_i,
    /// M_K, the calibrated right shift of keys at exponent 0, 0..31. Sampled with each token.
    input  logic        [                  4:0] mk_i,
    /// M_V, of values; as mk_i.
    input  logic        [                  4:0] mv_i,
    /// Next token is token 0, or with append_i the next one, and the sticky flags are clear. No token is taken in this clock;
    /// pending writes stay, and no longer set a flag.
    input  logic                                clear_i,
    /// In a clear the count stays: next token follows those that the arrays hold. Of no part in other clocks.
    input  logic                                append_i,
    /// Tokens taken since the last clear without append_i, 0..MaxTokens.
    output logic        [  $clog2(MaxTokens):0] count_o,
    /// A token is taken where both are 1. Ready depends on wr_ready_i and clear_i in the same clock, and stays low after
    /// MaxTokens tokens, until a clear without append_i.
    input  logic                                in_valid_i,
    output logic                                in_ready_o,
    /// Key accumulators after bias, two's complement, element i in bits i*W +: W.
    input  logic        [              D*W-1:0] k_i,
    /// Value accumulators, as k_i.
    input  logic        [              D*W-1:0] v_i,
    /// The token's exponent: M - ex is clamped to -31..31.
    input  logic signed [             ExpW-1:0] ex_i,
    /// Writes.
    output logic                                wr_valid_o,
    input  logic                                wr_ready_i,
    /// The token's number: V row and K^T column group.
    output logic        [$clog2(MaxTokens)-1:0] wr_token_o,
    /// Key and value, element i in bits i*Kvb +: Kvb.
    output logic        [            D*Kvb-1:0] wr_k_o,
    /// Value, as the key.
    output logic        [            D*Kvb-1:0] wr_v_o,
    /// Sticky: an element of a key, of a value, saturated, of a token taken since clear_i that has reached the write pins; rises
    /// with that token's pins.
    output logic                                k_sat_o,
    /// Sticky: of a value.
    output logic                                v_sat_o
);
  if (D < 1 || D > 4096 || W < 2 || W > 64 || Kvb < 2 || Kvb > 16 || MaxTokens < 2 || ExpW < 2 || ExpW > 32) begin : g_range
    $error("pm_kv_write: D must be 1..4096, W 2..64, Kvb 2..16, MaxTokens at least 2, ExpW 2..32");
  end

  localparam int unsigned TW = $clog2(MaxTokens);
  localparam int unsigned MW = (ExpW > 6 ? ExpW : 6) + 1;

  logic [  TW:0] count_q;
  logic [TW-1:0] token_q;
  logic [D*(Kvb+1)-1:0] k, v, k_q, v_q;
  logic [D-1:0] k_half, v_half, k_half_q, v_half_q, k_sat, v_sat;
  logic [4:0] k_left, v_left, k_left_q, v_left_q;
  logic [D*Kvb-1:0] k_y, v_y;
  logic valid_q, old_q, write;
  logic take;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic signed [6:0] effective_shift(input logic [4:0] m, input logic signed [ExpW-1:0] ex);
    logic signed [MW-1:0] e;
    logic signed [7:0] d;  // of an ex of seven bits; a larger one decides by its sign
    e = MW'(ex);
    d = $signed({3'b0, m}) - $signed({e[6], e[6:0]});
    if (e[MW-1:6] == '0 || e[MW-1:6] == '1) effective_shift = d > 31 ? 7'sd31 : d < -31 ? -7'sd31 : d[6:0];
    else effective_shift = e[MW-1] ? 7'sd31 : -7'sd31;
  endfunction
  /* verilator lint_on VARHIDDEN */

  pm_msb_narrow #(
      .N(D),
      .W(W),
      .Bits(Kvb)
  ) u_narrow_k (
      .x_i(k_i),
      .m_i(effective_shift(mk_i, ex_i)),
      .round_i,
      .v_o(k),
      .half_o(k_half),
      .left_o(k_left)
  );
  pm_msb_round #(
      .N(D),
      .Bits(Kvb)
  ) u_round_k (
      .v_i(k_q),
      .half_i(k_half_q),
      .left_i(k_left_q),
      .y_o(k_y),
      .sat_o(k_sat)
  );
  pm_msb_narrow #(
      .N(D),
      .W(W),
      .Bits(Kvb)
  ) u_narrow_v (
      .x_i(v_i),
      .m_i(effective_shift(mv_i, ex_i)),
      .round_i,
      .v_o(v),
      .half_o(v_half),
      .left_o(v_left)
  );
  pm_msb_round #(
      .N(D),
      .Bits(Kvb)
  ) u_round_v (
      .v_i(v_q),
      .half_i(v_half_q),
      .left_i(v_left_q),
      .y_o(v_y),
      .sat_o(v_sat)
  );

  assign write      = valid_q && (!wr_valid_o || wr_ready_i);
  assign in_ready_o = (!valid_q || write) && count_q != (TW + 1)'(MaxTokens) && !clear_i;
  assign take       = in_valid_i && in_ready_o;
  assign count_o    = count_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q    <= 1'b0;
      wr_valid_o <= 1'b0;
      old_q      <= 1'b0;
      count_q    <= '0;
      k_sat_o    <= 1'b0;
      v_sat_o    <= 1'b0;
    end else begin
      if (take) valid_q <= 1'b1;
      else if (write) valid_q <= 1'b0;
      if (write) wr_valid_o <= 1'b1;
      else if (wr_ready_i) wr_valid_o <= 1'b0;
      if (clear_i && !append_i) count_q <= '0;
      else if (take) count_q <= count_q + 1'b1;
      if (clear_i) begin
        old_q   <= valid_q && !write;
        k_sat_o <= 1'b0;
        v_sat_o <= 1'b0;
      end else if (write) begin
        old_q   <= 1'b0;
        k_sat_o <= k_sat_o || (k_sat != '0 && !old_q);
        v_sat_o <= v_sat_o || (v_sat != '0 && !old_q);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      token_q <= count_q[TW-1:0];
      {k_q, k_half_q, k_left_q} <= {k, k_half, k_left};
      {v_q, v_half_q, v_left_q} <= {v, v_half, v_left};
    end
    if (write) begin
      wr_token_o <= token_q;
      wr_k_o     <= k_y;
      wr_v_o     <= v_y;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_kv_write_fv.svh"
`endif
endmodule

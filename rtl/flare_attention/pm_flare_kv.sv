// SPDX-License-Identifier: Apache-2.0
/// Pass 1 of the fused token: x -> W_K and W_V on the same wordlines -> bias -> parse -> writes into the K^T and V arrays.
/// Source: FLARE sections 4.2 and 4.5; docs/numerics.md, "eMSB-Q" and "The fused token".
module pm_flare_kv #(
    /// Model width D, 1..1024.
    parameter int unsigned D = 64,
    /// Bits of stored K and V elements, 2..16.
    parameter int unsigned Kvb = 10,
    /// Tokens that K and V hold, N, at least 2.
    parameter int unsigned MaxTokens = 64,
    /// Bits of an accumulator after its bias, 33..64, as pm_bias_add has it.
    parameter int unsigned SumW = 33,
    localparam int unsigned XRows = (D + 15) / 16 * 16,
    localparam int unsigned AccW = 16 + $clog2(XRows),
    localparam int unsigned TW = $clog2(MaxTokens)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    /// Next token is token 0, or with append_i the next one; clears the sticky flags. No token is inside then.
    input  logic                      clear_i,
    /// In a clear the count stays: next token follows those that the arrays hold.
    input  logic                      append_i,
    /// Tokens that the arrays hold or are given.
    output logic        [       TW:0] count_o,
    /// Rounding in every quantiser; otherwise truncation.
    input  logic                      round_i,
    /// Sign coding of x; otherwise two's complement.
    input  logic                      sign_x_i,
    /// M_K, the calibrated right shift of keys.
    input  logic        [        4:0] mk_i,
    /// M_V, of values.
    input  logic        [        4:0] mv_i,
    /// Biases of K (low half) and V.
    input  logic        [ 2*D*32-1:0] bias_i,
    /// Tokens.
    input  logic                      x_valid_i,
    output logic                      x_ready_o,
    /// Element d at [8d +: 8], signed.
    input  logic        [    D*8-1:0] x_i,
    /// The token's exponent.
    input  logic signed [       15:0] ex_i,
    /// Pins of the two weight arrays side by side, the array-pin bundle.
    output logic                      wl_valid_o,
    input  logic                      wl_ready_i,
    /// Wordlines of both.
    output logic        [  XRows-1:0] wl_o,
    /// Dummy wordlines of both.
    output logic        [        6:0] dwl_o,
    /// Side band.
    output logic        [        5:0] wl_side_o,
    /// Comparators: K's columns in the low half, V's in the high half.
    input  logic        [2*D*8*8-1:0] cmp_i,
    /// Write port of the K^T and V arrays.
    output logic                      wr_valid_o,
    input  logic                      wr_ready_i,
    /// V row and K^T column group.
    output logic        [     TW-1:0] wr_token_o,
    /// Key, element i at [i*Kvb +: Kvb].
    output logic        [  D*Kvb-1:0] wr_k_o,
    /// Value, as the key.
    output logic        [  D*Kvb-1:0] wr_v_o,
    /// Sticky since clear_i: an element of K was clamped.
    output logic                      k_sat_o,
    /// Sticky: an element of V was clamped.
    output logic                      v_sat_o
);
  if (D < 1 || D > 1024 || Kvb < 2 || Kvb > 16 || MaxTokens < 2 || SumW < 33 || SumW > 64) begin : g_range
    $error("pm_flare_kv: D must be 1..1024, Kvb 2..16, MaxTokens at least 2, SumW 33..64");
  end

  logic y_valid, y_ready, sum_valid, sum_ready;
  logic [2*D*AccW-1:0] y;
  logic [2*D*SumW-1:0] sum;
  logic [15:0] y_ex;
  logic signed [15:0] sum_ex;

  pm_flare_stage #(
      .Inputs (D),
      .Outputs(2 * D),
      .WBits  (8),
      .SideW  (16)
  ) u_stage (
      .clk_i,
      .rst_ni,
      .signed_i     (1'b1),
      .sign_coding_i(sign_x_i),
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .side_i       (ex_i),
      .wl_valid_o,
      .wl_ready_i,
      .wl_o,
      .dwl_o,
      .wl_side_o,
      .cmp_i,
      .y_valid_o    (y_valid),
      .y_ready_i    (y_ready),
      .y_o          (y),
      .side_o       (y_ex)
  );

  pm_bias_add #(
      .N(2 * D),
      .AccW(AccW),
      .SumW(SumW),
      .ExpW(16)
  ) u_bias (
      .clk_i,
      .rst_ni,
      .bias_i,
      .valid_i(y_valid),
      .ready_o(y_ready),
      .acc_i  (y),
      .shift_i(y_ex),
      .valid_o(sum_valid),
      .ready_i(sum_ready),
      .sum_o  (sum),
      .shift_o(sum_ex)
  );

  pm_kv_write #(
      .D(D),
      .W(SumW),
      .Kvb(Kvb),
      .MaxTokens(MaxTokens),
      .ExpW(16)
  ) u_write (
      .clk_i,
      .rst_ni,
      .round_i,
      .mk_i,
      .mv_i,
      .clear_i,
      .append_i,
      .count_o,
      .in_valid_i(sum_valid),
      .in_ready_o(sum_ready),
      .k_i       (sum[D*SumW-1:0]),
      .v_i       (sum[2*D*SumW-1:D*SumW]),
      .ex_i      (sum_ex),
      .wr_valid_o,
      .wr_ready_i,
      .wr_token_o,
      .wr_k_o,
      .wr_v_o,
      .k_sat_o,
      .v_sat_o
  );

`ifdef PERIMETER_FORMAL
  `include "pm_flare_kv_fv.svh"
`endif
endmodule

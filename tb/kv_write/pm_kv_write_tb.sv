// SPDX-License-Identifier: Apache-2.0
/// pm_kv_write behind DPI: kv_write_rtl.c drives it.
module pm_kv_write_tb #(
    parameter int unsigned D = 64,
    parameter int unsigned W = 32,
    parameter int unsigned Kvb = 10,
    parameter int unsigned MaxTokens = 64,
    parameter int unsigned ExpW = 16
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned TW = $clog2(MaxTokens);

  import "DPI-C" function void pm_kv_write_step(
    input int d, input int w, input int kvb, input int max_tokens, input int exp_w, input bit in_ready,
    input bit wr_valid, input bit [TW-1:0] wr_token, input bit [D*Kvb-1:0] wr_k, input bit [D*Kvb-1:0] wr_v,
    input bit k_sat, input bit v_sat, input bit [TW:0] count, output bit round, output bit [4:0] mk,
    output bit [4:0] mv, output bit clear, output bit append, output bit in_valid, output bit [D*W-1:0] k, output bit [D*W-1:0] v, output bit [ExpW-1:0] ex,
    output bit wr_ready);

  bit round, clear, append, in_valid, in_ready, wr_valid, wr_ready, k_sat, v_sat;
  bit [4:0] mk, mv;
  bit [D*W-1:0] k, v;
  bit signed [ExpW-1:0] ex;
  bit [TW-1:0] wr_token;
  bit [TW:0] count;
  bit [D*Kvb-1:0] wr_k, wr_v;

  pm_kv_write #(
      .D(D),
      .W(W),
      .Kvb(Kvb),
      .MaxTokens(MaxTokens),
      .ExpW(ExpW)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .round_i(round),
      .mk_i(mk),
      .mv_i(mv),
      .clear_i(clear),
      .append_i(append),
      .count_o(count),
      .in_valid_i(in_valid),
      .in_ready_o(in_ready),
      .k_i(k),
      .v_i(v),
      .ex_i(ex),
      .wr_valid_o(wr_valid),
      .wr_ready_i(wr_ready),
      .wr_token_o(wr_token),
      .wr_k_o(wr_k),
      .wr_v_o(wr_v),
      .k_sat_o(k_sat),
      .v_sat_o(v_sat)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      bit next_round, next_clear, next_append, next_valid, next_ready;
      bit [4:0] next_mk, next_mv;
      bit [D*W-1:0] next_k, next_v;
      bit [ExpW-1:0] next_ex;
      pm_kv_write_step(D, W, Kvb, MaxTokens, ExpW, in_ready, wr_valid, wr_token, wr_k, wr_v, k_sat, v_sat, count, next_round,
                       next_mk, next_mv, next_clear, next_append, next_valid, next_k, next_v, next_ex, next_ready);
      round <= next_round;
      mk <= next_mk;
      mv <= next_mv;
      clear <= next_clear;
      append <= next_append;
      in_valid <= next_valid;
      k <= next_k;
      v <= next_v;
      ex <= next_ex;
      wr_ready <= next_ready;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// FLARE's registers (pm_flare_apb's) beside the engine as a hard macro with its arrays: a processor's peripheral on APB.
module flare_apb (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        psel_i,
    input  logic        penable_i,
    input  logic        pwrite_i,
    input  logic [14:0] paddr_i,
    input  logic [ 3:0] pstrb_i,
    input  logic [31:0] pwdata_i,
    output logic        pready_o,
    output logic [31:0] prdata_o,
    output logic        pslverr_o,
    output logic        irq_o
);
  logic append, causal, round, x_valid, x_ready, y_valid, y_ready, pass2;
  logic [4:0] n_tokens, mk, mv;
  logic [15:0] keep, e0, ex, e;
  logic [2:0] sign, flags;
  logic [767:0] lut;
  logic [511:0] bias;
  logic [31:0] x, y;

  pm_flare_regs #(
      .D(4),
      .Heads(1),
      .Kvb(4),
      .MaxTokens(16)
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
  flare_engine u_array (
      .ck (clk_i),
      .rst(rst_ni),
      .n_tokens,
      .append,
      .causal,
      .keep,
      .round,
      .sign,
      .mk,
      .mv,
      .e0,
      .lut,
      .bias,
      .x_valid,
      .x,
      .ex,
      .y_ready,
      .x_ready,
      .y_valid,
      .y,
      .e,
      .pass2,
      .flags
  );
endmodule

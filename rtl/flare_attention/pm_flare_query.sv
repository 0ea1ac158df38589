// SPDX-License-Identifier: Apache-2.0
/// The opening stages of pass 2: x -> W_Q -> bias -> eMSB-Q per head (s_q). All heads of a token leave together.
/// Source: FLARE section 4.5; docs/numerics.md, "The fused token".
module pm_flare_query #(
    /// Model width D, a multiple of Heads, Heads..1024.
    parameter int unsigned D = 64,
    /// Heads, 1..16.
    parameter int unsigned Heads = 4,
    /// Bits of an accumulator after its bias, 33..64, as pm_bias_add has it.
    parameter int unsigned SumW = 33,
    localparam int unsigned XRows = (D + 15) / 16 * 16,
    localparam int unsigned EqW = 18
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    /// Rounding in every quantiser; otherwise truncation.
    input  logic                        round_i,
    /// Sign coding of x; otherwise two's complement.
    input  logic                        sign_x_i,
    /// Biases of Q, 32 bits an element.
    input  logic        [     D*32-1:0] bias_i,
    /// Tokens.
    input  logic                        x_valid_i,
    output logic                        x_ready_o,
    /// Element d at [8d +: 8], signed.
    input  logic        [      D*8-1:0] x_i,
    /// The token's exponent.
    input  logic signed [         15:0] ex_i,
    /// Pins of the weight array, the array-pin bundle.
    output logic                        wl_valid_o,
    input  logic                        wl_ready_i,
    /// Wordlines.
    output logic        [    XRows-1:0] wl_o,
    /// Dummy wordlines.
    output logic        [          6:0] dwl_o,
    /// Side band.
    output logic        [          5:0] wl_side_o,
    /// Comparators.
    input  logic        [    D*8*8-1:0] cmp_i,
    /// Queries of all heads, taken in one clock.
    output logic                        q_valid_o,
    input  logic                        q_ready_i,
    /// Element d at [8d +: 8], signed.
    output logic        [      D*8-1:0] q_o,
    /// ex + s_q of each head.
    output logic        [Heads*EqW-1:0] eq_o
);
  if (D % Heads != 0 || D < 1 || D > 1024 || Heads < 1 || Heads > 16) begin : g_range
    $error("pm_flare_query: D must be a multiple of Heads, Heads..1024, Heads 1..16");
  end
  if (SumW < 33 || SumW > 64) begin : g_sum_range
    $error("pm_flare_query: SumW must be 33..64");
  end

  localparam int unsigned Dk = D / Heads;
  localparam int unsigned AccW = 16 + $clog2(XRows);
  localparam int unsigned SW = $clog2(SumW);
  localparam int unsigned QuantDepth = 4;

  logic b_valid, b_ready, s_valid, s_ready, e_ready, e_valid;
  logic [15:0] b_e;
  logic signed [15:0] s_e, q_e;
  logic [D*AccW-1:0] b;
  logic [D*SumW-1:0] s;
  logic [Heads-1:0] quant_ready, quant_valid;
  logic [Heads*SW-1:0] q_s;

  pm_flare_stage #(
      .Inputs (D),
      .Outputs(D),
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
      .y_valid_o    (b_valid),
      .y_ready_i    (b_ready),
      .y_o          (b),
      .side_o       (b_e)
  );

  pm_bias_add #(
      .N(D),
      .AccW(AccW),
      .SumW(SumW),
      .ExpW(16)
  ) u_bias (
      .clk_i,
      .rst_ni,
      .bias_i,
      .valid_i(b_valid),
      .ready_o(b_ready),
      .acc_i  (b),
      .shift_i(b_e),
      .valid_o(s_valid),
      .ready_i(s_ready),
      .sum_o  (s),
      .shift_o(s_e)
  );

  // The heads' quantisers move in step: same valid, same ready.
  assign s_ready   = quant_ready[0] && e_ready;
  assign q_valid_o = quant_valid[0];
  for (genvar h = 0; h < Heads; h++) begin : g_head
    pm_emsbq #(
        .N(Dk),
        .W(SumW),
        .Q(8)
    ) u_quant (
        .clk_i,
        .rst_ni,
        .signed_i (1'b1),
        .round_i,
        .x_valid_i(s_valid && e_ready),
        .x_ready_o(quant_ready[h]),
        .x_i      (s[h*Dk*SumW+:Dk*SumW]),
        .keep_i   ('1),
        .y_valid_o(quant_valid[h]),
        .y_ready_i(q_ready_i),
        .y_o      (q_o[h*Dk*8+:Dk*8]),
        .s_o      (q_s[h*SW+:SW])
    );
    assign eq_o[h*EqW+:EqW] = EqW'(q_e) + $signed(EqW'(q_s[h*SW+:SW]));
  end
  pm_fifo #(
      .Width(16),
      .Depth(QuantDepth)
  ) u_e (
      .clk_i,
      .rst_ni,
      .valid_i(s_valid && quant_ready[0]),
      .ready_o(e_ready),
      .data_i (s_e),
      .valid_o(e_valid),
      .ready_i(q_valid_o && q_ready_i),
      .data_o (q_e)
  );

  logic unused_steps;
  assign unused_steps = ^{quant_ready, quant_valid, e_valid};

`ifdef PERIMETER_FORMAL
  `include "pm_flare_query_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// The closing stages of the fused token: concatenated heads -> eMSB-Q (s_o) -> W_O -> bias -> eMSB-Q (s_out).
/// Source: FLARE section 4.5; docs/numerics.md, "The fused token".
module pm_flare_out #(
    /// Model width D, 1..1024.
    parameter int unsigned D = 64,
    localparam int unsigned XRows = (D + 15) / 16 * 16
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    /// Rounding in every quantiser; otherwise truncation.
    input  logic                    round_i,
    /// Sign coding of o; otherwise two's complement.
    input  logic                    sign_o_i,
    /// M_V, the shift of values.
    input  logic        [      4:0] mv_i,
    /// Biases of O, 32 bits an element.
    input  logic        [ D*32-1:0] bias_i,
    /// Tokens' normalised heads.
    input  logic                    o_valid_i,
    output logic                    o_ready_o,
    /// Normalised heads, 4 fraction bits.
    input  logic        [ D*32-1:0] o_i,
    /// Pins of the weight array, the array-pin bundle.
    output logic                    wl_valid_o,
    input  logic                    wl_ready_i,
    /// Wordlines.
    output logic        [XRows-1:0] wl_o,
    /// Dummy wordlines.
    output logic        [      6:0] dwl_o,
    /// Side band.
    output logic        [      5:0] wl_side_o,
    /// Comparators.
    input  logic        [D*8*8-1:0] cmp_i,
    /// Results.
    output logic                    y_valid_o,
    input  logic                    y_ready_i,
    /// Element d at [8d +: 8], signed.
    output logic        [  D*8-1:0] y_o,
    /// eO + s_out: the real value is y * 2^e at the layer's output scale.
    output logic signed [     15:0] e_o
);
  if (D < 1 || D > 1024) begin : g_range
    $error("pm_flare_out: D must be 1..1024");
  end

  localparam int unsigned AccW = 16 + $clog2(XRows);
  // The smallest eO is -4, so that the bias moves left by 4 at most.
  localparam int unsigned SumW = (AccW > 36 ? AccW : 36) + 1;
  localparam int unsigned QuantDepth = 4;

  logic q_valid, q_ready, b_valid, b_ready, s_valid, s_ready, quant_ready, e_valid, e_ready;
  logic [D*8-1:0] q;
  logic [4:0] q_s;
  logic [15:0] b_e;
  logic signed [15:0] q_e, s_e, y_e;
  logic [D*AccW-1:0] b;
  logic [D*SumW-1:0] s;
  logic [$clog2(SumW)-1:0] y_s;

  pm_emsbq #(
      .N(D),
      .W(32),
      .Q(8)
  ) u_quant_in (
      .clk_i,
      .rst_ni,
      .signed_i (1'b1),
      .round_i,
      .x_valid_i(o_valid_i),
      .x_ready_o(o_ready_o),
      .x_i      (o_i),
      .keep_i   ('1),
      .y_valid_o(q_valid),
      .y_ready_i(q_ready),
      .y_o      (q),
      .s_o      (q_s)
  );
  assign q_e = $signed(16'(q_s)) + $signed(16'(mv_i)) - 16'sd4;

  pm_flare_stage #(
      .Inputs (D),
      .Outputs(D),
      .WBits  (8),
      .SideW  (16)
  ) u_stage (
      .clk_i,
      .rst_ni,
      .signed_i     (1'b1),
      .sign_coding_i(sign_o_i),
      .x_valid_i    (q_valid),
      .x_ready_o    (q_ready),
      .x_i          (q),
      .side_i       (q_e),
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

  assign s_ready = quant_ready && e_ready;
  pm_emsbq #(
      .N(D),
      .W(SumW),
      .Q(8)
  ) u_quant_out (
      .clk_i,
      .rst_ni,
      .signed_i (1'b1),
      .round_i,
      .x_valid_i(s_valid && e_ready),
      .x_ready_o(quant_ready),
      .x_i      (s),
      .keep_i   ('1),
      .y_valid_o,
      .y_ready_i,
      .y_o,
      .s_o      (y_s)
  );
  pm_fifo #(
      .Width(16),
      .Depth(QuantDepth)
  ) u_e (
      .clk_i,
      .rst_ni,
      .valid_i(s_valid && quant_ready),
      .ready_o(e_ready),
      .data_i (s_e),
      .valid_o(e_valid),
      .ready_i(y_valid_o && y_ready_i),
      .data_o (y_e)
  );
  assign e_o = y_e + $signed(16'(y_s));

  logic unused_valid;
  assign unused_valid = e_valid;

`ifdef PERIMETER_FORMAL
  `include "pm_flare_out_fv.svh"
`endif
endmodule

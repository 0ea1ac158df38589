// SPDX-License-Identifier: Apache-2.0
/// eMSB-Q (FLARE arXiv 2411.14733, section 4.2): quantizes a group of N elements to Q bits by the smallest shift that lets
/// all kept elements fit. That is s = max(0, E-(Q-2)), or max(0, E-(Q-1)) where the group is unsigned; an element's value is
/// y * 2^s. Three elastic stages - detect, shift, round and saturate -, one group a clock.
///
/// Elements that are not kept do not enter E; they are shifted like the others and saturate both ways.
/// x_ready_o depends on y_ready_i in the same clock.
module pm_emsbq #(
    /// Elements a group, 1..4096.
    parameter int unsigned N = 64,
    /// Bits an element, 2..64.
    parameter int unsigned W = 32,
    /// Bits of a result, 2..16.
    parameter int unsigned Q = 8
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    /// Elements are two's complement; otherwise unsigned. Sampled with each group.
    input  logic                 signed_i,
    /// Adds half an output LSB before the shift and saturates; otherwise truncates. Sampled with each group.
    input  logic                 round_i,
    /// A group is taken where both are 1; ready depends on y_ready_i in the same clock.
    input  logic                 x_valid_i,
    output logic                 x_ready_o,
    /// Element i in bits i*W +: W.
    input  logic [      N*W-1:0] x_i,
    /// 1: the element enters E; the others are shifted alike and saturate both ways.
    input  logic [        N-1:0] keep_i,
    /// A result is taken where both are 1; stable until then.
    output logic                 y_valid_o,
    input  logic                 y_ready_i,
    /// Element i in bits i*Q +: Q, signed or unsigned as its group was.
    output logic [      N*Q-1:0] y_o,
    /// The group's shift, 0..W-Q (0 where W <= Q).
    output logic [$clog2(W)-1:0] s_o
);
  if (N < 1 || N > 4096 || W < 2 || W > 64 || Q < 2 || Q > 16) begin : g_range
    $error("pm_emsbq: N must be 1..4096, W 2..64, Q 2..16");
  end

  localparam int unsigned SW = $clog2(W);
  localparam int unsigned EW = $clog2(W + 1);
  /// Room for an element and for a result.
  localparam int unsigned XW = W > Q ? W : Q;
  /// Bits of E+1 that fit without a shift, clipped to what e can reach.
  localparam int unsigned FitSigned = Q - 1 < W ? Q - 1 : W;
  localparam int unsigned FitUnsigned = Q < W ? Q : W;

  logic [EW-1:0] e;
  logic [SW-1:0] shift;
  logic unused_e;
  logic en1, en2, en3;
  logic v1_q, v2_q, v3_q;
  logic signed1_q, signed2_q, round1_q;
  logic [SW-1:0] s1_q, s2_q;
  logic [N*W-1:0] x1_q;
  logic [N*Q-1:0] y2_q;
  logic [  N-1:0] half2_q;

  pm_emsb #(
      .N(N),
      .W(W),
      .FitSigned(FitSigned),
      .FitUnsigned(FitUnsigned)
  ) u_emsb (
      .x_i,
      .keep_i,
      .signed_i,
      .e_o(e)
  );

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  // Shifts one element: {half an output LSB to add, truncated value}. Works on x ^ sign, whose high zeros are the sign
  // bits, so that one unsigned shifter and one comparison serve all cases.
  function logic [Q:0] shift_element(input logic [W-1:0] x, input logic [SW-1:0] s, input logic is_signed, input logic round);
    logic neg, half, over;
    logic [ W-1:0] flipped;
    logic [XW-1:0] shifted;
    neg = is_signed && x[W-1];
    flipped = x ^ {W{neg}};
    shifted = XW'(flipped) >> (s - SW'(s != '0));
    half = round && s != '0 && (shifted[0] ^ neg);
    if (s != '0) shifted = shifted >> 1;
    over = (shifted >> Q) != '0 || (is_signed && shifted[Q-1]);
    if (over) shifted = XW'({!is_signed, {(Q - 1) {1'b1}}});
    shift_element = {half && !over, shifted[Q-1:0] ^ {Q{neg}}};
  endfunction

  function logic [Q-1:0] round_element(input logic [Q-1:0] y, input logic half, input logic is_signed);
    round_element = y + Q'(half && y != {!is_signed, {(Q - 1) {1'b1}}});
  endfunction
  /* verilator lint_on VARHIDDEN */

  assign shift     = e[SW-1:0];
  assign unused_e  = e[EW-1];  // of W = 2^n alone one bit more than a shift has
  assign en3       = !v3_q || y_ready_i;
  assign en2       = !v2_q || en3;
  assign en1       = !v1_q || en2;
  assign x_ready_o = en1;
  assign y_valid_o = v3_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      v1_q <= 1'b0;
      v2_q <= 1'b0;
      v3_q <= 1'b0;
    end else begin
      if (en1) v1_q <= x_valid_i;
      if (en2) v2_q <= v1_q;
      if (en3) v3_q <= v2_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en1 && x_valid_i) begin
      x1_q      <= x_i;
      signed1_q <= signed_i;
      round1_q  <= round_i;
      s1_q      <= shift;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en2 && v1_q) begin
      signed2_q <= signed1_q;
      s2_q      <= s1_q;
      for (int unsigned i = 0; i < N; i++) begin
        {half2_q[i], y2_q[i*Q+:Q]} <= shift_element(x1_q[i*W+:W], s1_q, signed1_q, round1_q);
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (en3 && v2_q) begin
      s_o <= s2_q;
      for (int unsigned i = 0; i < N; i++) begin
        y_o[i*Q+:Q] <= round_element(y2_q[i*Q+:Q], half2_q[i], signed2_q);
      end
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_emsbq_fv.svh"
`endif
endmodule

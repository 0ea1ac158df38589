// SPDX-License-Identifier: Apache-2.0
/// An integer times a power of two as FP32: 24 bits, nearest even, with the exponent unbounded; then +0 below 2^-126 and an
/// infinity from 2^128 on. Magnitude, leading one in steps of two, rounding, exponent: one number a clock, clog2(DpvW)/2 + 3
/// clocks.
///
/// x_ready_o depends on y_ready_i in the same clock where all stages are full.
module pm_fp_norm #(
    /// Bits of the integer, signed, 2..64.
    parameter int unsigned DpvW = 40,
    /// Bits of the exponent of two, signed, 2..16.
    parameter int unsigned PW   = 10
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    /// Numbers: the value is dpv * 2^p.
    input  logic            x_valid_i,
    output logic            x_ready_o,
    /// Signed.
    input  logic [DpvW-1:0] dpv_i,
    /// Signed.
    input  logic [  PW-1:0] p_i,
    /// FP32.
    output logic            y_valid_o,
    input  logic            y_ready_i,
    /// Its pattern.
    output logic [    31:0] y_o,
    /// It is +0 though dpv is not 0.
    output logic            uf_o,
    /// It is an infinity.
    output logic            of_o
);
  if (DpvW < 2 || DpvW > 64 || PW < 2 || PW > 16) begin : g_range
    $error("pm_fp_norm: DpvW must be 2..64, PW 2..16");
  end

  /// Room for the significand, a bit to round by and one for all below it.
  localparam int unsigned NW = DpvW > 26 ? DpvW : 26;
  localparam int unsigned Steps = $clog2(NW);
  /// Stages of two steps; and of all.
  localparam int unsigned Halves = (Steps + 1) / 2;
  localparam int unsigned Stages = Halves + 3;
  localparam int unsigned EW = (PW > Steps + 1 ? PW : Steps + 1) + 3;

  logic [Stages-1:0] valid_q, en;
  // By stage: magnitude, sign and exponent; the leading zeros found so far. Stage 0 is the magnitude.
  logic [(Halves+1)*NW-1:0] mag_d, mag_q;
  logic [(Halves+1)*Steps-1:0] zeros_d, zeros_q;
  logic [(Halves+1)*PW-1:0] p_q;
  logic [Halves:0] neg_q;
  logic [DpvW-1:0] magnitude;
  // Rounded, and packed.
  logic [NW-1:0] top;
  logic [24:0] sum_d, sum_q;
  logic [EW-1:0] biased_d, biased_q, biased;
  logic round_up, round_neg_q, uf, uf_q, of, of_q;
  logic [31:0] y_d, y_q;

  always_comb begin
    for (int unsigned s = 0; s < Stages; s++) en[s] = y_ready_i || !(&(valid_q | ~({Stages{1'b1}} << s)));
  end

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  // {leading zeros found, magnitude} after the steps 2s and 2s+1, of which the first is by half of all.
  function logic [Steps+NW-1:0] normalize(input logic [NW-1:0] m, input logic [Steps-1:0] z, input int unsigned s);
    normalize = {z, m};
    for (int unsigned k = 2 * s; k < 2 * s + 2 && k < Steps; k++) begin
      if ((normalize[NW-1:0] >> (NW - 2 ** (Steps - 1 - k))) == '0) begin
        normalize[NW-1:0] = normalize[NW-1:0] << 2 ** (Steps - 1 - k);
        normalize[NW+Steps-1-k] = 1'b1;
      end
    end
  endfunction
  /* verilator lint_on VARHIDDEN */

  always_comb begin
    magnitude = dpv_i[DpvW-1] ? -dpv_i : dpv_i;
    mag_d[NW-1:0] = NW'(magnitude);
    zeros_d[Steps-1:0] = '0;
    for (int unsigned s = 0; s < Halves; s++) begin
      {zeros_d[(s+1)*Steps+:Steps], mag_d[(s+1)*NW+:NW]} = normalize(mag_q[s*NW+:NW], zeros_q[s*Steps+:Steps], s);
    end
  end

  always_comb begin
    top      = mag_q[Halves*NW+:NW];
    round_up = top[NW-25] && (top[NW-24] || top[NW-26:0] != '0);
    sum_d    = 25'(top[NW-1-:24]) + 25'(round_up);
    biased_d = EW'(signed'(p_q[Halves*PW+:PW])) + EW'(NW - 1 + 127) - EW'(zeros_q[Halves*Steps+:Steps]);
  end

  // A carry leaves 0 below it; without a leading one the number is 0.
  always_comb begin
    biased = biased_q + EW'(sum_q[24]);
    uf     = (sum_q[24] || sum_q[23]) && (biased[EW-1] || biased == '0);
    of     = (sum_q[24] || sum_q[23]) && !biased[EW-1] && biased >= EW'(255);
    y_d    = {round_neg_q, of ? 8'hFF : biased[7:0], of ? 23'd0 : sum_q[22:0]};
    if (uf || !(sum_q[24] || sum_q[23])) y_d = '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
    end else begin
      for (int unsigned s = 0; s < Stages; s++) begin
        if (en[s]) valid_q[s] <= s == 0 ? x_valid_i : valid_q[s==0?0 : s-1];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned s = 0; s <= Halves; s++) begin
      if (en[s]) begin
        mag_q[s*NW+:NW]         <= mag_d[s*NW+:NW];
        zeros_q[s*Steps+:Steps] <= zeros_d[s*Steps+:Steps];
        p_q[s*PW+:PW]           <= s == 0 ? p_i : p_q[(s==0?0 : s-1)*PW+:PW];
        neg_q[s]                <= s == 0 ? dpv_i[DpvW-1] : neg_q[s==0?0 : s-1];
      end
    end
    if (en[Stages-2]) begin
      sum_q       <= sum_d;
      biased_q    <= biased_d;
      round_neg_q <= neg_q[Halves];
    end
    if (en[Stages-1]) begin
      y_q  <= y_d;
      uf_q <= uf;
      of_q <= of;
    end
  end

  assign x_ready_o = en[0];
  assign y_valid_o = valid_q[Stages-1];
  assign y_o       = y_q;
  assign uf_o      = uf_q;
  assign of_o      = of_q;

`ifdef PERIMETER_FORMAL
  `include "pm_fp_norm_fv.svh"
`endif
endmodule

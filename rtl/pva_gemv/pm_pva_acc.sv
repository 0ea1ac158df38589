// SPDX-License-Identifier: Apache-2.0
/// Codes of column pairs, added at their place: acc += ±(p - n) * 2^(k + place). Difference, shift and sum: three stages, one
/// access a clock; the sums are the result once the vector's last access is in, 3 clocks after it, and the pipeline stalls
/// until they are taken. No codes of a legal table (N >= 8<<k wordlines an access) overflow them.
///
/// code_ready_o depends on y_ready_i in the same clock.
module pm_pva_acc #(
    /// Outputs, at least 1.
    parameter int unsigned Outputs = 16,
    /// Wordlines of the array, a multiple of 64, 64..512.
    parameter int unsigned Rows = 512,
    /// Bits of an input, 2..16.
    parameter int unsigned XBits = 8,
    /// 2-bit digits of a weight, 1..4.
    parameter int unsigned Digits = 4,
    localparam int unsigned PlaceW = $clog2(XBits + 2 * Digits - 2),
    localparam int unsigned AccW = XBits + 2 * Digits + 2 + $clog2(Rows)
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    /// Accesses.
    input  logic                    code_valid_i,
    output logic                    code_ready_o,
    /// Codes of the columns of max(w, 0), 0..31: output m at [m*5 +: 5].
    input  logic [   Outputs*5-1:0] code_p_i,
    /// Codes of the columns of max(-w, 0).
    input  logic [   Outputs*5-1:0] code_n_i,
    /// The access weighs 2^place.
    input  logic [      PlaceW-1:0] place_i,
    /// A code counts 2^k cell states.
    input  logic [             1:0] k_i,
    /// The weight is negative.
    input  logic                    neg_i,
    /// The vector's first access: sums begin anew.
    input  logic                    first_i,
    /// The vector's last access.
    input  logic                    last_i,
    /// Results.
    output logic                    y_valid_o,
    input  logic                    y_ready_i,
    /// Output m at [m*AccW +: AccW], signed.
    output logic [Outputs*AccW-1:0] y_o
);
  if (Outputs < 1 || Rows < 64 || Rows > 512 || Rows % 64 != 0 || XBits < 2 || XBits > 16 || Digits < 1 ||
      Digits > 4) begin : g_range
    $error("pm_pva_acc: Outputs must be at least 1, Rows a multiple of 64 up to 512, XBits 2..16, Digits 1..4");
  end

  localparam int unsigned ShiftW = $clog2(XBits + 2 * Digits + 1);  // the largest place, and 3

  logic code_en, diff_en, sum_en, code_valid_q, diff_valid_q, y_valid_q;
  logic [Outputs*5-1:0] plus, minus, plus_q, minus_q;
  logic [Outputs*6-1:0] diff, diff_q;
  logic [ShiftW-1:0] shift_q, diff_shift_q;
  logic first_q, last_q, diff_first_q, diff_last_q;
  logic [Outputs*AccW-1:0] sum, sum_q;

  assign plus         = neg_i ? code_n_i : code_p_i;
  assign minus        = neg_i ? code_p_i : code_n_i;
  // The sums are the result: one that waits holds the next access before them.
  assign sum_en       = !y_valid_q || y_ready_i;
  assign diff_en      = !diff_valid_q || sum_en;
  assign code_en      = !code_valid_q || diff_en;
  assign code_ready_o = code_en;
  assign y_valid_o    = y_valid_q;
  assign y_o          = sum_q;

  always_comb begin
    for (int unsigned m = 0; m < Outputs; m++) begin
      diff[m*6+:6] = {1'b0, plus_q[m*5+:5]} - {1'b0, minus_q[m*5+:5]};
      sum[m*AccW+:AccW] = (diff_first_q ? '0 : sum_q[m*AccW+:AccW]) + (AccW'(signed'(diff_q[m*6+:6])) << diff_shift_q);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      code_valid_q <= 1'b0;
      diff_valid_q <= 1'b0;
      y_valid_q    <= 1'b0;
    end else begin
      if (code_en) code_valid_q <= code_valid_i;
      if (diff_en) diff_valid_q <= code_valid_q;
      if (sum_en) y_valid_q <= diff_valid_q && diff_last_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (code_en && code_valid_i) begin
      plus_q  <= plus;
      minus_q <= minus;
      shift_q <= ShiftW'(place_i) + ShiftW'(k_i);
      first_q <= first_i;
      last_q  <= last_i;
    end
    if (diff_en && code_valid_q) begin
      diff_q       <= diff;
      diff_shift_q <= shift_q;
      diff_first_q <= first_q;
      diff_last_q  <= last_q;
    end
    if (sum_en && diff_valid_q) sum_q <= sum;
  end

`ifdef PERIMETER_FORMAL
  `include "pm_pva_acc_fv.svh"
`endif
endmodule

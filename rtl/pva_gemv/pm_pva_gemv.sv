// SPDX-License-Identifier: Apache-2.0
/// Everything digital around one array of 2-bit memristor cells that holds one matrix, or a tile of its rows: y = sum_d x_d * w_d
/// with place-value-aware accumulation. Khwa et al., Nature 639, 617 (2025), extended data Figs. 4a and 5. Exact where the
/// table's accesses are (N at most 10 and k = 0), else as close as its converters are.
///
/// wordline flops -> array and 5-bit flash converters (outside, the same clock) -> codes -> differences -> sums. One access a
/// clock, without a bubble between vectors while y_ready_i takes each result in the clock in which it is shown; otherwise the
/// pipeline stalls and the wordlines stay as they are. T vectors take T times their accesses and 4 clocks.
module pm_pva_gemv #(
    /// Wordlines, a multiple of 64, 64..512.
    parameter int unsigned Rows = 512,
    /// Outputs, at least 1; a digit of the weights has 2*Outputs columns.
    parameter int unsigned Outputs = 16,
    /// Bits of an input, 2..16.
    parameter int unsigned XBits = 8,
    /// 2-bit digits of a weight, 1..4.
    parameter int unsigned Digits = 4,
    localparam int unsigned Places = XBits + 2 * Digits - 2,
    localparam int unsigned PlaceW = $clog2(Places),
    localparam int unsigned DigitW = Digits > 1 ? $clog2(Digits) : 1,
    localparam int unsigned AccW = XBits + 2 * Digits + 2 + $clog2(Rows)
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    /// Place s at [s*12 +: 12]: {k, N}, 2 and 10 bits. N wordlines at once, 8<<k..512; a code counts 2^k cell states.
    /// Stable while a vector is inside, as the next two.
    input  logic [   Places*12-1:0] table_i,
    /// Rows in use, 1..Rows.
    input  logic [             9:0] rows_i,
    /// Inputs are two's complement.
    input  logic                    signed_i,
    /// Vectors.
    input  logic                    x_valid_i,
    output logic                    x_ready_o,
    /// Element d at [d*XBits +: XBits]; those from rows_i on are ignored.
    input  logic [  Rows*XBits-1:0] x_i,
    /// Accesses. The array answers in the clock in which wl_ready_i is high: the codes belong to this clock's wordlines. An
    /// access is done where wl_valid_o and wl_ready_i meet. wl_valid_o follows y_ready_i in the same clock, but once high it
    /// stays until the access is done.
    output logic                    wl_valid_o,
    input  logic                    wl_ready_i,
    /// Wordlines, straight from flops, stable from wl_valid_o until done.
    output logic [        Rows-1:0] wl_o,
    /// The weights' digit j: which columns are read.
    output logic [      DigitW-1:0] wl_digit_o,
    /// A converter's step is 2^k cell states.
    output logic [             1:0] wl_k_o,
    /// Side band, for the array's bookkeeping: the access weighs 2^place.
    output logic [      PlaceW-1:0] wl_place_o,
    /// Side band: its weight is negative.
    output logic                    wl_neg_o,
    /// Side band: it is the vector's last one.
    output logic                    wl_last_o,
    /// Codes of the digit's columns of max(w, 0), 0..31: output m at [m*5 +: 5].
    input  logic [   Outputs*5-1:0] code_p_i,
    /// Codes of the columns of max(-w, 0).
    input  logic [   Outputs*5-1:0] code_n_i,
    /// Results, 3 clocks after the vector's last access.
    output logic                    y_valid_o,
    input  logic                    y_ready_i,
    /// Output m at [m*AccW +: AccW], signed.
    output logic [Outputs*AccW-1:0] y_o
);
  logic access_valid, access_ready, first, code_ready;

  assign wl_valid_o   = access_valid && code_ready;
  assign access_ready = wl_ready_i && code_ready;

  pm_pva_ctrl #(
      .Rows  (Rows),
      .XBits (XBits),
      .Digits(Digits)
  ) u_ctrl (
      .clk_i,
      .rst_ni,
      .table_i,
      .rows_i,
      .signed_i,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .wl_valid_o(access_valid),
      .wl_ready_i(access_ready),
      .wl_o,
      .digit_o   (wl_digit_o),
      .place_o   (wl_place_o),
      .k_o       (wl_k_o),
      .neg_o     (wl_neg_o),
      .first_o   (first),
      .last_o    (wl_last_o)
  );

  pm_pva_acc #(
      .Outputs(Outputs),
      .Rows   (Rows),
      .XBits  (XBits),
      .Digits (Digits)
  ) u_acc (
      .clk_i,
      .rst_ni,
      .code_valid_i(access_valid && wl_ready_i),
      .code_ready_o(code_ready),
      .code_p_i,
      .code_n_i,
      .place_i     (wl_place_o),
      .k_i         (wl_k_o),
      .neg_i       (wl_neg_o),
      .first_i     (first),
      .last_i      (wl_last_o),
      .y_valid_o,
      .y_ready_i,
      .y_o
  );
endmodule

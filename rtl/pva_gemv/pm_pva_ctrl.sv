// SPDX-License-Identifier: Apache-2.0
/// Accesses of place-value-aware accumulation (Khwa et al., Nature 639, 617 (2025), extended data Figs. 4a and 5): bit by bit
/// of the inputs, from the highest digit of the weights to the lowest, a table tells by the place i + 2j how many wordlines
/// are on at once and how coarsely the columns are converted. One access a clock, without a bubble between vectors;
/// each pair of bit and digit takes ceil(rows/N) of them.
///
/// schedule -> access (rows from, to; place) -> wordline flops. x_ready_o depends on wl_ready_i in the same clock.
module pm_pva_ctrl #(
    /// Wordlines, 2..512.
    parameter  int unsigned Rows   = 512,
    /// Bits of an input, 2..16.
    parameter  int unsigned XBits  = 8,
    /// 2-bit digits of a weight, 1..4.
    parameter  int unsigned Digits = 4,
    localparam int unsigned Places = XBits + 2 * Digits - 2,
    localparam int unsigned PlaceW = $clog2(Places),
    localparam int unsigned DigitW = Digits > 1 ? $clog2(Digits) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    /// Place s at [s*12 +: 12]: {k, N}, 2 and 10 bits. N wordlines at once, 8<<k..512; a code counts 2^k cell states.
    /// Stable while a vector is inside, as the next two.
    input  logic [ Places*12-1:0] table_i,
    /// Rows in use, 1..Rows.
    input  logic [           9:0] rows_i,
    /// Inputs are two's complement.
    input  logic                  signed_i,
    /// Vectors.
    input  logic                  x_valid_i,
    output logic                  x_ready_o,
    /// Element d at [d*XBits +: XBits]; those from rows_i on are ignored.
    input  logic [Rows*XBits-1:0] x_i,
    /// Accesses.
    output logic                  wl_valid_o,
    input  logic                  wl_ready_i,
    /// Wordlines, straight from flops.
    output logic [      Rows-1:0] wl_o,
    /// The weights' digit j: which columns are read.
    output logic [    DigitW-1:0] digit_o,
    /// The access weighs 2^place.
    output logic [    PlaceW-1:0] place_o,
    /// A code counts 2^k cell states.
    output logic [           1:0] k_o,
    /// The weight is negative: the sign bit of signed inputs.
    output logic                  neg_o,
    /// The vector's first access.
    output logic                  first_o,
    /// The vector's last access.
    output logic                  last_o
);
  if (Rows < 2 || Rows > 512 || XBits < 2 || XBits > 16 || Digits < 1 || Digits > 4) begin : g_range
    $error("pm_pva_ctrl: Rows must be 2..512, XBits 2..16, Digits 1..4");
  end

  localparam int unsigned BitW = $clog2(XBits);

  // The next access to be planned: input bit, digit, first row. Zero between vectors, with the highest digit.
  logic [BitW-1:0] bit_q;
  logic [DigitW-1:0] digit_q;
  logic [9:0] from_q;
  logic [PlaceW-1:0] place;
  logic [1:0] k;
  logic [9:0] n;
  logic [10:0] to;
  logic whole, pair_last, last, plan;
  // The vector, and its planned access.
  logic [Rows*XBits-1:0] x_q;
  logic full_q, take;
  logic [BitW-1:0] plan_bit_q;
  logic [9:0] plan_from_q;
  logic [10:0] plan_to_q;
  logic [DigitW-1:0] plan_digit_q;
  logic [PlaceW-1:0] plan_place_q;
  logic [1:0] plan_k_q;
  logic plan_neg_q, plan_first_q, plan_last_q;
  // The access.
  logic valid_q;
  logic [Rows-1:0] wl_d, wl_q;

  assign place     = PlaceW'(bit_q) + (PlaceW'(digit_q) << 1);
  assign {k, n}    = table_i[place*12+:12];
  assign to        = {1'b0, from_q} + {1'b0, n};
  assign whole     = to >= {1'b0, rows_i};
  assign pair_last = whole && digit_q == '0;
  assign last      = pair_last && bit_q == BitW'(XBits - 1);

  assign take      = full_q && (!valid_q || wl_ready_i);
  assign x_ready_o = !full_q || (take && plan_last_q);
  assign plan      = (x_valid_i && x_ready_o) || (take && !plan_last_q);

  always_comb begin
    for (int unsigned r = 0; r < Rows; r++) begin
      wl_d[r] = 1'(x_q[r*XBits+:XBits] >> plan_bit_q) && r >= 32'(plan_from_q) && r < 32'(plan_to_q);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bit_q   <= '0;
      digit_q <= DigitW'(Digits - 1);
      from_q  <= '0;
      full_q  <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      if (plan) begin
        from_q <= whole ? '0 : to[9:0];
        if (whole) digit_q <= digit_q == '0 ? DigitW'(Digits - 1) : digit_q - 1'b1;
        if (pair_last) bit_q <= last ? '0 : bit_q + 1'b1;
      end
      if (x_ready_o) full_q <= x_valid_i;
      if (!valid_q || wl_ready_i) valid_q <= full_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (x_valid_i && x_ready_o) x_q <= x_i;
    if (plan) begin
      plan_bit_q   <= bit_q;
      plan_from_q  <= from_q;
      plan_to_q    <= whole ? {1'b0, rows_i} : to;
      plan_digit_q <= digit_q;
      plan_place_q <= place;
      plan_k_q     <= k;
      plan_neg_q   <= signed_i && bit_q == BitW'(XBits - 1);
      plan_first_q <= x_ready_o;
      plan_last_q  <= last;
    end
    if (take) begin
      wl_q    <= wl_d;
      digit_o <= plan_digit_q;
      place_o <= plan_place_q;
      k_o     <= plan_k_q;
      neg_o   <= plan_neg_q;
      first_o <= plan_first_q;
      last_o  <= plan_last_q;
    end
  end

  assign wl_valid_o = valid_q;
  assign wl_o       = wl_q;

`ifdef PERIMETER_FORMAL
  `include "pm_pva_ctrl_fv.svh"
`endif
endmodule

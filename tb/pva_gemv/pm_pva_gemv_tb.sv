// SPDX-License-Identifier: Apache-2.0
/// pm_pva_gemv beside a programmed array; pva_gemv_rtl.c drives it.
module pm_pva_gemv_tb #(
    parameter int unsigned Rows = 512,
    parameter int unsigned Outputs = 16,
    parameter int unsigned XBits = 8,
    parameter int unsigned Digits = 4
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned Places = XBits + 2 * Digits - 2;
  localparam int unsigned PlaceW = $clog2(Places);
  localparam int unsigned DigitW = Digits > 1 ? $clog2(Digits) : 1;
  localparam int unsigned AccW = XBits + 2 * Digits + 2 + $clog2(Rows);
  localparam int unsigned PinsW = Rows + DigitW + PlaceW + 4;

  import "DPI-C" function void pm_pva_gemv_elaborated(
    input int rows,
    input int outputs,
    input int xbits,
    input int digits,
    output bit [Places*12-1:0] places,
    output bit [9:0] rows_used,
    output bit is_signed
  );
  import "DPI-C" function void pm_pva_gemv_step(
    input bit x_ready,
    output bit x_valid,
    output bit [Rows*XBits-1:0] x,
    output bit wl_ready,
    input bit y_valid,
    output bit y_ready,
    input bit [Outputs*AccW-1:0] y
  );
  import "DPI-C" function void pm_pva_gemv_access(
    input bit [Rows-1:0] wl,
    input int digit,
    input int place,
    input int k,
    input bit neg,
    input bit last,
    output bit [Outputs*5-1:0] code_p,
    output bit [Outputs*5-1:0] code_n
  );
  import "DPI-C" function void pm_pva_gemv_unstable();

  bit x_valid, wl_ready, y_ready, is_signed;
  bit [Places*12-1:0] places;
  bit [9:0] rows_used;
  bit [Rows*XBits-1:0] x;
  bit [Outputs*5-1:0] code_p, code_n;
  logic x_ready, wl_valid, wl_neg, wl_last, y_valid;
  logic [Rows-1:0] wl;
  logic [DigitW-1:0] wl_digit;
  logic [PlaceW-1:0] wl_place;
  logic [1:0] wl_k;
  logic [Outputs*AccW-1:0] y;

  initial pm_pva_gemv_elaborated(Rows, Outputs, XBits, Digits, places, rows_used, is_signed);

  pm_pva_gemv #(
      .Rows(Rows),
      .Outputs(Outputs),
      .XBits(XBits),
      .Digits(Digits)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .table_i(places),
      .rows_i(rows_used),
      .signed_i(is_signed),
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .x_i(x),
      .wl_valid_o(wl_valid),
      .wl_ready_i(wl_ready),
      .wl_o(wl),
      .wl_digit_o(wl_digit),
      .wl_k_o(wl_k),
      .wl_place_o(wl_place),
      .wl_neg_o(wl_neg),
      .wl_last_o(wl_last),
      .code_p_i(code_p),
      .code_n_i(code_n),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y)
  );

  // A waiting access stays as it is.
  bit held;
  bit [PinsW-1:0] pins_held;
  logic [PinsW-1:0] pins;
  assign pins = {wl, wl_digit, wl_place, wl_k, wl_neg, wl_last};

  always @(posedge clk_i) begin
    if (rst_ni) begin
      bit next_valid, next_wl_ready, next_y_ready;
      bit [Rows*XBits-1:0] next_x;
      pm_pva_gemv_step(x_ready, next_valid, next_x, next_wl_ready, y_valid, next_y_ready, y);
      x_valid   <= next_valid;
      x         <= next_x;
      wl_ready  <= next_wl_ready;
      y_ready   <= next_y_ready;
      held      <= wl_valid && !wl_ready;
      pins_held <= pins;
      if (held && (!wl_valid || pins != pins_held)) pm_pva_gemv_unstable();
    end
  end

  // The array answers in the same clock; while it does not, its codes are the largest.
  always @(negedge clk_i) begin
    if (rst_ni && wl_valid && wl_ready) begin
      bit [Outputs*5-1:0] next_p, next_n;
      pm_pva_gemv_access(wl, 32'(wl_digit), 32'(wl_place), 32'(wl_k), wl_neg, wl_last, next_p, next_n);
      code_p <= next_p;
      code_n <= next_n;
    end else begin
      code_p <= '1;
      code_n <= '1;
    end
  end
endmodule

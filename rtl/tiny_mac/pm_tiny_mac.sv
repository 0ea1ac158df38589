// SPDX-License-Identifier: Apache-2.0
/// Multiply-accumulate lanes for kernels too small for an array, at most 15 rows: each lane has its own x and w, and y = sum
/// x * w, exactly. (Khwa et al., Nature 639, 617 (2025), the tiny-digital engine; docs/numerics.md, "Tiny digital".)
///
/// A row a clock, into a multiplier, a flop, and the accumulator, which is the output: the next sum's first row overwrites it
/// in the clock after it was shown, so that a sum takes as many clocks as it has rows. Lanes with the same x are outputs of a
/// matrix, lanes with their own are channels of a depthwise convolution.
module pm_tiny_mac #(
    /// Lanes, at least 1.
    parameter int unsigned Lanes = 8,
    /// Bits of an input, 2..16.
    parameter int unsigned XBits = 12,
    localparam int unsigned W = 8,
    // 15 rows of |x * w| <= (2^XBits - 1) * 128.
    localparam int unsigned AccW = XBits + 12
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    /// x is two's complement, else unsigned. Stands still while anything is inside.
    input  logic                   signed_i,
    /// Rows. Ready follows y_ready_i within the clock.
    input  logic                   valid_i,
    output logic                   ready_o,
    /// Lane i's input at [i*XBits +: XBits].
    input  logic [Lanes*XBits-1:0] x_i,
    /// Lane i's weight, two's complement, at [i*8 +: 8].
    input  logic [    Lanes*W-1:0] w_i,
    /// The sum's last row, its 15th at the latest.
    input  logic                   last_i,
    /// Sums, two clocks after their last row.
    output logic                   y_valid_o,
    input  logic                   y_ready_i,
    /// Lane i's sum at [i*AccW +: AccW], signed; stable while it waits.
    output logic [ Lanes*AccW-1:0] y_o
);
  if (Lanes < 1) begin : g_lanes_range
    $error("pm_tiny_mac: Lanes must be at least 1");
  end
  if (XBits < 2 || XBits > 16) begin : g_bits_range
    $error("pm_tiny_mac: XBits must be 2..16");
  end

  localparam int unsigned ProductW = XBits + W;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic [ProductW-1:0] multiply(input logic [XBits-1:0] x, input logic is_signed, input logic [W-1:0] w);
    logic signed [XBits:0] wide;
    wide = $signed({is_signed && x[XBits-1], x});
    multiply = ProductW'(wide * $signed(w));
  endfunction
  /* verilator lint_on VARHIDDEN */

  logic [Lanes*ProductW-1:0] product_q;
  logic [Lanes*AccW-1:0] acc_q;
  logic valid_q, last_q, first_q, y_valid_q, move;

  assign move      = !y_valid_q || y_ready_i;
  assign ready_o   = !valid_q || move;
  assign y_valid_o = y_valid_q;
  assign y_o       = acc_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q   <= 1'b0;
      first_q   <= 1'b1;
      y_valid_q <= 1'b0;
    end else begin
      if (ready_o) valid_q <= valid_i;
      if (move && valid_q) first_q <= last_q;
      if (move) y_valid_q <= valid_q && last_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (ready_o && valid_i) last_q <= last_i;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (ready_o && valid_i) product_q[i*ProductW+:ProductW] <= multiply(x_i[i*XBits+:XBits], signed_i, w_i[i*W+:W]);
      if (move && valid_q)
        acc_q[i*AccW+:AccW] <= (first_q ? '0 : acc_q[i*AccW+:AccW]) + AccW'($signed(product_q[i*ProductW+:ProductW]));
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_tiny_mac_fv.svh"
`endif
endmodule

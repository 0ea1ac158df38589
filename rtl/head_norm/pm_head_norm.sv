// SPDX-License-Identifier: Apache-2.0
/// A head's output over its softmax sum, with 4 fraction bits, without a divider. Leading one of Z and a table of 32
/// reciprocals, product, shift and saturation: three stages, one beat a clock.
module pm_head_norm #(
    /// Outputs a beat, at least 1.
    parameter int unsigned Lanes = 1,
    /// Bits of an output of A*V, signed, 1..48.
    parameter int unsigned OW    = 32,
    /// Bits of the softmax sum, 1..32.
    parameter int unsigned ZW    = 15
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Clears z_zero_o; a zero sum taken in the same clock wins.
    input  logic                clear_i,
    /// Beats of a head's outputs.
    input  logic                o_valid_i,
    output logic                o_ready_o,
    /// Element i at [i*OW +: OW], signed.
    input  logic [Lanes*OW-1:0] o_i,
    /// The sum Z of the head's row, the same for all beats of its vector.
    input  logic [      ZW-1:0] z_i,
    /// Beats of normalised outputs.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// 16*o/Z: (o * rec(Z)) >> min(bl(Z) + 3, 31), saturated to 32 bits; 0 where Z = 0.
    output logic [Lanes*32-1:0] y_o,
    /// Sticky: some beat came with Z = 0.
    output logic                z_zero_o
);
  if (Lanes < 1 || OW < 1 || OW > 48 || ZW < 1 || ZW > 32) begin : g_range
    $error("pm_head_norm: Lanes must be at least 1, OW 1..48, ZW 1..32");
  end

  localparam int unsigned PW = OW + 8;
  localparam logic [OW-1:0] Sign = OW'(1) << (OW - 1);

  logic [7:0] factor;
  // Digits of two bits: which of them are one, two, three.
  logic [3:0] one_q, two_q, three_q;
  logic [8:0] minus_q;
  logic [4:0] shift, shift1_q, shift2_q;
  logic [Lanes*OW-1:0] o_q;
  logic [Lanes*(OW+2)-1:0] triple, triple_q;
  logic en1, en2, en3, valid1_q, valid2_q, valid3_q, z_zero_q;
  logic [Lanes*PW-1:0] product, product_q;
  logic [Lanes*32-1:0] y, y_q;

  pm_norm_recip #(
      .ZW(ZW)
  ) u_recip (
      .z_i,
      .factor_o(factor),
      .shift_o (shift)
  );

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    // With the sign's bit inverted o is unsigned and 2^(OW-1) too large. Two bits of the factor at a time choose none, one, two
    // or three of it, so that four rows are added instead of eight: in carry-save form down to two, then split.
    logic [OW-1:0] raised, entering;
    logic [  OW+1:0] most;
    logic [4*PW-1:0] rows;
    logic [PW-1:0] sum, carry;
    assign raised   = o_q[i*OW+:OW] ^ Sign;
    assign entering = o_i[i*OW+:OW] ^ Sign;
    // The lowest bit of three times it is its own.
    pm_split_add #(
        .W(OW + 2)
    ) u_triple (
        .a_i  ((OW + 2)'(entering)),
        .b_i  ((OW + 2)'(entering) >> 1),
        .sum_o(most)
    );
    assign triple[i*(OW+2)+:OW+2] = {most[OW:0], entering[0]};
    logic unused_top;
    assign unused_top = most[OW+1];
    always_comb begin
      rows = '0;
      for (int unsigned k = 0; k < 4; k++) begin
        rows[k*PW+:PW] = (({PW{one_q[k]}} & PW'(raised)) | ({PW{two_q[k]}} & PW'({raised, 1'b0})) |
            ({PW{three_q[k]}} & PW'(triple_q[i*(OW+2)+:OW+2]))) << (2 * k);
      end
    end
    pm_carry_save_tree #(
        .N(5),
        .W(PW)
    ) u_tree (
        .x_i    ({rows, PW'(minus_q) << (OW - 1)}),
        .sum_o  (sum),
        .carry_o(carry)
    );
    pm_split_add #(
        .W(PW)
    ) u_product (
        .a_i  (sum),
        .b_i  (carry),
        .sum_o(product[i*PW+:PW])
    );

    pm_shift_sat #(
        .InW (PW),
        .OutW(32)
    ) u_shift (
        .x_i    (product_q[i*PW+:PW]),
        .shift_i(shift2_q),
        .y_o    (y[i*32+:32])
    );
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      valid3_q <= 1'b0;
      z_zero_q <= 1'b0;
    end else begin
      if (en1) valid1_q <= o_valid_i;
      if (en2) valid2_q <= valid1_q;
      if (en3) valid3_q <= valid2_q;
      if (o_valid_i && en1 && z_i == '0) z_zero_q <= 1'b1;
      else if (clear_i) z_zero_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en1) begin
      o_q      <= o_i;
      triple_q <= triple;
      for (int unsigned k = 0; k < 4; k++) begin
        one_q[k]   <= factor[2*k+:2] == 2'd1;
        two_q[k]   <= factor[2*k+:2] == 2'd2;
        three_q[k] <= factor[2*k+:2] == 2'd3;
      end
      minus_q  <= 9'd0 - 9'(factor);
      shift1_q <= shift;
    end
    if (en2) begin
      product_q <= product;
      shift2_q  <= shift1_q;
    end
    if (en3) y_q <= y;
  end

  assign en3       = !valid3_q || y_ready_i;
  assign en2       = !valid2_q || en3;
  assign en1       = !valid1_q || en2;
  assign o_ready_o = en1;
  assign y_valid_o = valid3_q;
  assign y_o       = y_q;
  assign z_zero_o  = z_zero_q;

`ifdef PERIMETER_FORMAL
  `include "pm_head_norm_fv.svh"
`endif
endmodule

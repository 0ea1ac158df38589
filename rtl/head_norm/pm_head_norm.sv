/// A head's output over its softmax sum, with 4 fraction bits, without a divider: leading one of Z, table of 32
/// reciprocals, product, shift, saturation. One beat a clock, two stages.
module pm_head_norm #(
    /// Outputs a beat.
    parameter int unsigned Lanes = 1,
    /// Bits of an output of A*V, signed, at most 48.
    parameter int unsigned OW    = 32,
    /// Bits of the softmax sum, at most 32.
    parameter int unsigned ZW    = 15
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Clears z_zero_o; a zero sum taken in the same clock wins.
    input  logic                clear_i,
    input  logic                o_valid_i,
    output logic                o_ready_o,
    input  logic [Lanes*OW-1:0] o_i,
    /// The sum Z of the head's row, the same for all beats of its vector.
    input  logic [      ZW-1:0] z_i,
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// (o * rec(Z)) >> min(bl(Z) + 3, 31), saturated to 32 bits; 0 where Z = 0.
    output logic [Lanes*32-1:0] y_o,
    /// Sticky: some beat came with Z = 0.
    output logic                z_zero_o
);
  localparam int unsigned PW = OW + 8;
  localparam int unsigned SW = PW > 33 ? PW : 33;

  if (Lanes < 1 || OW < 1 || OW > 48 || ZW < 1 || ZW > 32) $error("pm_head_norm: parameters");

  /// round(256*32 / (32 + i + 1/2)) - 128: 1.0 over the middle of the interval that i stands for.
  function logic [6:0] reciprocal(input logic [4:0] i);
    for (int unsigned j = 0; j < 32; j++) begin
      if (j == 0) reciprocal = '0;
      if (i == 5'(j)) reciprocal = 7'((32768 + 65 + 2 * j) / (2 * (65 + 2 * j)) - 128);
    end
  endfunction

  logic [4:0] position, below;
  logic [8:0] factor;
  logic en1, en2, valid1_q, valid2_q, z_zero_q;
  logic [4:0] shift_q;
  logic [Lanes*PW-1:0] product, product_q;
  logic signed [SW-1:0] shifted;
  logic [Lanes*32-1:0] y, y_q;

  always_comb begin
    position = '0;
    below    = '0;
    for (int unsigned p = 0; p < ZW; p++) begin
      if (z_i[p]) begin
        position = 5'(p);
        below    = 5'({z_i, 5'b0} >> p);
      end
    end
  end
  assign factor = z_i == '0 ? '0 : {2'b01, reciprocal(below)};

  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) begin
      product[i*PW+:PW] = PW'(signed'(o_i[i*OW+:OW])) * PW'(signed'(factor));
    end
  end

  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) begin
      shifted = SW'(signed'(product_q[i*PW+:PW])) >>> shift_q;
      if (shifted[SW-1:31] == {(SW - 31) {shifted[SW-1]}}) y[i*32+:32] = shifted[31:0];
      else y[i*32+:32] = {shifted[SW-1], {31{!shifted[SW-1]}}};
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
      z_zero_q <= 1'b0;
    end else begin
      if (en1) valid1_q <= o_valid_i;
      if (en2) valid2_q <= valid1_q;
      if (o_valid_i && en1 && z_i == '0) z_zero_q <= 1'b1;
      else if (clear_i) z_zero_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (en1) begin
      product_q <= product;
      shift_q   <= position > 5'd27 ? 5'd31 : position + 5'd4;
    end
    if (en2) y_q <= y;
  end

  assign en2       = !valid2_q || y_ready_i;
  assign en1       = !valid1_q || en2;
  assign o_ready_o = en1;
  assign y_valid_o = valid2_q;
  assign y_o       = y_q;
  assign z_zero_o  = z_zero_q;

`ifdef FORMAL
  `include "pm_head_norm_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// An arithmetic shift right, saturated to 32 bits.
module pm_norm_shift #(
    /// Bits of the input, signed, 1..56.
    parameter int unsigned W = 40
) (
    /// What is shifted, signed.
    input  logic [W-1:0] x_i,
    /// Places to the right, 0..31.
    input  logic [  4:0] shift_i,
    /// Saturated, signed.
    output logic [ 31:0] y_o
);
  localparam int unsigned SW = W > 33 ? W : 33;
  logic signed [SW-1:0] shifted;

  assign shifted = SW'(signed'(x_i)) >>> shift_i;
  assign y_o     = shifted[SW-1:31] == {(SW - 31) {shifted[SW-1]}} ? shifted[31:0] : {shifted[SW-1], {31{!shifted[SW-1]}}};
endmodule

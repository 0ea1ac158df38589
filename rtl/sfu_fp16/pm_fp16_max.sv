// SPDX-License-Identifier: Apache-2.0
/// The larger one of two numbers of binary16, NaN where one is: -0 is less than +0. Combinational.
module pm_fp16_max (
    /// A number.
    input  logic [15:0] a_i,
    /// The other one.
    input  logic [15:0] b_i,
    /// The larger one.
    output logic [15:0] y_o,
    /// It is NaN.
    output logic        nv_o
);
  logic [15:0] ka, kb;

  // Codes in the numbers' order.
  assign ka   = {!a_i[15], a_i[14:0] ^ {15{a_i[15]}}};
  assign kb   = {!b_i[15], b_i[14:0] ^ {15{b_i[15]}}};
  assign nv_o = a_i[14:0] > 15'h7C00 || b_i[14:0] > 15'h7C00;
  assign y_o  = nv_o ? 16'h7E00 : ka > kb ? a_i : b_i;
endmodule

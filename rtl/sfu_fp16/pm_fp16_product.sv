// SPDX-License-Identifier: Apache-2.0
/// The product of two significands. Combinational.
module pm_fp16_product (
    /// With the hidden one.
    input  logic [10:0] a_i,
    /// With the hidden one.
    input  logic [10:0] b_i,
    /// a * b.
    output logic [21:0] p_o
);
  assign p_o = {11'd0, a_i} * {11'd0, b_i};
endmodule

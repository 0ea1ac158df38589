// SPDX-License-Identifier: Apache-2.0
/// The size of a finite code of binary16 as a scale, exact. Combinational.
module pm_scale_code (
    /// The code.
    input  logic [15:0] x_i,
    /// The scale is m * 2^e: m, its top bit set, or 0.
    output logic [15:0] m_o,
    /// e, signed; 0 where m is 0.
    output logic [ 8:0] e_o
);
  logic [10:0] top;
  logic [5:0] e_top;
  logic zero;
  logic [2:0] unused;

  pm_fp16_normal u_normal (
      .x_i,
      .neg_o (unused[0]),
      .sig_o (top),
      .e_o   (e_top),
      .zero_o(zero),
      .inf_o (unused[1]),
      .nan_o (unused[2])
  );
  assign m_o = {top, 5'd0};
  assign e_o = zero ? '0 : {{3{e_top[5]}}, e_top} - 9'd30;
endmodule

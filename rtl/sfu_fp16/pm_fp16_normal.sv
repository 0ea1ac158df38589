// SPDX-License-Identifier: Apache-2.0
/// A significand with its leading one at the top. Combinational.
module pm_fp16_normal (
    /// With or without the hidden one.
    input  logic [10:0] sig_i,
    /// 1..30.
    input  logic [ 4:0] e_i,
    /// Shifted up; 0 stays 0.
    output logic [10:0] sig_o,
    /// e less the places, signed, -9..30.
    output logic [ 5:0] e_o
);
  logic [3:0] pos, up;
  logic none;

  pm_lead_one #(
      .W(11)
  ) u_lead (
      .x_i   (sig_i),
      .pos_o (pos),
      .none_o(none)
  );
  assign up    = none ? '0 : 4'd10 - pos;
  assign sig_o = sig_i << up;
  assign e_o   = {1'b0, e_i} - {2'b00, up};
endmodule

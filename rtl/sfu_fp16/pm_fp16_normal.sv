// SPDX-License-Identifier: Apache-2.0
/// A code of binary16 in parts, its significand with the leading one at the top. Combinational. A finite number is
/// sig * 2^(e - 25).
module pm_fp16_normal (
    /// The code.
    input  logic [15:0] x_i,
    /// Its sign.
    output logic        neg_o,
    /// Its top bit set, or 0.
    output logic [10:0] sig_o,
    /// Signed, -9..31, of a finite number at most 30.
    output logic [ 5:0] e_o,
    /// It is 0.
    output logic        zero_o,
    /// It is infinite.
    output logic        inf_o,
    /// It is none.
    output logic        nan_o
);
  logic [10:0] sig;
  logic [ 4:0] e;
  logic [3:0] pos, up;
  logic none;

  pm_fp16_parse u_parse (
      .x_i,
      .neg_o,
      .sig_o(sig),
      .e_o  (e),
      .zero_o,
      .inf_o,
      .nan_o
  );
  pm_lead_one #(
      .W(11)
  ) u_lead (
      .x_i   (sig),
      .pos_o (pos),
      .none_o(none)
  );
  assign up    = none ? '0 : 4'd10 - pos;
  assign sig_o = sig << up;
  assign e_o   = {1'b0, e} - {2'b00, up};
endmodule

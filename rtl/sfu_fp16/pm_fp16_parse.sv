// SPDX-License-Identifier: Apache-2.0
/// A code of binary16 in parts. Combinational. A finite number is sig * 2^(e - 25).
module pm_fp16_parse (
    /// The code.
    input  logic [15:0] x_i,
    /// Its sign.
    output logic        neg_o,
    /// With the hidden one, which a subnormal number lacks.
    output logic [10:0] sig_o,
    /// 1..31, of a finite number at most 30.
    output logic [ 4:0] e_o,
    /// It is 0.
    output logic        zero_o,
    /// It is infinite.
    output logic        inf_o,
    /// It is none.
    output logic        nan_o
);
  logic normal, top;

  assign normal = x_i[14:10] != '0;
  assign top    = x_i[14:10] == '1;
  assign neg_o  = x_i[15];
  assign sig_o  = {normal, x_i[9:0]};
  assign e_o    = x_i[14:10] | {4'd0, !normal};
  assign zero_o = x_i[14:0] == '0;
  assign inf_o  = top && x_i[9:0] == '0;
  assign nan_o  = top && x_i[9:0] != '0;
endmodule

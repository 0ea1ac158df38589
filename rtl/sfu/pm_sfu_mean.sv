// SPDX-License-Identifier: Apache-2.0
/// sum * 2^(emax - 5) / d to the nearest, halves up: a bit a step, 54 of them, of which the last ones are idle where there are
/// fewer places.
module pm_sfu_mean (
    input  logic        clk_i,
    /// The sum is taken; the steps begin anew.
    input  logic        load_i,
    /// A step.
    input  logic        step_i,
    /// Signed, |sum| < 2^28.
    input  logic [28:0] sum_i,
    /// 1..30.
    input  logic [ 4:0] emax_i,
    /// 1..2^13, stable from load_i on.
    input  logic [13:0] d_i,
    /// After the last step: the sum is negative.
    output logic        neg_o,
    /// The size, floored.
    output logic [40:0] size_o,
    /// 1 is to be added to it.
    output logic        up_o
);
  logic neg_q;
  logic [27:0] bits_q;
  logic [13:0] rest_q;
  logic [15:0] difference;
  logic [41:0] quotient_q;  // with a bit to round by
  logic [5:0] left_q;

  assign difference = {1'b0, rest_q, bits_q[27]} - {2'b00, d_i};

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      neg_q      <= sum_i[28];
      bits_q     <= sum_i[28] ? -sum_i[27:0] : sum_i[27:0];
      rest_q     <= '0;
      quotient_q <= '0;
      left_q     <= 6'd24 + 6'(emax_i);
    end else if (step_i && left_q != '0) begin
      bits_q     <= {bits_q[26:0], 1'b0};
      rest_q     <= difference[15] ? {rest_q[12:0], bits_q[27]} : difference[13:0];
      quotient_q <= {quotient_q[40:0], !difference[15]};
      left_q     <= left_q - 1'b1;
    end
  end

  // Half of a negative one goes up, too: towards 0.
  assign size_o = quotient_q[41:1];
  assign up_o   = quotient_q[0] && !(neg_q && rest_q == '0 && bits_q == '0);
  assign neg_o  = neg_q;

  logic unused_ok;
  assign unused_ok = difference[14];

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_mean_fv.svh"
`endif
endmodule

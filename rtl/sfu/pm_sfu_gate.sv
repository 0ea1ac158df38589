// SPDX-License-Identifier: Apache-2.0
/// x / (1 + e^-z), or x e^z / (1 + e^z) where x is negative, of x's parts and the exponential of -|z|: exact, two bits of the
/// quotient a clock, and rounded. Twelve clocks of en_i.
module pm_sfu_gate (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// x's significand, the leading one at the top; 0 where x is.
    input  logic [10:0] sig_i,
    /// |x| = sig * 2^(e - 25), signed.
    input  logic [ 5:0] e_i,
    /// x is negative.
    input  logic        neg_i,
    /// x is infinite.
    input  logic        inf_i,
    /// x is NaN.
    input  logic        nan_i,
    /// e^-|z| = m * 2^(-18 - q): m, 2^17..2^18.
    input  logic [18:0] m_i,
    /// q.
    input  logic [ 4:0] q_i,
    /// Code: 0 to x.
    output logic [15:0] y_o
);
  localparam int unsigned Divides = 8;  // clocks

  logic unused_nv, unused_of;
  // A stage of the division holds what is left, the divisor, and the bits that come under the quotient's.
  logic [(Divides+1)*19-1:0] rest_q, rest_d;
  logic [(Divides+1)*20-1:0] divisor_q;
  logic [(Divides+1)*16-1:0] quotient_q, quotient_d;
  logic [(Divides+1)*8-1:0] k_q;
  logic [(Divides+1)*3-1:0] flags_q;  // sign, infinity, NaN
  logic [29:0] above;
  logic [18:0] factor, gate;

  assign factor = neg_i ? m_i : 19'd262144;
  assign above  = 30'(sig_i) * 30'(factor);
  assign gate   = m_i >> q_i;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  // One bit: what is left, and the quotient with the bits to come.
  function logic [34:0] divide(input logic [18:0] rest, input logic [15:0] quotient, input logic [19:0] divisor);
    logic [20:0] difference;
    logic unused_top;
    difference = {1'b0, rest, quotient[15]} - {1'b0, divisor};
    unused_top = difference[19];
    divide = {difference[20] ? {rest[17:0], quotient[15]} : difference[18:0], quotient[14:0], !difference[20]};
  endfunction
  /* verilator lint_on VARHIDDEN */

  always_comb begin
    rest_d     = '0;
    quotient_d = '0;
    for (int unsigned i = 0; i < Divides; i++) begin
      {rest_d[(i+1)*19+:19], quotient_d[(i+1)*16+:16]} = divide(rest_q[i*19+:19], quotient_q[i*16+:16], divisor_q[i*20+:20]);
      {rest_d[(i+1)*19+:19], quotient_d[(i+1)*16+:16]} =
          divide(rest_d[(i+1)*19+:19], quotient_d[(i+1)*16+:16], divisor_q[i*20+:20]);
    end
    {rest_d[18:0], quotient_d[15:0]} = {above, 5'd0};
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      rest_q     <= rest_d;
      quotient_q <= quotient_d;
      divisor_q  <= {divisor_q[Divides*20-1:0], 20'd262144 + 20'(gate)};
      k_q        <= {k_q[Divides*8-1:0], 8'(signed'(e_i)) - 8'd31 - (neg_i ? 8'(q_i) : 8'd0)};
      flags_q    <= {flags_q[Divides*3-1:0], neg_i, inf_i, nan_i};
    end
  end

  logic end_neg, end_infinite, end_nan;
  assign {end_neg, end_infinite, end_nan} = flags_q[Divides*3+:3];
  pm_fp16_rn #(
      .AW (17),
      .KW (8),
      .Cut(1'b1)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(end_neg),
      .a_i  (end_infinite ? '0 : {quotient_q[Divides*16+:16], rest_q[Divides*19+:19] != '0}),
      .k_i  (k_q[Divides*8+:8]),
      .inf_i(end_infinite && !end_neg),
      .nan_i(end_nan),
      .y_o,
      .nv_o (unused_nv),
      .of_o (unused_of)
  );

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_gate_fv.svh"
`endif
endmodule

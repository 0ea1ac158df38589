// SPDX-License-Identifier: Apache-2.0
/// The quotient of an activation, x / (1 + e^-z), or x e^z / (1 + e^z) where x is negative: exact, two of its bits a clock, seven
/// clocks of en_i.
module pm_sfu_gate (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// |x|'s significand times 2^18, or times the exponential's mantissa.
    input  logic [28:0] above_i,
    /// e^-|z| in 2^-18, at most 2^18.
    input  logic [18:0] gate_i,
    /// 8 above / (2^18 + gate), floored.
    output logic [13:0] quotient_o,
    /// Something is left.
    output logic        rest_o
);
  localparam int unsigned Stages = 7;

  // A stage holds what is left, the gate, and the bits that come under the quotient's.
  logic [(Stages+1)*19-1:0] rest, next_rest;
  logic [Stages*19-1:0] rest_q, gate_q;
  logic [(Stages+1)*14-1:0] quotient, next_quotient;
  logic [Stages*14-1:0] quotient_q;
  logic [Stages*19-1:0] gate;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  // Two bits: what is left, and the quotient with the bits to come. The second difference is there for either first bit.
  function logic [32:0] divide(input logic [18:0] left, input logic [13:0] bits, input logic [18:0] by);
    logic [20:0] divisor, one, more, less, two;
    logic [18:0] kept;
    logic unused_top;
    divisor = {1'b0, by[18], !by[18], by[17:0]};
    one = {1'b0, left, bits[13]} - divisor;
    more = {one[19:0], bits[12]} - divisor;
    less = {left, bits[13:12]} - divisor;
    two = one[20] ? less : more;
    kept = one[20] ? {left[16:0], bits[13:12]} : {one[17:0], bits[12]};
    unused_top = ^{two[19], left[18:17]};
    divide = {two[20] ? kept : two[18:0], bits[11:0], !one[20], !two[20]};
  endfunction
  /* verilator lint_on VARHIDDEN */

  // One stage: two bits.
  always_comb begin
    rest          = {rest_q, 1'b0, above_i[28:11]};
    quotient      = {quotient_q, above_i[10:0], 3'd0};
    gate          = {gate_q[(Stages-1)*19-1:0], gate_i};
    next_rest     = '0;
    next_quotient = '0;
    for (int unsigned i = 0; i < Stages; i++) begin
      {next_rest[i*19+:19], next_quotient[i*14+:14]} = divide(rest[i*19+:19], quotient[i*14+:14], gate[i*19+:19]);
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      rest_q     <= next_rest[Stages*19-1:0];
      quotient_q <= next_quotient[Stages*14-1:0];
      gate_q     <= gate;
    end
  end
  assign quotient_o = quotient[Stages*14+:14];
  assign rest_o     = rest[Stages*19+:19] != '0;

  logic unused_ok;
  assign unused_ok = ^{next_rest[Stages*19+:19], next_quotient[Stages*14+:14], gate_q[(Stages-1)*19+:19]};

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_gate_fv.svh"
`endif
endmodule

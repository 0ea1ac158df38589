// SPDX-License-Identifier: Apache-2.0
/// 1 / z as a scale: the quotient of 2^34 and the first 18 bits of z, a bit a clock, rounded half up to 16 bits; of 0 it is 0.
module pm_scale_recip (
    input  logic        clk_i,
    input  logic        rst_ni,
    /// z_i is there: until done_o it stays, and what it was done for is taken with next_i.
    input  logic        valid_i,
    /// Unsigned.
    input  logic [31:0] z_i,
    /// The scale is there.
    output logic        done_o,
    /// It is taken.
    input  logic        next_i,
    /// Its m.
    output logic [15:0] m_o,
    /// Its e, signed.
    output logic [ 8:0] e_o
);
  localparam logic [4:0] Steps = 5'd18;

  logic [4:0] pos, step_q;
  logic none, fits;
  logic [31:0] high;
  logic [17:0] divisor, quotient_q;
  logic [18:0] rest_q;
  logic [17:0] left;
  logic [16:0] rounded;
  logic unused;

  pm_lead_one #(
      .W(32)
  ) u_lead (
      .x_i   (z_i),
      .pos_o (pos),
      .none_o(none)
  );
  assign high    = z_i << (5'd31 - pos);
  assign divisor = high[31:14];
  assign unused  = ^high[13:0];
  assign fits    = rest_q >= {1'b0, divisor};
  assign left    = rest_q[17:0] - (fits ? divisor : '0);
  assign rounded = 17'(quotient_q[17:1]) + 17'(quotient_q[0]);
  assign done_o  = step_q == Steps;
  assign m_o     = none ? '0 : rounded[16] ? 16'h8000 : rounded[15:0];
  assign e_o     = none ? '0 : 9'd0 - 9'd16 - {4'd0, pos} + 9'(rounded[16]);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) step_q <= '0;
    else if (next_i) step_q <= '0;
    else if (valid_i && !done_o) step_q <= step_q + 5'd1;
  end
  // The first bit is that of 2^17 over the divisor.
  always_ff @(posedge clk_i) begin
    if (next_i || !valid_i) begin
      rest_q <= 19'h20000;
    end else if (!done_o) begin
      rest_q     <= {left, 1'b0};
      quotient_q <= {quotient_q[16:0], fits};
    end
  end
`ifdef PERIMETER_FORMAL
  `include "pm_scale_recip_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// 1 / z as a scale: the quotient of 2^34 and the first 18 bits of z, a bit a clock, rounded half up to 16 bits; of 0 it is 0.
/// The scale is there 19 clocks after z.
module pm_scale_recip (
    input  logic        clk_i,
    input  logic        rst_ni,
    /// z_i is there, and stays until the clock of done_o; 0 in reset.
    input  logic        valid_i,
    /// Unsigned.
    input  logic [31:0] z_i,
    /// The scale is there, for this clock.
    output logic        done_o,
    /// Its m.
    output logic [15:0] m_o,
    /// Its e, signed.
    output logic [ 8:0] e_o
);
  /// The first clock is that of the first bits, then comes a bit of the quotient each.
  localparam logic [4:0] Steps = 5'd19;

  logic [4:0] pos, pos_q, step_q;
  logic none, none_q, fits;
  logic [31:0] high;
  logic [17:0] divisor_q, quotient_q, left;
  logic [18:0] rest_q;
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
  assign unused  = ^high[13:0];
  assign fits    = rest_q >= {1'b0, divisor_q};
  assign left    = rest_q[17:0] - (fits ? divisor_q : '0);
  assign rounded = 17'(quotient_q[17:1]) + 17'(quotient_q[0]);
  assign done_o  = step_q == Steps;
  assign m_o     = none_q ? '0 : rounded[16] ? 16'h8000 : rounded[15:0];
  assign e_o     = none_q ? '0 : 9'd0 - 9'd16 - {4'd0, pos_q} + 9'(rounded[16]);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) step_q <= '0;
    else if (valid_i) step_q <= done_o ? '0 : step_q + 5'd1;
  end
  // The quotient's first bit is that of 2^17 over the divisor.
  always_ff @(posedge clk_i) begin
    if (step_q == '0) begin
      divisor_q <= high[31:14];
      pos_q     <= pos;
      none_q    <= none;
      rest_q    <= 19'h20000;
    end else begin
      rest_q     <= {left, 1'b0};
      quotient_q <= {quotient_q[16:0], fits};
    end
  end
`ifdef PERIMETER_FORMAL
  `include "pm_scale_recip_fv.svh"
`endif
endmodule

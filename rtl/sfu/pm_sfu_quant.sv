// SPDX-License-Identifier: Apache-2.0
/// What a row's codes are multiplied by so that its largest magnitude amax is 127; 0 where amax is 0 or no number. A row every
/// 18 clocks; two wait.
///
/// x_ready_o depends on nothing outside.
module pm_sfu_quant (
    input  logic        clk_i,
    input  logic        rst_ni,
    /// Rows.
    input  logic        x_valid_i,
    output logic        x_ready_o,
    /// The code of amax, s * 2^(e - 25), the top bit of s at 10.
    input  logic [14:0] amax_i,
    /// Rows.
    output logic        y_valid_o,
    input  logic        y_ready_i,
    /// floor(127 * 2^20 / s), or 0.
    output logic [16:0] inverse_o,
    /// e, signed, -9..31.
    output logic [ 5:0] e_o,
    /// amax, or 0.
    output logic [14:0] amax_o
);
  logic neg, zero, infinite, nan, none_q, inverse_valid, inverse_ready;
  logic [10:0] sig;
  logic [5:0] e, e_q;
  logic [17:0] inverse;
  logic [14:0] amax_q;

  pm_fp16_normal u_normal (
      .x_i   ({1'b0, amax_i}),
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );
  pm_sfu_recip #(
      .W    (11),
      .Start(1016)
  ) u_recip (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .d_i      (sig),
      .y_valid_o(inverse_valid),
      .y_ready_i(inverse_ready),
      .r_o      (inverse)
  );
  always_ff @(posedge clk_i) begin
    if (x_valid_i && x_ready_o) begin
      e_q    <= e;
      none_q <= zero || infinite || nan;
      amax_q <= zero || infinite || nan ? '0 : amax_i;
    end
  end
  pm_fifo #(
      .Width(38),
      .Depth(2)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .valid_i(inverse_valid),
      .ready_o(inverse_ready),
      .data_i ({none_q ? 17'd0 : inverse[16:0], e_q, amax_q}),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .data_o ({inverse_o, e_o, amax_o})
  );

  logic unused_ok;
  assign unused_ok = ^{neg, inverse[17]};
endmodule

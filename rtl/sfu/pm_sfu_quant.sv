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
  logic neg, zero, infinite, nan, in_q, recip_ready, none_q, none2_q, inverse_valid, inverse_ready;
  logic [10:0] sig, sig_q;
  logic [5:0] e, e_q, e2_q;
  logic [17:0] inverse;
  logic [14:0] amax_q, amax2_q;

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
      .x_valid_i(in_q),
      .x_ready_o(recip_ready),
      .d_i      (sig_q),
      .y_valid_o(inverse_valid),
      .y_ready_i(inverse_ready),
      .r_o      (inverse)
  );
  assign x_ready_o = !in_q || recip_ready;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) in_q <= 1'b0;
    else if (x_ready_o) in_q <= x_valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (x_ready_o) begin
      sig_q  <= sig;
      e_q    <= e;
      none_q <= zero || infinite || nan;
      amax_q <= zero || infinite || nan ? '0 : amax_i;
    end
    if (recip_ready) {none2_q, e2_q, amax2_q} <= {none_q, e_q, amax_q};
  end
  pm_fifo #(
      .Width(38),
      .Depth(2)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .valid_i(inverse_valid),
      .ready_o(inverse_ready),
      .data_i ({none2_q ? 17'd0 : inverse[16:0], e2_q, amax2_q}),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .data_o ({inverse_o, e_o, amax_o})
  );

  logic unused_ok;
  assign unused_ok = ^{neg, inverse[17]};
endmodule

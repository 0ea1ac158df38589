// SPDX-License-Identifier: Apache-2.0
/// One code times its row's 127 / amax, to nearest even: three clocks of en_i.
module pm_sfu_narrow (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// Code, at most amax in magnitude.
    input  logic [15:0] x_i,
    /// floor(127 * 2^20 / s), amax = s * 2^(e - 25).
    input  logic [16:0] inv_i,
    /// e, signed, -9..30.
    input  logic [ 5:0] e_i,
    /// The row has no numbers: q is 0.
    input  logic        none_i,
    /// -127..127.
    output logic [ 7:0] q_o
);
  logic neg, zero, infinite, nan, neg_q, neg2_q, lost_q;
  logic [10:0] sig;
  logic [ 4:0] e;
  logic [27:0] product_q, shifted;
  logic [5:0] shift_q;
  logic [7:0] near_q, q;  // with the place to round by

  pm_fp16_parse u_parse (
      .x_i,
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );
  assign shifted = product_q >> shift_q;
  assign q       = {1'b0, near_q[7:1]} + 8'(near_q[0] && (lost_q || near_q[1]));

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      product_q <= none_i ? '0 : 28'(sig) * 28'(inv_i);
      shift_q   <= 6'd19 + e_i - 6'(e);  // 9..48: one place less than the quotient's
      neg_q     <= neg;
      near_q    <= shifted[7:0];
      lost_q    <= (product_q & ~({28{1'b1}} << shift_q)) != '0;
      neg2_q    <= neg_q;
      q_o       <= neg2_q ? -q : q;
    end
  end

  logic unused_ok;
  assign unused_ok = ^{zero, infinite, nan, shifted[27:8]};
endmodule

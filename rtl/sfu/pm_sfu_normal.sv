// SPDX-License-Identifier: Apache-2.0
/// One code less its row's mean, in 2^-24: three clocks of en_i, the code's place, the difference, its size.
module pm_sfu_normal (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// 1: without the mean; a zero keeps its sign. Configuration.
    input  logic        rms_i,
    /// Code.
    input  logic [15:0] x_i,
    /// The row's mean in 2^-24, signed, a clock later than the code.
    input  logic [41:0] mean_i,
    /// The difference is negative.
    output logic        neg_o,
    /// Its size.
    output logic [41:0] size_o
);
  logic neg, zero, infinite, nan, neg_q, sign_q;
  logic [10:0] sig;
  logic [4:0] e, up;
  logic [39:0] fixed_q;
  logic [42:0] mean, sum, sum_q, size;  // of the code's size and the mean, its sign turned where the code is positive

  pm_fp16_parse u_parse (
      .x_i,
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );
  assign up   = e - 5'd1;
  assign mean = rms_i ? '0 : 43'(signed'(mean_i));

  pm_add_halves #(
      .W(43)
  ) u_sum (
      .a_i({3'd0, fixed_q}),
      .b_i(mean ^ {43{!neg_q}}),
      .c_i(!neg_q),
      .s_o(sum)
  );
  pm_add_halves #(
      .W(43)
  ) u_size (
      .a_i('0),
      .b_i(sum_q ^ {43{sum_q[42]}}),
      .c_i(sum_q[42]),
      .s_o(size)
  );

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      fixed_q <= 40'(sig) << up;
      neg_q   <= neg;
      sum_q   <= sum;
      sign_q  <= neg_q;
      size_o  <= size[41:0];
      neg_o   <= (sum_q[42] ^ sign_q) && (rms_i || sum_q != '0);
    end
  end

  logic unused_ok;
  assign unused_ok = ^{zero, infinite, nan, size[42]};

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_normal_fv.svh"
`endif
endmodule

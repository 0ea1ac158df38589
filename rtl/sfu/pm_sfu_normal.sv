// SPDX-License-Identifier: Apache-2.0
/// One code less its row's mean, in 2^-24: two clocks of en_i, the code's place and the difference's size.
module pm_sfu_normal (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// 1: without the mean; a zero keeps its sign. Configuration.
    input  logic        rms_i,
    /// Code.
    input  logic [15:0] x_i,
    /// The row's mean is negative.
    input  logic        mean_neg_i,
    /// Its size in 2^-24, a clock later; 0 with rms_i.
    input  logic [40:0] mean_i,
    /// The difference is negative; of nothing whatever, but with rms_i.
    output logic        neg_o,
    /// Its size.
    output logic [41:0] size_o
);
  logic neg, zero, infinite, nan, neg_q, minus, minus_q, turned;
  logic [10:0] sig;
  logic [4:0] e, up;
  logic [39:0] fixed_q;  // its complement, of a difference
  logic [41:0] size;

  pm_fp16_parse u_parse (
      .x_i,
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );
  assign up    = e - 5'd1;
  assign minus = !rms_i && neg == mean_neg_i;
  pm_add_size #(
      .W(42)
  ) u_size (
      .a_i     ({1'b0, mean_i}),
      .b_i     ({{2{minus_q}}, fixed_q}),
      .minus_i (minus_q),
      .size_o  (size),
      .turned_o(turned)
  );

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      fixed_q <= (40'(sig) << up) ^ {40{minus}};
      neg_q   <= neg;
      minus_q <= minus;
      size_o  <= size;
      neg_o   <= neg_q ^ (minus_q && !turned);
    end
  end

  logic unused_ok;
  assign unused_ok = ^{zero, infinite, nan};

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_normal_fv.svh"
`endif
endmodule

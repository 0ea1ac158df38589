// SPDX-License-Identifier: Apache-2.0
/// a / b in binary16, correctly rounded: a bit of the quotient a clock, 15 of them, and what is left. The result is there
/// 19 clocks after its operands were taken.
///
/// x_ready_o depends on y_ready_i in the same clock where a result is there.
module pm_fp16_div (
    input  logic        clk_i,
    input  logic        rst_ni,
    /// Operands.
    input  logic        x_valid_i,
    output logic        x_ready_o,
    /// Dividend.
    input  logic [15:0] a_i,
    /// Divisor.
    input  logic [15:0] b_i,
    /// A result.
    output logic        y_valid_o,
    input  logic        y_ready_i,
    /// The quotient.
    output logic [15:0] y_o,
    /// It is NaN.
    output logic        nv_o,
    /// It is infinite and the dividend was not.
    output logic        of_o
);
  logic load, step;
  logic [1:0] neg, zero, infinite, nan;
  logic [10:0] norm_a, norm_b, divisor_q;
  logic [5:0] norm_ea, norm_eb;
  logic [11:0] rest_q, difference;
  logic [14:0] quotient_q;
  logic [ 6:0] k_q;
  logic neg_q, none_q, inf_q, by_zero_q, nan_q, of_inf;

  pm_fp16_serial #(
      .Steps(15),
      .Rest (3)
  ) u_serial (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .load_o(load),
      .step_o(step),
      .y_valid_o,
      .y_ready_i
  );
  pm_fp16_normal u_a (
      .x_i   (a_i),
      .neg_o (neg[0]),
      .sig_o (norm_a),
      .e_o   (norm_ea),
      .zero_o(zero[0]),
      .inf_o (infinite[0]),
      .nan_o (nan[0])
  );
  pm_fp16_normal u_b (
      .x_i   (b_i),
      .neg_o (neg[1]),
      .sig_o (norm_b),
      .e_o   (norm_eb),
      .zero_o(zero[1]),
      .inf_o (infinite[1]),
      .nan_o (nan[1])
  );

  assign difference = rest_q - {1'b0, divisor_q};

  always_ff @(posedge clk_i) begin
    if (load) begin
      rest_q    <= {1'b0, norm_a};
      divisor_q <= norm_b;
      k_q       <= {norm_ea[5], norm_ea} - {norm_eb[5], norm_eb} - 7'd15;
      neg_q     <= neg[0] ^ neg[1];
      none_q    <= zero[0] || infinite[1];
      inf_q     <= infinite[0] || zero[1];
      by_zero_q <= !infinite[0];
      nan_q     <= nan != '0 || zero == '1 || infinite == '1;
    end else if (step) begin
      rest_q     <= {difference[11] ? rest_q[10:0] : difference[10:0], 1'b0};
      quotient_q <= {quotient_q[13:0], !difference[11]};
    end
  end

  pm_fp16_rn #(
      .AW (16),
      .KW (7),
      .Cut(1'b1)
  ) u_rn (
      .clk_i,
      .en_i (1'b1),
      .neg_i(neg_q),
      .a_i  (none_q ? '0 : {quotient_q, rest_q != '0}),
      .k_i  (k_q),
      .inf_i(inf_q),
      .nan_i(nan_q),
      .y_o,
      .nv_o,
      .of_o (of_inf)
  );
  assign of_o = of_inf || (inf_q && by_zero_q && !nan_q);

`ifdef PERIMETER_FORMAL
  `include "pm_fp16_div_fv.svh"
`endif
endmodule

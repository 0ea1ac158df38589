// SPDX-License-Identifier: Apache-2.0
/// The square root in binary16, correctly rounded: a bit of the root a clock, 13 of them, and what is left. The result is there
/// 17 clocks after its operand was taken.
///
/// x_ready_o depends on y_ready_i in the same clock where a result is there.
module pm_fp16_sqrt (
    input  logic        clk_i,
    input  logic        rst_ni,
    /// The operand.
    input  logic        x_valid_i,
    output logic        x_ready_o,
    /// Its code.
    input  logic [15:0] a_i,
    /// A result.
    output logic        y_valid_o,
    input  logic        y_ready_i,
    /// The root; of -0, -0.
    output logic [15:0] y_o,
    /// It is NaN, as below -0.
    output logic        nv_o
);
  logic load, step, neg, zero, infinite, nan, odd;
  logic [10:0] norm;
  logic [5:0] norm_e, k_q;
  logic [25:0] radicand_q;
  logic [14:0] rest_q;
  logic [16:0] next;
  logic [15:0] difference;
  logic [12:0] root_q;
  logic neg_q, inf_q, nan_q, unused_of;

  pm_fp16_serial #(
      .Steps(13),
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
      .neg_o (neg),
      .sig_o (norm),
      .e_o   (norm_e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );

  // The exponent of two is e - 25: odd where e is even.
  assign odd        = !norm_e[0];
  assign next       = {rest_q, radicand_q[25:24]};
  assign difference = next[15:0] - {1'b0, root_q, 2'b01};

  always_ff @(posedge clk_i) begin
    if (load) begin
      radicand_q <= odd ? {norm, 15'd0} : {1'b0, norm, 14'd0};
      rest_q     <= '0;
      root_q     <= '0;
      k_q        <= {norm_e[5], norm_e[5:1]} - 6'd20 - 6'(odd);
      neg_q      <= neg;
      inf_q      <= infinite;
      nan_q      <= nan || (neg && !zero);
    end else if (step) begin
      radicand_q <= {radicand_q[23:0], 2'b00};
      rest_q     <= difference[15] ? next[14:0] : difference[14:0];
      root_q     <= {root_q[11:0], !difference[15]};
    end
  end

  pm_fp16_rn #(
      .AW (14),
      .KW (6),
      .Cut(1'b1)
  ) u_rn (
      .clk_i,
      .en_i (1'b1),
      .neg_i(neg_q),
      .a_i  ({root_q, rest_q != '0}),
      .k_i  (k_q),
      .inf_i(inf_q),
      .nan_i(nan_q),
      .y_o,
      .nv_o,
      .of_o (unused_of)
  );

  logic unused_next;
  assign unused_next = next[16];

`ifdef PERIMETER_FORMAL
  `include "pm_fp16_sqrt_fv.svh"
`endif
endmodule

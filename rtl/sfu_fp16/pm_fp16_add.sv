// SPDX-License-Identifier: Apache-2.0
/// a + b in binary16, correctly rounded: five clocks of en_i, or combinational. The smaller one is shifted to the larger one's
/// exponent with three places below, the last of which stands for all that is lost: where two or more are, the sum loses at most
/// one place in front.
module pm_fp16_add #(
    /// 1: five registers; 0: combinational.
    parameter bit Cut = 1'b1
) (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// A summand.
    input  logic [15:0] a_i,
    /// The other one.
    input  logic [15:0] b_i,
    /// Their sum.
    output logic [15:0] y_o,
    /// It is NaN.
    output logic        nv_o,
    /// It is infinite and no summand was.
    output logic        of_o
);
  logic swap, same, differ, differ_q, neg, neg_q, neg2_q, infinite, inf_q, inf2_q, nan, nan_q, nan2_q;
  logic [15:0] more, less;
  logic neg_more, neg_less, inf_more, nan_more, nan_less, lost;
  logic [10:0] sig_more, sig_less, sig_more_q;
  logic [4:0] e_more, e_less, distance, e_q, e2_q;
  logic [13:0] placed, shifted, shifted_q;
  logic [14:0] sum, sum_q;
  logic [2:0] unused_ok;

  assign swap = b_i[14:0] > a_i[14:0];
  assign same = b_i[14:0] == a_i[14:0];
  assign more = swap ? b_i : a_i;
  assign less = swap ? a_i : b_i;

  pm_fp16_parse u_more (
      .x_i   (more),
      .neg_o (neg_more),
      .sig_o (sig_more),
      .e_o   (e_more),
      .zero_o(unused_ok[0]),
      .inf_o (inf_more),
      .nan_o (nan_more)
  );
  pm_fp16_parse u_less (
      .x_i   (less),
      .neg_o (neg_less),
      .sig_o (sig_less),
      .e_o   (e_less),
      .zero_o(unused_ok[1]),
      .inf_o (unused_ok[2]),
      .nan_o (nan_less)
  );

  always_comb begin
    differ   = neg_more ^ neg_less;
    neg      = neg_more && !(differ && same);
    infinite = inf_more;
    nan      = nan_more || nan_less || (differ && same && inf_more);
    distance = e_more - e_less;
    placed   = {sig_less, 3'd0};
    shifted  = placed >> distance;
    lost     = (placed & ~({14{1'b1}} << distance)) != '0;
  end

  pm_fp16_stage #(
      .W  (34),
      .Cut(Cut)
  ) u_align (
      .clk_i,
      .en_i,
      .d_i({sig_more, shifted[13:1], shifted[0] || lost, e_more, differ, neg, infinite, nan}),
      .q_o({sig_more_q, shifted_q, e_q, differ_q, neg_q, inf_q, nan_q})
  );

  assign sum = {1'b0, sig_more_q, 3'd0} + ({1'b0, shifted_q} ^ {15{differ_q}}) + 15'(differ_q);

  pm_fp16_stage #(
      .W  (23),
      .Cut(Cut)
  ) u_sum (
      .clk_i,
      .en_i,
      .d_i({sum, e_q, neg_q, inf_q, nan_q}),
      .q_o({sum_q, e2_q, neg2_q, inf2_q, nan2_q})
  );

  pm_fp16_rn #(
      .AW (15),
      .KW (6),
      .Cut(Cut)
  ) u_rn (
      .clk_i,
      .en_i,
      .neg_i(neg2_q),
      .a_i  (sum_q),
      .k_i  ({1'b0, e2_q} - 6'd28),
      .inf_i(inf2_q),
      .nan_i(nan2_q),
      .y_o,
      .nv_o,
      .of_o
  );
endmodule

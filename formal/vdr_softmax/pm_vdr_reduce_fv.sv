// SPDX-License-Identifier: Apache-2.0
// The shared-multiples form against the plain division, for every table that a host can make and every distance: the same quotient and remainder up to q = 8, zero from 9 on.
module pm_vdr_reduce_fv (
    input logic [10:0] distance_i,
    input logic [11:0] l_i,
    input logic [13:0] b_i
);
  logic [ 3:0] q, plain_q;
  logic [14:0] plain_rem;
  logic [ 1:0] quarter;
  logic [11:0] left;
  logic [13:0] arg;
  logic [55:0] b;
  logic far, zero;
  always_comb for (int i = 0; i < 4; i++) b[i*14+:14] = b_i + 14'(2 * i) * {2'd0, l_i};

  pm_vdr_reduce u_dut (
      .distance_i,
      .l_i,
      .quarter_o(quarter),
      .left_o   (left),
      .far_o    (far),
      .quarter_i(quarter),
      .left_i   (left),
      .l2_i     (l_i),
      .l3_i     (14'd3 * {2'd0, l_i}),
      .b_i      (b),
      .q_o      (q),
      .arg_o    (arg),
      .zero_o   (zero)
  );
  pm_vdr_divide u_plain (.distance_i, .l_i, .q_o(plain_q), .rem_o(plain_rem));

  always_comb begin
    assume (l_i >= 1408 && l_i <= 2848);
    zero_is : assert ((far || zero) == (plain_q >= 9));
    if (plain_q < 9) begin
      quotient : assert (q == plain_q);
      argument : assert (arg == b_i - {plain_rem[12:0], 1'b0});
    end
    // What pm_vdr_exp saturates gives q of 9 or more, thus 0.
    saturated : assert (16'd32768 >= 16'd9 * {4'd0, l_i});
`ifdef CANARY
    canary : assert (!(plain_q == 4'd8 && plain_rem == 15'd16 && !zero));
`endif
  end
endmodule

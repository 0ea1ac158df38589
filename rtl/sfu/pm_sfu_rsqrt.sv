// SPDX-License-Identifier: Apache-2.0
/// 2^25 over the square root of w, floored, a bit a step, 17 of them; and its product with d beside it, a clock later. What is
/// left of 2^50 - r^2 w and the product r w are kept, so that a step is two sums.
module pm_sfu_rsqrt (
    input  logic        clk_i,
    /// w is taken; the steps begin anew.
    input  logic        load_i,
    /// A step: in the 17 clocks after load_i.
    input  logic        step_i,
    /// 2^16..2^18 - 1.
    input  logic [17:0] w_i,
    /// Stable from load_i to a clock after the last step; at most 2^13.
    input  logic [13:0] d_i,
    /// The largest r below 2^17 with r^2 w <= 2^50, after 17 steps.
    output logic [16:0] r_o,
    /// d r, a clock later.
    output logic [30:0] dr_o
);
  logic [17:0] w_q, less_q;  // and its complement
  logic [16:0] r_q;
  logic [34:0] rw_q;
  logic [37:0] rest_q;  // in 2^(2 i), i the place of the next bit
  logic [38:0] difference, taken, single, saved;
  logic [34:0] rw, rw_more;
  logic [30:0] dr, dr_q;
  logic more, step_q;

  // With the bit, (4 r + 1) w more is taken away, r in the bit's place: three numbers as two.
  assign taken  = ~{2'b00, rw_q, 2'b00};
  assign single = {21'h1FFFFF, less_q};
  assign saved  = ({1'b0, rest_q} & taken) | ({1'b0, rest_q} & single) | (taken & single);
  pm_add_halves #(
      .W(39)
  ) u_difference (
      .a_i({1'b0, rest_q} ^ taken ^ single),
      .b_i({saved[37:0], 1'b1}),
      .c_i(1'b1),
      .s_o(difference)
  );
  assign rw = {rw_q[33:0], 1'b0};
  pm_add_halves #(
      .W(35)
  ) u_more (
      .a_i(rw),
      .b_i(35'(w_q)),
      .c_i(1'b0),
      .s_o(rw_more)
  );
  pm_add_halves #(
      .W(31)
  ) u_dr (
      .a_i({dr_q[29:0], 1'b0}),
      .b_i(r_q[0] ? 31'(d_i) : '0),
      .c_i(1'b0),
      .s_o(dr)
  );
  assign more = !difference[38];

  always_ff @(posedge clk_i) begin
    if (load_i) begin
      w_q    <= w_i;
      less_q <= ~w_i;
      r_q    <= '0;
      rw_q   <= '0;
      rest_q <= 38'd262144;
    end else begin
      if (step_i) r_q <= {r_q[15:0], more};
      rw_q   <= more ? rw_more : rw;
      rest_q <= {more ? difference[35:0] : rest_q[35:0], 2'b00};
    end
    step_q <= step_i;
    if (load_i) dr_q <= '0;
    else if (step_q) dr_q <= dr;
  end
  assign r_o  = r_q;
  assign dr_o = dr_q;

  logic unused_ok;
  assign unused_ok = ^{difference[37:36], saved[38]};

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_rsqrt_fv.svh"
`endif
endmodule

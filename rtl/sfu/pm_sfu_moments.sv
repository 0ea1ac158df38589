// SPDX-License-Identifier: Apache-2.0
/// A row's sums to its mean and the reciprocal of its deviation: d^2 times the variance, and epsilon d^2, bit by bit; their sum
/// in a common place; its reciprocal square root; rounding, in three clocks behind, in which the next row begins. A row every 55
/// clocks.
///
/// x_ready_o depends on y_ready_i in the same clock where a result is there.
module pm_sfu_moments (
    input  logic        clk_i,
    input  logic        rst_ni,
    /// 1: the mean is 0. Configuration, as all up to n_i: stable while a row is inside.
    input  logic        rms_i,
    /// Epsilon is m * 2^e: m.
    input  logic [15:0] m_i,
    /// Signed, -200..200.
    input  logic [ 8:0] e_i,
    /// d: elements of a row, 1..2^13.
    input  logic [13:0] n_i,
    /// Rows.
    input  logic        x_valid_i,
    output logic        x_ready_o,
    /// Sum of integers, signed, of 2^(emax - 29) each.
    input  logic [28:0] s1_i,
    /// Sum of their squares.
    input  logic [42:0] s2_i,
    /// 1..30.
    input  logic [ 4:0] emax_i,
    /// Goes beside.
    input  logic        none_i,
    /// Results.
    output logic        y_valid_o,
    input  logic        y_ready_i,
    /// What went beside.
    output logic        none_o,
    /// The mean in 2^-24, its sign and its size.
    output logic [41:0] mean_o,
    /// The reciprocal of the deviation is c * 2^k: c, of 16 bits.
    output logic [15:0] c_o,
    /// Signed.
    output logic [ 9:0] k_o
);
  // Clocks, counted from 1: the last of the sums' bits; the root's operand is there; the last of its bits.
  localparam logic [5:0] Sums = 6'd29;
  localparam logic [5:0] Root = 6'd33;
  localparam logic [5:0] RootEnd = 6'd50;

  logic load, step, done, en, none_q;
  logic [ 5:0] count_q;  // of the clock
  // Bits.
  logic [28:0] size;
  logic [27:0] s1_q, square_bits_q;
  logic [42:0] s2_q;
  logic [ 4:0] emax_q;
  logic [13:0] n_bits_q;
  logic [57:0] s2_now, s1_now;
  logic [27:0] s1_now_q;
  logic [57:0] v, v_taken, v_saved;
  logic signed [57:0] v_q;
  logic [29:0] mn, mn_q, mn_now_q;
  logic [43:0] add, add_q;
  // Places.
  logic signed [10:0] h, over;
  logic [8:0] down, down_q;
  logic signed [10:0] place, place_q;
  logic [57:0] v_down_q;
  logic [63:0] add_placed, add_placed_q, w, w_q;
  logic [42:0] s2_now_q;
  logic [5:0] lead, add_down;
  logic [6:0] t, up;
  logic [5:0] t_half_q;  // t is even, as s is
  logic none;
  logic [17:0] w_top;
  logic [16:0] unused_r;
  // The product.
  logic [30:0] dr;
  logic [4:0] dr_lead, dr_lead_q;
  logic [30:0] dr_placed;
  logic [16:0] near_q, rounded;
  logic [9:0] half_q;
  logic [5:0] top_q;
  logic [4:0] emax2_q;
  logic mean_neg, mean_up, up_q;
  logic [40:0] mean;
  logic [41:0] mean_q;
  logic [21:0] low_q;
  logic [20:0] high_q;
  logic [15:0] c_q, c2_q;
  logic [9:0] k2_q;
  logic unused_none;

  pm_fp16_serial #(
      .Steps(54),
      .Rest (0)
  ) u_serial (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .load_o(load),
      .step_o(step),
      .y_valid_o(done),
      .y_ready_i(en)
  );
  pm_sfu_valid #(
      .Stages(3),
      .W     (1)
  ) u_valid (
      .clk_i,
      .rst_ni,
      .valid_i(done),
      .side_i (none_q),
      .skip_i ('0),
      .ready_i(y_ready_i),
      .en_o   (en),
      .valid_o(y_valid_o),
      .side_o (none_o)
  );

  // s: what lies more than 20 places below epsilon's is cut, an even number of places.
  assign s2_now  = 58'(s2_now_q);
  assign s1_now  = 58'(s1_now_q);
  // Twice v, s2, less s1: three numbers as two.
  assign v_taken = ~s1_now;
  assign v_saved = ({v_q[56:0], 1'b0} & s2_now) | ({v_q[56:0], 1'b0} & v_taken) | (s2_now & v_taken);
  pm_add_halves #(
      .W(58)
  ) u_v (
      .a_i({v_q[56:0], 1'b0} ^ s2_now ^ v_taken),
      .b_i({v_saved[56:0], 1'b1}),
      .c_i(1'b0),
      .s_o(v)
  );
  pm_add_halves #(
      .W(44)
  ) u_add (
      .a_i({add_q[42:0], 1'b0}),
      .b_i(44'(mn_now_q)),
      .c_i(1'b0),
      .s_o(add)
  );
  pm_add_halves #(
      .W(30)
  ) u_mn (
      .a_i({mn_q[28:0], 1'b0}),
      .b_i(n_bits_q[13] ? 30'(m_i) : '0),
      .c_i(1'b0),
      .s_o(mn)
  );
  pm_add_halves #(
      .W(64)
  ) u_w (
      .a_i(64'(v_down_q)),
      .b_i(add_placed_q),
      .c_i(1'b0),
      .s_o(w)
  );
  assign size  = s1_i[28] ? -s1_i : s1_i;
  assign h     = 11'(signed'(e_i)) - 11'sd2 * (11'(signed'({6'd0, emax_q})) - 11'sd29);
  assign over  = h - 11'sd20;
  assign down  = over <= 0 ? '0 : over[8:0] + 9'(over[0]);
  assign place = h - signed'({2'b00, down});

  always_ff @(posedge clk_i) begin
    if (load) begin
      count_q       <= 6'd1;
      s2_now_q      <= '0;
      s1_now_q      <= '0;
      mn_now_q      <= '0;
      s1_q          <= size[27:0];
      square_bits_q <= rms_i ? '0 : size[27:0];
      s2_q          <= s2_i;
      emax_q        <= emax_i;
      none_q        <= none_i;
      n_bits_q      <= n_i;
      v_q           <= '0;
      mn_q          <= '0;
      add_q         <= '0;
    end else begin
      if (step) count_q <= count_q + 1'b1;
      // A clock before they are added.
      if (step) begin
        s1_now_q <= square_bits_q[27] ? s1_q : '0;
        s2_now_q <= count_q >= 6'd15 && n_bits_q[13] ? s2_q : '0;
        mn_now_q <= count_q >= 6'd15 && n_bits_q[13] ? mn_q : '0;
      end
      if (step && count_q <= Sums) begin
        n_bits_q      <= {n_bits_q[12:0], n_bits_q[13]};
        square_bits_q <= {square_bits_q[26:0], 1'b0};
        v_q           <= v;
        if (count_q <= 6'd14) mn_q <= mn;
        else add_q <= add;
      end
    end
    down_q       <= down;
    place_q      <= place;
    v_down_q     <= down_q >= 9'd58 ? '0 : v_q >>> down_q;
    add_placed_q <= add_placed;
    w_q          <= w;
    t_half_q     <= t[6:1];
    dr_lead_q    <= dr_lead;
    near_q       <= dr_placed[16:0];
  end

  // Epsilon d^2 in its place: up by 20 at most.
  always_comb begin
    add_down = 6'(-place_q);
    if (!place_q[10]) add_placed = 64'(add_q) << place_q[4:0];
    else add_placed = place_q <= -11'sd44 ? '0 : 64'(add_q) >> add_down;
  end

  pm_lead_one #(
      .W(64)
  ) u_lead (
      .x_i   (w_q),
      .pos_o (lead),
      .none_o(none)
  );
  // The first 17 or 18 bits, so that an even number of places is cut; a sum of 0 counts as 1.
  assign t     = {1'b0, lead} - 7'd17 + 7'(!lead[0]);
  assign up    = 7'd17 + {t_half_q, 1'b0};
  assign w_top = 18'({w_q[63:1], w_q[0] || none, 17'd0} >> up);
  pm_sfu_rsqrt u_rsqrt (
      .clk_i,
      .load_i(count_q == Root),
      .step_i(count_q > Root && count_q <= RootEnd),
      .w_i   (w_top),
      .d_i   (n_i),
      .r_o   (unused_r),
      .dr_o  (dr)
  );
  pm_lead_one #(
      .W(31)
  ) u_dr_lead (
      .x_i   (dr),
      .pos_o (dr_lead),
      .none_o(unused_none)
  );

  // Its first 16 bits, half up.
  assign dr_placed = dr >> (dr_lead_q - 5'd16);
  assign rounded   = {1'b0, near_q[16:1]} + 17'(near_q[0]);
  always_ff @(posedge clk_i) begin
    if (en) begin
      c_q     <= rounded[16] ? 16'h8000 : rounded[15:0];
      top_q   <= 6'(dr_lead_q) + 6'(rounded[16]);
      half_q  <= 10'(signed'(t_half_q)) + 10'(down_q[8:1]);
      emax2_q <= emax_q;
      mean_q  <= {mean_neg, mean};
      up_q    <= mean_up;
      c2_q    <= c_q;
      k2_q    <= 10'(top_q) - 10'd11 - half_q - 10'(emax2_q);
      low_q   <= {1'b0, mean_q[20:0]} + 22'(up_q);
      high_q  <= mean_q[41:21];
      c_o     <= c2_q;
      k_o     <= k2_q;
      mean_o  <= {high_q[20], high_q[19:0] + 20'(low_q[21]), low_q[20:0]};
    end
  end

  pm_sfu_mean u_mean (
      .clk_i,
      .load_i(load),
      .step_i(step),
      .sum_i (rms_i ? '0 : s1_i),
      .emax_i,
      .d_i   (n_i),
      .neg_o (mean_neg),
      .size_o(mean),
      .up_o  (mean_up)
  );

  logic unused_ok;
  assign unused_ok = ^{size[28], dr_placed[30:17], t[0], down_q[0], v_saved[57]};
endmodule

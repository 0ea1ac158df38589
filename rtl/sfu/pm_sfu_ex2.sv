// SPDX-License-Identifier: Apache-2.0
/// The mantissa of 2^-f: Taylor's series of second order around the nearest of 16 segments' middles (HyFlexPIM section 3.1). Six
/// clocks of en_i: u = r ln 2, its size, the square, the series less 1, its product with the table as two numbers, their sum.
module pm_sfu_ex2 #(
    /// Bits that go beside, at least 1.
    parameter int unsigned SideW = 1
) (
    input  logic             clk_i,
    /// The registers move on.
    input  logic             en_i,
    /// f, in 2^-18.
    input  logic [     17:0] f_i,
    /// What goes beside.
    input  logic [SideW-1:0] side_i,
    /// 2^-f, in 2^-18: 2^17..2^18.
    output logic [     18:0] m_o,
    /// What went beside.
    output logic [SideW-1:0] side_o
);
  if (SideW < 1) begin : g_range
    $error("pm_sfu_ex2: SideW must be at least 1");
  end

  // round(2^(18 - j/16)), j = 16 first.
  localparam logic [17*19-1:0] Table = {
    19'd131072,
    19'd136875,
    19'd142935,
    19'd149263,
    19'd155872,
    19'd162773,
    19'd169979,
    19'd177505,
    19'd185364,
    19'd193571,
    19'd202141,
    19'd211090,
    19'd220436,
    19'd230195,
    19'd240387,
    19'd251030,
    19'd262144
  };

  /// The table's number times the series, below 2^39.
  localparam int unsigned W = 39;

  logic [4:0] j, j1_q, j2_q, j3_q;
  logic [13:0] r;
  logic [33:0] turned, turn_sum, turn_carry;
  logic [10*34-1:0] turn;
  logic signed [15:0] u, u1_q, u2_q, u3_q, v_q;
  logic [15:0] size_q;
  logic [31:0] square, rounded;
  logic [9:0] square_q;
  logic [18:0] table_q;
  logic [17*W-1:0] row;
  logic [W-1:0] sum, carry, sum_q, carry_q, product;
  logic [6*SideW-1:0] side_q;

  // |r - 2^13| <= 2^13 in 2^-18, |u| <= 22,713.
  assign j      = {1'b0, f_i[17:14]} + 5'(f_i[13]);
  assign r      = {!f_i[13], f_i[12:0]};
  // 726,817 r in its nine ones, less 726,817 * 2^13, and a half.
  assign turn = {
    34'h29D1DE000,
    34'(r),
    34'(r) << 5,
    34'(r) << 8,
    34'(r) << 9,
    34'(r) << 10,
    34'(r) << 12,
    34'(r) << 16,
    34'(r) << 17,
    34'(r) << 19
  };
  pm_carry_save_tree #(
      .N(10),
      .W(34)
  ) u_turn (
      .x_i    (turn),
      .sum_o  (turn_sum),
      .carry_o(turn_carry)
  );
  pm_split_add #(
      .W(34)
  ) u_turned (
      .a_i  (turn_sum),
      .b_i  (turn_carry),
      .sum_o(turned)
  );
  assign u      = turned[33:18];

  pm_vdr_square #(
      .W(16)
  ) u_square (
      .u_i     (size_q),
      .square_o(square)
  );
  assign rounded = square + 32'd1048576;

  // The table's number times 2^20 + v, and a half; v's sign is a row that is taken away.
  always_comb begin
    for (int unsigned i = 0; i < 15; i++) row[i*W+:W] = v_q[i] ? W'(table_q) << i : '0;
    row[15*W+:W] = v_q[15] ? {~(24'(table_q)), 15'd0} : '0;
    row[16*W+:W] = {table_q, 4'b1000, v_q[15], 15'd0};
  end
  pm_carry_save_tree #(
      .N(17),
      .W(W)
  ) u_rows (
      .x_i    (row),
      .sum_o  (sum),
      .carry_o(carry)
  );
  pm_add_halves #(
      .W(W)
  ) u_product (
      .a_i(sum_q),
      .b_i(carry_q),
      .c_i(1'b0),
      .s_o(product)
  );

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      u1_q     <= u;
      j1_q     <= j;
      size_q   <= u1_q[15] ? -u1_q : u1_q;
      u2_q     <= u1_q;
      u3_q     <= u2_q;
      square_q <= rounded[30:21];
      j2_q     <= j1_q;
      j3_q     <= j2_q;
      v_q      <= 16'(signed'({1'b0, square_q})) - u3_q;
      table_q  <= Table[j3_q*19+:19];
      sum_q    <= sum;
      carry_q  <= carry;
      m_o      <= product[38:20];
      side_q   <= {side_q[5*SideW-1:0], side_i};
    end
  end
  assign side_o = side_q[5*SideW+:SideW];

  logic unused_ok;
  assign unused_ok = ^{turned[17:0], rounded[31], rounded[20:0], product[19:0]};
endmodule

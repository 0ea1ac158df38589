// SPDX-License-Identifier: Apache-2.0
/// The mantissa of 2^-f: Taylor's series of second order around the nearest of 16 segments' middles (HyFlexPIM section 3.1). Six
/// clocks of en_i: u = r ln 2, its size, the square, the series less 1, its product with the table in two halves, their sum.
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

  logic [4:0] j, j1_q, j2_q, j3_q;
  logic signed [13:0] r;
  logic signed [34:0] turned;
  logic signed [15:0] u, u1_q, u2_q, u3_q, v_q;
  logic [15:0] size_q;
  logic [31:0] square, rounded;
  logic [9:0] square_q;
  logic [18:0] table4_q, table5_q;
  logic [27:0] low_q;
  logic signed [25:0] high_q;
  logic signed [35:0] product;
  logic [6*SideW-1:0] side_q;

  // |r| <= 2^13 in 2^-18, |u| <= 22,713.
  assign j      = {1'b0, f_i[17:14]} + 5'(f_i[13]);
  assign r      = f_i[13:0];
  assign turned = 35'(r) * 35'sd726817 + 35'sd131072;
  assign u      = turned[33:18];

  pm_vdr_square #(
      .W(16)
  ) u_square (
      .u_i     (size_q),
      .square_o(square)
  );
  assign rounded = square + 32'd1048576;

  // The table's number times v, v = its upper bits * 2^9 + its lower ones.
  assign product = 36'(signed'({1'b0, low_q})) + (36'(high_q) <<< 9) + 36'sd524288;

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
      table4_q <= Table[j3_q*19+:19];
      low_q    <= 28'(table4_q) * 28'(v_q[8:0]);
      high_q   <= signed'({7'd0, table4_q}) * 26'(signed'(v_q[15:9]));
      table5_q <= table4_q;
      m_o      <= table5_q + 19'(signed'(product[35:20]));
      side_q   <= {side_q[5*SideW-1:0], side_i};
    end
  end
  assign side_o = side_q[5*SideW+:SideW];

  logic unused_ok;
  assign unused_ok = ^{turned[34], turned[17:0], rounded[31], rounded[20:0], product[19:0]};
endmodule

// SPDX-License-Identifier: Apache-2.0
/// The exponent of an activation, z(x) log2(e) = xs g / 2^33, of one code of binary16: the size xs of x in 2^-15, and a
/// polynomial g in w = x^2, whose coefficients are a kind's. Six clocks of en_i.
module pm_sfu_act (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// 0 gelu, 1 gelu by tanh, 2 silu. Configuration.
    input  logic [ 1:0] kind_i,
    /// Code; its sign does not matter.
    input  logic [15:0] x_i,
    /// The same code, five clocks later.
    input  logic [15:0] late_i,
    /// xs.
    output logic [19:0] xs_o,
    /// g.
    output logic [20:0] g_o
);
  logic [19:0] xs_q;
  logic [35:0] square, square_q, product;
  logic [20:0] w_q, w2_q;
  logic [29:0] fifth;  // 266 w
  logic [14:0] inner_q;
  logic [28:0] low_q;
  logic [27:0] high_q;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic [19:0] size(input logic [14:0] x);
    logic [ 4:0] e;
    logic [20:0] placed;
    e = x[14:10] | {4'd0, x[14:10] == '0};
    placed = {x[14:10] != '0, x[9:0], 10'd0} >> (e >= 5'd20 ? 5'd0 : 5'd19 - e);
    size = e >= 5'd20 ? '1 : placed[20:1] + 20'(placed[0]);
  endfunction
  /* verilator lint_on VARHIDDEN */

  pm_vdr_square #(
      .W(18)
  ) u_square (
      .u_i     (xs_q[17:0]),
      .square_o(square)
  );
  assign fifth   = kind_i == 2'd0 ? 30'(w_q) * 30'd266 + 30'd32767 : '0;
  assign product = {7'd0, low_q} + {high_q, 8'd0};

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      xs_q     <= size(x_i[14:0]);
      square_q <= xs_q[19:18] != '0 ? '1 : square;
      w_q      <= square_q[35:15] > 21'd1572864 ? 21'd1572864 : square_q[35:15];
      inner_q  <= (kind_i == 2'd0 ? 15'd27991 : kind_i == 2'd1 ? 15'd26986 : 15'd0) - fifth[29:15];
      w2_q     <= w_q;
      low_q    <= 29'(w2_q) * 29'(inner_q[7:0]);
      high_q   <= 28'(w2_q) * 28'(inner_q[14:8]);
      g_o      <= product[35:15] + (kind_i == 2'd0 ? 21'd603225 : kind_i == 2'd1 ? 21'd603510 : 21'd378194);
      xs_o     <= size(late_i[14:0]);
    end
  end

  logic unused_ok;
  assign unused_ok = ^{x_i[15], late_i[15], fifth[14:0], product[14:0], square_q[14:0]};
endmodule

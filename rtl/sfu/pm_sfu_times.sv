// SPDX-License-Identifier: Apache-2.0
/// The product of a code of binary16 and a factor: two clocks of en_i, halves and their sum.
module pm_sfu_times (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// Significand.
    input  logic [10:0] sig_i,
    /// Factor, unsigned.
    input  logic [18:0] factor_i,
    /// What goes beside.
    input  logic [12:0] side_i,
    /// Their product.
    output logic [29:0] p_o,
    /// What went beside.
    output logic [12:0] side_o
);
  logic [20:0] low_q;
  logic [19:0] high_q;
  logic [12:0] side_q;

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      low_q  <= 21'(sig_i) * 21'(factor_i[9:0]);
      high_q <= 20'(sig_i) * 20'(factor_i[18:10]);
      side_q <= side_i;
      p_o    <= {9'd0, low_q} + {high_q, 10'd0};
      side_o <= side_q;
    end
  end
endmodule

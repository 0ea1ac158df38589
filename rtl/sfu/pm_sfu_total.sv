// SPDX-License-Identifier: Apache-2.0
/// The sum of each row, beside its beats: exact, so that the number of lanes changes nothing.
///
/// x_ready_o depends on y_ready_i in the same clock where all stages are full.
module pm_sfu_total #(
    /// Numbers a beat, at least 2.
    parameter int unsigned Lanes  = 8,
    /// Bits of a number, at least 3.
    parameter int unsigned W      = 16,
    /// 1: they are signed.
    parameter bit          Signed = 1'b0,
    /// Bits of a sum, at least W, at most 64: W..64.
    parameter int unsigned SumW   = 29,
    /// Bits that go beside, at least 1.
    parameter int unsigned SideW  = 1
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    /// Beats.
    input  logic               x_valid_i,
    output logic               x_ready_o,
    /// Number i at [i*W +: W].
    input  logic [Lanes*W-1:0] x_i,
    /// What goes beside.
    input  logic [  SideW-1:0] side_i,
    /// The row's last beat.
    input  logic               x_last_i,
    /// The same beats.
    output logic               y_valid_o,
    input  logic               y_ready_i,
    /// What went beside.
    output logic [  SideW-1:0] side_o,
    /// The row's last beat.
    output logic               y_last_o,
    /// With it, the sum.
    output logic [   SumW-1:0] sum_o
);
  if (Lanes < 2 || W < 3 || SumW < W || SumW > 64 || SideW < 1) begin : g_range
    $error("pm_sfu_total: Lanes must be at least 2, W at least 3, SideW at least 1, SumW W..64");
  end

  localparam int unsigned Levels = $clog2(Lanes);
  /// Two levels a register, and one for the sum so far.
  localparam int unsigned Stages = (Levels + 1) / 2 + 1;
  localparam int unsigned TreeW = W + Levels;

  logic en, first_q;
  logic [TreeW-1:0] tree;
  logic [SumW-1:0] sum, sum_q;

  pm_sfu_valid #(
      .Stages(Stages),
      .W     (SideW + 1)
  ) u_valid (
      .clk_i,
      .rst_ni,
      .valid_i(x_valid_i),
      .side_i ({x_last_i, side_i}),
      .skip_i ('0),
      .ready_i(y_ready_i),
      .en_o   (en),
      .valid_o(y_valid_o),
      .side_o ({y_last_o, side_o})
  );
  assign x_ready_o = en;

  pm_adder_tree #(
      .N(Lanes),
      .W(W),
      .Signed(Signed),
      .Every(2)
  ) u_tree (
      .clk_i,
      .en_i (en),
      .x_i,
      .sum_o(tree)
  );

  pm_split_add #(
      .W(SumW)
  ) u_sum (
      .a_i  (first_q ? '0 : sum_q),
      .b_i  (Signed ? SumW'(signed'(tree)) : SumW'(tree)),
      .sum_o(sum)
  );

  // Whether what leaves the tree is a beat, and its row's first.
  logic [Stages-2:0] beat_q, last_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_q  <= '0;
      first_q <= 1'b1;
    end else if (en) begin
      beat_q <= (Stages - 1)'({beat_q, x_valid_i});
      if (beat_q[Stages-2]) first_q <= last_q[Stages-2];
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      last_q <= (Stages - 1)'({last_q, x_last_i});
      if (beat_q[Stages-2]) sum_q <= sum;
    end
  end
  assign sum_o = sum_q;

  logic unused_ok;  // upper bits, where a sum is known to be small
  assign unused_ok = ^tree;
endmodule

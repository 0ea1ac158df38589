// SPDX-License-Identifier: Apache-2.0
/// The valid bits of a pipeline whose stages all move together, with what goes beside them.
module pm_sfu_valid #(
    /// Registers, at least 2.
    parameter  int unsigned Stages = 4,
    /// Bits beside a valid one, at least 1.
    parameter  int unsigned W      = 1,
    localparam int unsigned SkipW  = $clog2(Stages)
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Something enters where the stages move.
    input  logic             valid_i,
    /// What goes beside it.
    input  logic [    W-1:0] side_i,
    /// Registers that are left out in front, 0..Stages-1. Configuration.
    input  logic [SkipW-1:0] skip_i,
    /// What is at the end is taken.
    input  logic             ready_i,
    /// The stages move.
    output logic             en_o,
    /// Something is at the end.
    output logic             valid_o,
    /// What went beside it.
    output logic [    W-1:0] side_o
);
  if (Stages < 2 || W < 1) begin : g_range
    $error("pm_sfu_valid: Stages must be at least 2, W at least 1");
  end

  logic [Stages-1:0] valid_q, valid_d;
  logic [Stages*W-1:0] side_q, side_d;

  assign en_o    = !valid_q[Stages-1] || ready_i;
  assign valid_o = valid_q[Stages-1];
  assign side_o  = side_q[(Stages-1)*W+:W];

  always_comb begin
    valid_d = {valid_q[Stages-2:0], 1'b0};
    side_d  = {side_q[(Stages-1)*W-1:0], {W{1'b0}}};
    for (int unsigned i = 0; i < Stages; i++) begin
      if (i == 32'(skip_i)) begin
        valid_d[i]     = valid_i;
        side_d[i*W+:W] = side_i;
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (en_o) valid_q <= valid_d;
  end
  always_ff @(posedge clk_i) if (en_o) side_q <= side_d;
endmodule

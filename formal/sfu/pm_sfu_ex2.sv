// SPDX-License-Identifier: Apache-2.0
// In the exponential's place: any mantissa of its range.
module pm_sfu_ex2 #(
    parameter int unsigned SideW = 1
) (
    input  logic             clk_i,
    input  logic             en_i,
    input  logic [     17:0] f_i,
    input  logic [SideW-1:0] side_i,
    output logic [     18:0] m_o,
    output logic [SideW-1:0] side_o
);
  logic [6*SideW-1:0] side_q;
  (* anyseq *) logic [18:0] any;
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      side_q <= {side_q[5*SideW-1:0], side_i};
      m_o    <= any;
    end
  end
  always_comb assume (any >= 131072 && any <= 262144);
  assign side_o = side_q[5*SideW+:SideW];
endmodule

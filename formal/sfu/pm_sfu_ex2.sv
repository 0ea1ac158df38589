// SPDX-License-Identifier: Apache-2.0
// In the exponential's place: any mantissa of its range, 2^18 of 0.
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
  logic [5:0] zero_q;
  logic [6*SideW-1:0] side_q;
  (* anyseq *) logic [18:0] any;
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      zero_q <= {zero_q[4:0], f_i == '0};
      side_q <= {side_q[5*SideW-1:0], side_i};
      m_o    <= zero_q[4] ? 19'd262144 : any;
    end
  end
  always_comb assume (any >= 131072 && any <= 262144);
  assign side_o = side_q[5*SideW+:SideW];
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Round-robin arbiter of a shared bus: one beat a clock, to the next one that asks behind the one that had the last beat. Who
/// goes on asking has a beat within N of them.
module pm_bus_arb #(
    /// Who may ask, at least 2.
    parameter int unsigned N = 2
) (
    input  logic         clk_i,
    input  logic         rst_ni,
    /// Who asks.
    input  logic [N-1:0] req_i,
    /// Who has the bus in this clock: one of those who ask.
    output logic [N-1:0] grant_o
);
  if (N < 2) begin : g_range
    $error("pm_bus_arb: N must be at least 2");
  end

  // Those behind the last one, who go first.
  logic [N-1:0] behind_q, first, ahead;

  assign ahead   = req_i & behind_q;
  assign first   = ahead != '0 ? ahead : req_i;
  assign grant_o = first & -first;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) behind_q <= '0;
    else if (req_i != '0) behind_q <= ~(grant_o | (grant_o - 1'b1));
  end

`ifdef PERIMETER_FORMAL
  `include "pm_bus_arb_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Which keys the row at hand sees. Rows are numbered as their tokens are; a causal row sees none behind its own token, so that
/// its result depends on its past alone. Source: HyFlexPIM section 2.1, Fig. 1b.
module pm_row_keep #(
    /// Keys of a row, at least 2.
    parameter  int unsigned N  = 64,
    localparam int unsigned TW = $clog2(N)
) (
    input  logic          clk_i,
    input  logic          rst_ni,
    /// The next row is that of token first_i.
    input  logic          clear_i,
    /// Token of the first row after a clear.
    input  logic [TW-1:0] first_i,
    /// A row sees the keys up to its own token alone. Configuration, as keep_i: in force a clock later.
    input  logic          causal_i,
    /// Keys that take part, bit j for token j.
    input  logic [ N-1:0] keep_i,
    /// The row is passed; not in the clock of a clear.
    input  logic          next_i,
    /// Keys that the row sees.
    output logic [ N-1:0] keep_o
);
  if (N < 2) begin : g_range
    $error("pm_row_keep: N must be at least 2");
  end

  // Keys up to the row's token. The mask leaves from flops.
  logic [N-1:0] past_d, past_q, keep_q;

  always_comb begin
    past_d = next_i ? {past_q[N-2:0], 1'b1} : past_q;
    if (clear_i) for (int unsigned j = 0; j < N; j++) past_d[j] = TW'(j) <= first_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) past_q <= N'(1);
    else past_q <= past_d;
  end
  always_ff @(posedge clk_i) keep_q <= keep_i & (past_d | {N{!causal_i}});

  assign keep_o = keep_q;

`ifdef PERIMETER_FORMAL
  `include "pm_row_keep_fv.svh"
`endif
endmodule

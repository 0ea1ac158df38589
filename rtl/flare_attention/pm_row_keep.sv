// SPDX-License-Identifier: Apache-2.0
/// Which keys the row at hand sees. Rows are numbered as their tokens are; a causal row sees none behind its own token, so that
/// its result depends on its past alone. Combinational but for the row's number. Source: HyFlexPIM section 2.1, Fig. 1b.
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
    /// A row sees the keys up to its own token alone.
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

  logic [TW-1:0] row_q;

  always_comb begin
    for (int unsigned j = 0; j < N; j++) keep_o[j] = keep_i[j] && (!causal_i || TW'(j) <= row_q);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) row_q <= '0;
    else if (clear_i) row_q <= first_i;
    else if (next_i) row_q <= row_q + 1'b1;
  end

`ifdef PERIMETER_FORMAL
  `include "pm_row_keep_fv.svh"
`endif
endmodule

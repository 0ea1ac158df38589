// SPDX-License-Identifier: Apache-2.0
/// pm_fifo for narrow words on critical paths: words move up, so that the oldest leaves straight from its register, not through a
/// multiplexer that reads the buffer. Same streams, clock for clock.
module pm_shift_fifo #(
    /// Bits an entry, at least 1.
    parameter int unsigned Width = 8,
    /// Entries, at least 1.
    parameter int unsigned Depth = 2
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Words in.
    input  logic             valid_i,
    output logic             ready_o,
    /// The word.
    input  logic [Width-1:0] data_i,
    /// Words out, in the same order.
    output logic             valid_o,
    input  logic             ready_i,
    /// The oldest word; stable while it waits.
    output logic [Width-1:0] data_o
);
  if (Width < 1 || Depth < 1) begin : g_range
    $error("pm_shift_fifo: Width and Depth must be at least 1");
  end

  // full_q: entry i holds a word; those that do are the lowest.
  logic [Depth*Width-1:0] words_q;
  logic [Depth-1:0] full_q, kept;
  logic push, pop;

  assign ready_o = !full_q[Depth-1];
  assign valid_o = full_q[0];
  assign data_o  = words_q[Width-1:0];
  assign push    = valid_i && ready_o;
  assign pop     = valid_o && ready_i;
  assign kept    = pop ? full_q >> 1 : full_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) full_q <= '0;
    else full_q <= push ? Depth'({kept, 1'b1}) : kept;
  end

  // All empty entries take the word that comes; the lowest keeps it.
  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < Depth; i++) begin
      if (full_q[i] ? pop : push)
        words_q[i*Width+:Width] <= i + 1 < Depth && full_q[(i+1)%Depth] ? words_q[(i+1)%Depth*Width+:Width] : data_i;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_shift_fifo_fv.svh"
`endif
endmodule

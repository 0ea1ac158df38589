// SPDX-License-Identifier: Apache-2.0
/// A stream buffer of Depth entries in registers. Full throughput; ready does not depend on the other side's ready.
module pm_fifo #(
    /// Bits an entry, at least 1.
    parameter int unsigned Width = 8,
    /// Entries, at least 1. One entry takes a new word only when it is empty: full throughput needs two.
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
    $error("pm_fifo: Width and Depth must be at least 1");
  end

  localparam int unsigned PtrW = Depth > 1 ? $clog2(Depth) : 1;
  localparam int unsigned CntW = $clog2(Depth + 1);

  logic [Depth*Width-1:0] mem_q;
  logic [PtrW-1:0] head_q, tail_q;
  logic [CntW-1:0] count_q;
  logic push, pop;

  assign ready_o = count_q != CntW'(Depth);
  assign valid_o = count_q != '0;
  assign data_o  = mem_q[head_q*Width+:Width];
  assign push    = valid_i && ready_o;
  assign pop     = valid_o && ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      head_q  <= '0;
      tail_q  <= '0;
      count_q <= '0;
    end else begin
      if (push) tail_q <= tail_q == PtrW'(Depth - 1) ? '0 : tail_q + 1'b1;
      if (pop) head_q <= head_q == PtrW'(Depth - 1) ? '0 : head_q + 1'b1;
      count_q <= count_q + CntW'(push) - CntW'(pop);
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < Depth; i++) begin
      if (push && tail_q == PtrW'(i)) mem_q[i*Width+:Width] <= data_i;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_fifo_fv.svh"
`endif
endmodule

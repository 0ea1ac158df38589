// SPDX-License-Identifier: Apache-2.0
/// A stream buffer in a memory outside, with one port to write and one to read. Full throughput. A word can leave two clocks
/// after it came.
module pm_sfu_rows #(
    /// Bits of a word, at least 1.
    parameter  int unsigned W     = 8,
    /// Words of the memory, at least 2.
    parameter  int unsigned Depth = 16,
    localparam int unsigned AddrW = $clog2(Depth)
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Words in.
    input  logic             x_valid_i,
    output logic             x_ready_o,
    /// The word.
    input  logic [    W-1:0] x_i,
    /// Words out, in the same order.
    output logic             y_valid_o,
    input  logic             y_ready_i,
    /// The oldest word; stable while it waits.
    output logic [    W-1:0] y_o,
    /// The memory writes.
    output logic             mem_we_o,
    /// Where.
    output logic [AddrW-1:0] mem_waddr_o,
    /// What.
    output logic [    W-1:0] mem_wdata_o,
    /// The memory reads; no word that is written in the same clock.
    output logic             mem_re_o,
    /// Where.
    output logic [AddrW-1:0] mem_raddr_o,
    /// What was read last, from the next clock on until it reads again.
    input  logic [    W-1:0] mem_rdata_i
);
  if (W < 1 || Depth < 2) begin : g_range
    $error("pm_sfu_rows: W must be at least 1, Depth at least 2");
  end

  localparam int unsigned CountW = $clog2(Depth + 1);

  logic [AddrW-1:0] put_q, get_q;
  logic [CountW-1:0] count_q;  // written, not yet read
  logic valid_q;

  assign x_ready_o   = count_q != CountW'(Depth);
  assign mem_we_o    = x_valid_i && x_ready_o;
  assign mem_waddr_o = put_q;
  assign mem_wdata_o = x_i;
  assign mem_re_o    = count_q != '0 && (!valid_q || y_ready_i);
  assign mem_raddr_o = get_q;
  assign y_valid_o   = valid_q;
  assign y_o         = mem_rdata_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      put_q   <= '0;
      get_q   <= '0;
      count_q <= '0;
      valid_q <= 1'b0;
    end else begin
      if (mem_we_o) put_q <= put_q == AddrW'(Depth - 1) ? '0 : put_q + 1'b1;
      if (mem_re_o) get_q <= get_q == AddrW'(Depth - 1) ? '0 : get_q + 1'b1;
      count_q <= count_q + CountW'(mem_we_o) - CountW'(mem_re_o);
      valid_q <= mem_re_o || (valid_q && !y_ready_i);
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_sfu_rows_fv.svh"
`endif
endmodule

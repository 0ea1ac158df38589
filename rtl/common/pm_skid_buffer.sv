// SPDX-License-Identifier: Apache-2.0
/// A register stage that cuts a stream's path in both directions: valid, data and ready come from flops. Full throughput; a
/// second register takes the word that is on its way when the reader stops.
module pm_skid_buffer #(
    /// Bits of a word, at least 1.
    parameter int unsigned Width = 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Words in.
    input  logic             valid_i,
    output logic             ready_o,
    /// The word.
    input  logic [Width-1:0] data_i,
    /// Words out, one clock later, in the same order.
    output logic             valid_o,
    input  logic             ready_i,
    /// The word; stable while it waits.
    output logic [Width-1:0] data_o
);
  if (Width < 1) begin : g_range
    $error("pm_skid_buffer: Width must be at least 1");
  end

  logic valid_q, skid_valid_q, move;
  logic [Width-1:0] data_q, skid_q;

  assign ready_o = !skid_valid_q;
  assign valid_o = valid_q;
  assign data_o  = data_q;
  assign move    = !valid_q || ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q      <= 1'b0;
      skid_valid_q <= 1'b0;
    end else begin
      if (move) valid_q <= valid_i || skid_valid_q;
      skid_valid_q <= !move && (valid_i || skid_valid_q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (move) data_q <= skid_valid_q ? skid_q : data_i;
    if (ready_o) skid_q <= data_i;
  end

`ifdef PERIMETER_FORMAL
  `include "pm_skid_buffer_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Counts how many bits of a vector change from one time that it is enabled to the next. The first after clr_i has none before it
/// and is not counted.
module pm_toggle_cnt #(
    /// Bits of the vector, 1..1024: 64 vectors of them do not wrap the count.
    parameter int unsigned Cols = 576
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    /// Starts anew: the count is 0 in the next clock; what comes with it, or next, is the first.
    input  logic            clr_i,
    /// The vector is seen.
    input  logic            en_i,
    /// The vector.
    input  logic [Cols-1:0] v_i,
    /// Changes since the first; with the vector of the clock before.
    output logic [    15:0] count_o
);
  if (Cols < 1 || Cols > 1024) begin : g_range
    $error("pm_toggle_cnt: Cols must be 1..1024");
  end

  localparam int unsigned CountW = $clog2(Cols + 1);

  logic [Cols-1:0] before_q;
  logic [CountW-1:0] changes;
  logic [15:0] count_q;
  logic first_q;

  pm_nmc_count #(
      .Cols(Cols)
  ) u_count (
      .x_i    (v_i ^ before_q),
      .count_o(changes)
  );

  assign count_o = count_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q <= 1'b1;
      count_q <= '0;
    end else if (clr_i) begin
      first_q <= !en_i;
      count_q <= '0;
    end else if (en_i) begin
      first_q <= 1'b0;
      if (!first_q) count_q <= count_q + 16'(changes);
    end
  end

  always_ff @(posedge clk_i) if (en_i) before_q <= v_i;

`ifdef PERIMETER_FORMAL
  `include "pm_toggle_cnt_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Adds each output's planes by their weight, plane 7 negative (two's complement). Plane 0 begins anew.
module pm_mlc_accumulate #(
    /// Outputs, at least 2.
    parameter int unsigned Outputs = 32,
    /// Bits of a plane's sum t, at least 1.
    parameter int unsigned PartW = 16,
    localparam int unsigned OutW = $clog2(Outputs),
    // 255 times the largest |t|: the planes' weights sum to 255.
    localparam int unsigned AccW = PartW + 8
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    /// Planes' sums, planes 0 to 7 in turn.
    input  logic             valid_i,
    /// The sum t, signed.
    input  logic [PartW-1:0] t_i,
    /// Its output.
    input  logic [ OutW-1:0] index_i,
    /// Its plane.
    input  logic [      2:0] plane_i,
    /// One clock, after an output's plane 7.
    output logic             valid_o,
    /// The output.
    output logic [ OutW-1:0] index_o,
    /// Its sum, signed.
    output logic [ AccW-1:0] y_o
);
  if (Outputs < 2 || PartW < 1) begin : g_range
    $error("pm_mlc_accumulate: Outputs must be at least 2, PartW 1");
  end

  logic [Outputs*AccW-1:0] acc_q, picked;
  logic [PartW-1:0] t;
  logic signed [AccW-1:0] base, weighted, sum, y_q;
  logic [OutW-1:0] index_q;
  logic valid_q;

  // By the index's highest bit first, which changes least often: there are the most multiplexers.
  always_comb begin
    picked = acc_q;
    for (int unsigned b = OutW; b > 0; b--) if (index_i[b-1]) picked = picked >> (AccW << (b - 1));
  end

  assign base     = plane_i == 0 ? '0 : picked[AccW-1:0];
  assign t        = t_i & {PartW{valid_i}};  // partial sums stay outside the adder
  assign weighted = {{8{t[PartW-1]}}, t} <<< plane_i;
  assign sum      = plane_i == 3'd7 ? base - weighted : base + weighted;

  assign valid_o  = valid_q;
  assign index_o  = index_q;
  assign y_o      = y_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_i && plane_i == 3'd7;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i && plane_i == 3'd7) begin
      y_q     <= sum;
      index_q <= index_i;
    end
    for (int unsigned o = 0; o < Outputs; o++) begin
      if (valid_i && index_i == OutW'(o)) acc_q[o*AccW+:AccW] <= sum;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_mlc_accumulate_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Brings the results of three engines into kernel order: each kernel's comes from the engine that its entry names.
/// Combinational, but for the counter of kernels. (Khwa et al., Nature 639, 617 (2025), kernel-wise routing;
/// docs/numerics.md, "Mixed layers".)
module pm_kernel_route #(
    /// Kernels of the layer, at least 2.
    parameter int unsigned Kernels = 64,
    /// Bits of a result, at least 1.
    parameter int unsigned W = 40,
    localparam int unsigned IndexW = $clog2(Kernels)
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    /// Kernel m's engine, 0..2, at [2*m +: 2]. Stands still while anything is inside.
    input  logic [2*Kernels-1:0] dest_i,
    /// Results of engine 0, 1 and 2, each in kernel order. Ready follows y_ready_i within the clock.
    input  logic [          2:0] valid_i,
    output logic [          2:0] ready_o,
    /// Engine j's result at [j*W +: W].
    input  logic [      3*W-1:0] x_i,
    /// Results in kernel order, vector after vector.
    output logic                 y_valid_o,
    input  logic                 y_ready_i,
    /// The result.
    output logic [        W-1:0] y_o,
    /// Its kernel.
    output logic [   IndexW-1:0] index_o
);
  if (Kernels < 2) begin : g_kernels_range
    $error("pm_kernel_route: Kernels must be at least 2");
  end
  if (W < 1) begin : g_bits_range
    $error("pm_kernel_route: W must be at least 1");
  end

  logic [IndexW-1:0] index_q;
  logic [1:0] dest;
  logic [3:0] valid;
  logic [4*W-1:0] x;

  assign dest      = dest_i[2*index_q+:2];
  // There is no engine 3.
  assign valid     = {1'b0, valid_i};
  assign x         = {{W{1'b0}}, x_i};
  assign y_valid_o = valid[dest];
  assign y_o       = x[dest*W+:W];
  assign index_o   = index_q;
  always_comb for (int unsigned j = 0; j < 3; j++) ready_o[j] = y_ready_i && dest == 2'(j);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) index_q <= '0;
    else if (y_valid_o && y_ready_i) index_q <= index_q == IndexW'(Kernels - 1) ? '0 : index_q + 1'b1;
  end

`ifdef PERIMETER_FORMAL
  `include "pm_kernel_route_fv.svh"
`endif
endmodule

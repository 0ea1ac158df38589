// SPDX-License-Identifier: Apache-2.0
/// Number of ones, combinational. A heap of adders: node n adds the nodes 2n and 2n + 1 and, as its carry in, a bit of its own,
/// so that there is about one full adder a bit.
module pm_popcount #(
    /// Bits, at least 1.
    parameter int unsigned N = 64,
    localparam int unsigned CountW = $clog2(N + 1)
) (
    /// The bits.
    input  logic [     N-1:0] x_i,
    /// How many of them are 1, 0..N.
    output logic [CountW-1:0] count_o
);
  if (N < 1) begin : g_range
    $error("pm_popcount: N must be at least 1");
  end

  /* verilator coverage_off */  // few nodes can hold a high bit; those from N + 1 on are 0
  logic [(2*N+2)*CountW-1:0] node;
  /* verilator coverage_on */

  always_comb begin
    node = '0;
    for (int unsigned n = N; n > 0; n--) begin
      node[n*CountW+:CountW] = node[2*n*CountW+:CountW] + node[(2*n+1)*CountW+:CountW] + CountW'(x_i[n-1]);
    end
  end
  assign count_o = node[CountW+:CountW];

`ifdef TARGET_common
  logic [CountW-1:0] fv_count;
  always_comb begin
    fv_count = '0;
    for (int unsigned i = 0; i < N; i++) if (x_i[i]) fv_count = fv_count + 1'b1;
    counted : assert (count_o == fv_count);
  end
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Sum of N numbers in a balanced tree, exact. Combinational.
module pm_adder_tree #(
    /// Numbers, at least 1.
    parameter int unsigned N = 16,
    /// Bits of a number, at least 1.
    parameter int unsigned W = 8,
    /// 1: the numbers are two's complement; 0: unsigned.
    parameter bit Signed = 1'b0,
    localparam int unsigned SumW = W + $clog2(N)
) (
    /// Number i at [i*W +: W].
    input  logic [ N*W-1:0] x_i,
    /// Their sum, signed where they are.
    output logic [SumW-1:0] sum_o
);
  if (N < 1 || W < 1) begin : g_range
    $error("pm_adder_tree: N and W must be at least 1");
  end

  // A heap: node n has the children 2n and 2n + 1, the numbers are last.
  /* verilator coverage_off */  // few nodes can hold a high bit
  logic [2*N*SumW-1:0] node;
  /* verilator coverage_on */

  always_comb begin
    node = '0;
    for (int unsigned i = 0; i < N; i++) begin
      node[(N+i)*SumW+:SumW] = Signed ? SumW'($signed(x_i[i*W+:W])) : SumW'(x_i[i*W+:W]);
    end
    for (int unsigned n = N - 1; n > 0; n--) begin
      node[n*SumW+:SumW] = node[2*n*SumW+:SumW] + node[(2*n+1)*SumW+:SumW];
    end
  end
  assign sum_o = node[SumW+:SumW];

`ifdef TARGET_common
  logic [SumW-1:0] fv_sum;
  always_comb begin
    fv_sum = '0;
    for (int unsigned i = 0; i < N; i++) begin
      fv_sum = fv_sum + {{(SumW - W + 1) {Signed && x_i[i*W+W-1]}}, x_i[i*W+:W]};
    end
    summed : assert (sum_o == fv_sum);
  end
`endif
endmodule

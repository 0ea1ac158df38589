// SPDX-License-Identifier: Apache-2.0
/// Largest of the kept numbers, signed, in a balanced tree; the least number that there is where none is kept. Combinational.
module pm_max_tree #(
    /// Numbers, at least 1.
    parameter int unsigned N = 16,
    /// Bits of a number, at least 2.
    parameter int unsigned W = 8
) (
    /// Number i at [i*W +: W], signed.
    input  logic [N*W-1:0] x_i,
    /// Number i takes part.
    input  logic [  N-1:0] keep_i,
    /// The largest, signed.
    output logic [  W-1:0] max_o
);
  if (N < 1 || W < 2) begin : g_range
    $error("pm_max_tree: N must be at least 1, W at least 2");
  end

  // A heap in offset binary: node n has the children 2n and 2n + 1, the numbers are last.
  logic [2*N*W-1:0] node;

  always_comb begin
    node = '0;
    for (int unsigned i = 0; i < N; i++) begin
      if (keep_i[i]) node[(N+i)*W+:W] = {~x_i[i*W+W-1], x_i[i*W+:W-1]};
    end
    for (int unsigned n = N - 1; n > 0; n--) begin
      node[n*W+:W] = node[(2*n+1)*W+:W] > node[2*n*W+:W] ? node[(2*n+1)*W+:W] : node[2*n*W+:W];
    end
  end
  assign max_o = {~node[2*W-1], node[W+:W-1]};

`ifdef TARGET_common
  logic signed [W-1:0] fv_max;
  always_comb begin
    fv_max = {1'b1, {(W - 1) {1'b0}}};
    for (int unsigned i = 0; i < N; i++) begin
      if (keep_i[i] && $signed(x_i[i*W+:W]) > fv_max) fv_max = x_i[i*W+:W];
    end
    largest : assert (max_o == fv_max);
  end
`endif
endmodule

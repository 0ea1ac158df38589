// SPDX-License-Identifier: Apache-2.0
/// Sum of N numbers in a balanced tree, exact. Combinational, or with registers between its clog2(N) levels: then it takes N
/// new numbers in each clock of en_i, and their sum is there ceil(clog2(N) / Every) such clocks later.
module pm_adder_tree #(
    /// Numbers, at least 1.
    parameter int unsigned N = 16,
    /// Bits of a number, at least 1.
    parameter int unsigned W = 8,
    /// 1: the numbers are two's complement; 0: unsigned.
    parameter bit Signed = 1'b0,
    /// Levels a register, at least 0, the last one behind the root; 0: no register.
    parameter int unsigned Every = 0,
    localparam int unsigned SumW = W + $clog2(N)
) (
    input  logic            clk_i,
    /// The registers move on.
    input  logic            en_i,
    /// Number i at [i*W +: W].
    input  logic [ N*W-1:0] x_i,
    /// Their sum, signed where they are.
    output logic [SumW-1:0] sum_o
);
  if (N < 1 || W < 1) begin : g_range
    $error("pm_adder_tree: N and W must be at least 1");
  end

  localparam int unsigned Levels = $clog2(N);

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  /// A node's level: those above the numbers are 1 to Levels, the root's.
  function int unsigned level(input int unsigned n);
    level = Levels + 1 - $clog2(n + 1);
  endfunction
  /// Whether a register stands behind node n.
  function bit registered(input int unsigned n);
    registered = Every > 0 && level(n) > 0 && (level(n) == Levels || level(n) % (Every > 0 ? Every : 1) == 0);
  endfunction
  /* verilator lint_on VARHIDDEN */

  // A heap: node n has the children 2n and 2n + 1, the numbers are last. A number one level above the others has their registers.
  /* verilator coverage_off */  // few nodes can hold a high bit, few have a register
  logic [2*N*SumW-1:0] sum, sum_q, node;
  /* verilator coverage_on */

  always_comb begin
    /* verilator lint_off WIDTHCONCAT */  // thousands of zeros are meant
    sum  = '0;
    node = '0;
    /* verilator lint_on WIDTHCONCAT */
    for (int unsigned n = 2 * N - 1; n > 0; n--) begin
      if (n >= N) sum[n*SumW+:SumW] = Signed ? SumW'($signed(x_i[(n-N)*W+:W])) : SumW'(x_i[(n-N)*W+:W]);
      else sum[n*SumW+:SumW] = node[2*n*SumW+:SumW] + node[(2*n+1)*SumW+:SumW];
      node[n*SumW+:SumW] = registered(n) ? sum_q[n*SumW+:SumW] : sum[n*SumW+:SumW];
    end
  end
  assign sum_o = node[SumW+:SumW];

  // What no register holds is constant.
  always_ff @(posedge clk_i) begin
    for (int unsigned n = 0; n < 2 * N; n++) if (en_i) sum_q[n*SumW+:SumW] <= n > 0 && registered(n) ? sum[n*SumW+:SumW] : '0;
  end

`ifdef TARGET_common
  `include "pm_adder_tree_fv.svh"
`endif
endmodule

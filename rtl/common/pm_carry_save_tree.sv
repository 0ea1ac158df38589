// SPDX-License-Identifier: Apache-2.0
/// N numbers as two of the same sum, modulo 2^W: full adders take three rows of them to two, level by level, and no carry runs.
module pm_carry_save_tree #(
    /// Numbers, at least 3.
    parameter int unsigned N = 9,
    /// Bits, at least 2.
    parameter int unsigned W = 16
) (
    /// Number n at [n*W +: W].
    input  logic [N*W-1:0] x_i,
    /// Sums without carries.
    output logic [  W-1:0] sum_o,
    /// Carries.
    output logic [  W-1:0] carry_o
);
  if (N < 3 || W < 2) begin : g_range
    $error("pm_carry_save_tree: N must be at least 3, W at least 2");
  end

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  // Numbers that are left after so many levels.
  function int unsigned left(input int unsigned levels);
    left = N;
    for (int unsigned l = 0; l < levels; l++) left = left - left / 3;
  endfunction
  // Levels that leave two.
  function int unsigned depth(input int unsigned n);
    int unsigned rest;
    depth = 0;
    rest  = n;
    for (int unsigned l = 0; l < 32; l++) begin
      if (rest > 2) begin
        rest  = rest - rest / 3;
        depth = depth + 1;
      end
    end
  endfunction
  /* verilator lint_on VARHIDDEN */

  localparam int unsigned Levels = depth(N);

  // Three rows become two; what is no three moves on.
  always_comb begin
    logic [N*W-1:0] row, next;
    logic [W-1:0] a, b, c;
    row = x_i;
    next = '0;
    {a, b, c} = '0;
    for (int unsigned l = 0; l < Levels; l++) begin
      next = '0;
      for (int unsigned t = 0; t < N / 3; t++) begin
        if (3 * t + 2 < left(l)) begin
          {c, b, a} = row[3*t*W+:3*W];
          next[2*t*W+:W] = a ^ b ^ c;
          next[(2*t+1)*W+:W] = {(a[W-2:0] & b[W-2:0]) | (c[W-2:0] & (a[W-2:0] ^ b[W-2:0])), 1'b0};
        end
      end
      for (int unsigned r = 0; r < N; r++) begin
        if (r >= left(l) / 3 * 3 && r < left(l)) next[(r-left(l)/3)*W+:W] = row[r*W+:W];
      end
      row = next;
    end
    sum_o   = row[0+:W];
    carry_o = row[W+:W];
  end
endmodule

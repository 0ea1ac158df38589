// SPDX-License-Identifier: Apache-2.0
/// Adds a bias to every element of a finished accumulator vector, at the token's own scale: y = acc + (bias >>> shift).
/// One register stage, which also frees the accumulators for the next vector. A vector every two clocks: ready does not depend
/// on the other side's, and an array's vectors of one access are few.
/// Source: FLARE section 4.5; a negative shift goes left, amounts are clamped to 31 (docs/numerics.md, "The fused
/// token").
module pm_bias_add #(
    /// Elements of the vector, at least 1.
    parameter int unsigned N = 64,
    /// Bits of an accumulator element, at least 1.
    parameter int unsigned AccW = 22,
    /// Bits of the sum, more than AccW and more than 32. The caller derives it so that no sum wraps: max(AccW, 32 + largest left
    /// shift) + 1.
    parameter int unsigned SumW = 33,
    /// Bits of the shift, at least 7.
    parameter int unsigned ExpW = 16
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    /// Biases at the accumulator's scale, 32 bits each. Configuration, stable.
    input  logic        [  N*32-1:0] bias_i,
    /// Accumulator vectors.
    input  logic                     valid_i,
    output logic                     ready_o,
    /// Element n at [n*AccW +: AccW], signed.
    input  logic        [N*AccW-1:0] acc_i,
    /// Right shift of the bias, signed; goes left where negative. It stands in the clock before its vector is taken, too.
    input  logic signed [  ExpW-1:0] shift_i,
    /// Sums.
    output logic                     valid_o,
    input  logic                     ready_i,
    /// Element n at [n*SumW +: SumW], signed.
    output logic        [N*SumW-1:0] sum_o,
    /// The shift that came with the vector.
    output logic signed [  ExpW-1:0] shift_o
);
  if (N < 1 || AccW < 1 || SumW <= AccW || SumW <= 32 || ExpW < 7) begin : g_range
    $error("pm_bias_add: N and AccW must be at least 1, SumW more than AccW and 32, ExpW at least 7");
  end

  logic valid_q;
  logic [N*SumW-1:0] sum_d, sum_q;
  logic signed [ExpW-1:0] shift_q;
  logic [5:0] amount, amount_q;
  logic [6:0] from_left;
  logic load;
  localparam int unsigned Low = (SumW + 1) / 3;
  localparam int unsigned Top = SumW - 2 * Low;
  // Left shifts that SumW has room for, up to the clamp.
  localparam int unsigned Left = SumW < 64 ? SumW - 33 : 31;

  // One shifter serves both directions: the bias stands Left bits to the left, where the largest left shift leaves it.
  assign from_left = {shift_i[5], shift_i[5:0]} + 7'(Left);
  always_comb begin
    if (shift_i[ExpW-1:5] == '0 || (shift_i[ExpW-1:5] == '1 && !from_left[6])) amount = from_left[5:0];
    else amount = shift_i[ExpW-1] ? 6'd0 : 6'(Left + 31);
  end

  always_comb begin
    logic signed [Left+31:0] bias;
    logic [SumW-1:0] a, b;
    logic [Low:0] low, mid;
    {bias, a, b, low, mid} = '0;
    sum_d = sum_q;
    if (load) begin
      for (int unsigned n = 0; n < N; n++) begin
        bias = $signed({bias_i[n*32+:32], {Left{1'b0}}}) >>> amount_q;
        // In thirds, as pm_split_add does it, which here would be an instance an element.
        a = SumW'($signed(acc_i[n*AccW+:AccW]));
        b = SumW'(bias);
        low = (Low + 1)'(a[Low-1:0]) + (Low + 1)'(b[Low-1:0]);
        mid = (Low + 1)'(a[Low+:Low]) + (Low + 1)'(b[Low+:Low]);
        if (low[Low]) mid = (Low + 1)'(a[Low+:Low]) + (Low + 1)'(b[Low+:Low]) + (Low + 1)'(1);
        sum_d[n*SumW+:2*Low] = {mid[Low-1:0], low[Low-1:0]};
        if (mid[Low]) sum_d[n*SumW+2*Low+:Top] = a[SumW-1:2*Low] + b[SumW-1:2*Low] + Top'(1);
        else sum_d[n*SumW+2*Low+:Top] = a[SumW-1:2*Low] + b[SumW-1:2*Low];
      end
    end
  end

  assign ready_o = !valid_q;
  assign load    = valid_i && ready_o;
  assign valid_o = valid_q;
  assign sum_o   = sum_q;
  assign shift_o = shift_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= valid_q ? !ready_i : valid_i;
  end

  always_ff @(posedge clk_i) begin
    amount_q <= amount;
    if (load) begin
      sum_q   <= sum_d;
      shift_q <= shift_i;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_bias_add_fv.svh"
`endif
endmodule

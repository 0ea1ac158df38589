// SPDX-License-Identifier: Apache-2.0
/// A register between two steps of an operation, or none: then it is a wire, and the operation combinational.
module pm_fp16_stage #(
    /// Bits, at least 1.
    parameter int unsigned W   = 16,
    /// 1: a register.
    parameter bit          Cut = 1'b1
) (
    input  logic         clk_i,
    /// The register moves on.
    input  logic         en_i,
    /// What comes.
    input  logic [W-1:0] d_i,
    /// What came.
    output logic [W-1:0] q_o
);
  if (W < 1) begin : g_range
    $error("pm_fp16_stage: W must be at least 1");
  end

  if (Cut) begin : g_register
    logic [W-1:0] q;
    always_ff @(posedge clk_i) if (en_i) q <= d_i;
    assign q_o = q;
  end else begin : g_wire
    logic unused_ok;
    assign unused_ok = ^{clk_i, en_i};
    assign q_o = d_i;
  end
endmodule

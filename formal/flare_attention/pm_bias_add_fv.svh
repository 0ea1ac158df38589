// SPDX-License-Identifier: Apache-2.0
// What the register takes is the plain sum of the accumulator and of the bias, shifted by its clamped shift; in this module's own proof.
`ifdef TOP_pm_bias_add
logic fv_init_q = 1'b1;
logic signed [95:0] fv_bias, fv_plain;
logic signed [31:0] fv_wide, fv_shift;
logic [31:0] fv_left;
logic signed [ExpW-1:0] fv_shift_q;
always @(posedge clk_i) {fv_init_q, fv_shift_q} <= {1'b0, shift_i};
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  fv_wide = {{(32 - ExpW) {shift_i[ExpW-1]}}, shift_i};
  fv_shift = fv_wide > 32'sd31 ? 32'sd31 : fv_wide < -32'sd31 ? -32'sd31 : fv_wide;
  fv_left = 32'd0 - fv_shift;
  assume (fv_shift >= 32'sd0 || fv_left <= Left);
  fv_bias = {{64{bias_i[31]}}, bias_i[31:0]};
  fv_bias = fv_shift < 32'sd0 ? fv_bias <<< fv_left : fv_bias >>> fv_shift[4:0];
  fv_plain = {{(96 - AccW) {acc_i[AccW-1]}}, acc_i[AccW-1:0]} + fv_bias;
  if (!fv_init_q && rst_ni && load) begin
    assume (shift_i == fv_shift_q);
    plain : assert (sum_d[SumW-1:0] == fv_plain[SumW-1:0]);
`ifdef CANARY
    canary : assert (sum_d[SumW-1:0] != SumW'(5));
`endif
  end
end
`endif

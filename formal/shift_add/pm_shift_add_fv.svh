// SPDX-License-Identifier: Apache-2.0
// Properties of pm_shift_add as a top: each vector taken gives one result, in order, which is the sum of its accesses in
// arithmetic wide enough never to wrap; and the accumulator is wide enough. Ghost registers carry the exact sum, and
// the weight of the accesses in it, beside the pipeline.
// Assumed: codes are at most 8; first follows last; a vector's accesses weigh sum 2^plane * 8 <= (2^XBits-1)*Rows.

localparam int unsigned FvW = AccW + 4;  // exact sums
localparam int unsigned FvN = Outputs * FvW;
localparam int unsigned Budget = ((1 << XBits) - 1) * Rows / 8;

logic fv_init_q = 1'b1;
// Newest beat taken, beat in the part stage, beat in the accumulators.
logic [FvN-1:0] fv_sum, fv_sum_q, fv_part_q, fv_acc_q, fv_term, fv_join, fv_join_q;
logic [FvW-1:0] fv_weight, fv_weight_q, fv_part_weight_q, fv_acc_weight_q, fv_step;
logic fv_first_q, fv_acc_valid_q, fv_acc_last_q, fv_take, fv_move;
logic [3:0] fv_in_q, fv_out_q;

assign fv_take = valid_i && ready_o;
assign fv_move = part_valid_q && acc_ready;

// The definition, wide: part = sum code_b<<b - code_{WBits-1}<<(WBits-1), then its plane's weight.
always_comb begin
  fv_join = '0;
  for (int unsigned m = 0; m < Outputs; m++) begin
    for (int unsigned b = 0; b < WBits - 1; b++)
      fv_join[m*FvW+:FvW] = fv_join[m*FvW+:FvW] + (FvW'(code_i[(m*WBits+b)*4+:4]) << b);
    fv_join[m*FvW+:FvW] = fv_join[m*FvW+:FvW] - (FvW'(code_i[((m+1)*WBits-1)*4+:4]) << (WBits - 1));
    if (empty_i) fv_join[m*FvW+:FvW] = '0;
    fv_term[m*FvW+:FvW] = fv_join[m*FvW+:FvW] << plane_i;
    fv_sum[m*FvW+:FvW] = (first_i ? '0 : fv_sum_q[m*FvW+:FvW]) +
        (neg_i ? -fv_term[m*FvW+:FvW] : fv_term[m*FvW+:FvW]);
  end
  fv_step   = empty_i ? '0 : FvW'(1) << plane_i;
  fv_weight = (first_i ? '0 : fv_weight_q) + fv_step;
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_first_q     <= 1'b1;
    fv_acc_valid_q <= 1'b0;
    fv_in_q        <= '0;
    fv_out_q       <= '0;
  end else begin
    if (fv_take) fv_first_q <= last_i;
    if (fv_move) fv_acc_valid_q <= 1'b1;
    fv_in_q  <= fv_in_q + 4'(fv_take && last_i);
    fv_out_q <= fv_out_q + 4'(y_valid_o && y_ready_i);
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (fv_take) begin
    {fv_sum_q, fv_weight_q, fv_join_q} <= {fv_sum, fv_weight, fv_join};
    {fv_part_q, fv_part_weight_q} <= {fv_sum, fv_weight};
  end
  if (fv_move) {fv_acc_q, fv_acc_weight_q, fv_acc_last_q} <= {fv_part_q, fv_part_weight_q, last_q};
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (valid_i) begin
    for (int unsigned c = 0; c < Outputs * WBits; c++) assume (code_i[c*4+:4] <= 4'd8);
    assume (first_i == fv_first_q);
    assume (fv_weight <= FvW'(Budget));
    assume (plane_i <= PlaneW'(XBits - 1));
  end
end

// What the accumulators will hold after the part stage's beat.
logic [FvN-1:0] fv_held;
always_comb begin
  for (int unsigned m = 0; m < Outputs; m++) begin
    fv_held[m*FvW+:FvW] = fv_join_q[m*FvW+:FvW] << plane_q;
    if (neg_q) fv_held[m*FvW+:FvW] = -fv_held[m*FvW+:FvW];
    if (!first_q) fv_held[m*FvW+:FvW] = fv_held[m*FvW+:FvW] + fv_acc_q[m*FvW+:FvW];
  end
end

for (genvar m = 0; m < Outputs; m++) begin : g_output
  logic signed [FvW-1:0] joined, part, acc, part_limit, acc_limit;
  assign joined     = fv_join_q[m*FvW+:FvW];
  assign part       = fv_part_q[m*FvW+:FvW];
  assign acc        = fv_acc_q[m*FvW+:FvW];
  assign part_limit = fv_part_weight_q << (WBits + 2);
  assign acc_limit  = fv_acc_weight_q << (WBits + 2);
  always_comb begin
    if (!fv_init_q && rst_ni) begin
      if (part_valid_q) begin
        assert (joined == $signed({{(FvW - PartW) {part_q[(m+1)*PartW-1]}}, part_q[m*PartW+:PartW]}));
        assert (part == $signed(fv_held[m*FvW+:FvW]));
        assert (part <= part_limit && part >= -part_limit);
      end
      if (fv_acc_valid_q) begin
        assert (acc <= acc_limit && acc >= -acc_limit);
        // The accumulator is the exact sum: it does not wrap.
        assert (acc == $signed({{(FvW - AccW) {acc_q[(m+1)*AccW-1]}}, acc_q[m*AccW+:AccW]}));
      end
    end
  end
end

always_comb begin
  if (!fv_init_q && rst_ni) begin
    if (part_valid_q) begin
      assert (fv_part_weight_q <= FvW'(Budget));
      assert (fv_sum_q == fv_part_q && fv_weight_q == fv_part_weight_q && fv_first_q == last_q);
      assert (first_q || (fv_acc_valid_q && !fv_acc_last_q && fv_acc_weight_q <= fv_part_weight_q));
    end else if (!fv_first_q) begin
      assert (fv_acc_valid_q && !fv_acc_last_q && fv_sum_q == fv_acc_q && fv_weight_q == fv_acc_weight_q);
    end
    if (fv_acc_valid_q) assert (fv_acc_weight_q <= FvW'(Budget));
    // A result is a finished vector's, and none is lost or doubled.
    if (y_valid_o) assert (fv_acc_valid_q && fv_acc_last_q);
    assert (fv_in_q == fv_out_q + 4'(part_valid_q && last_q) + 4'(y_valid_o));
    // Only a result that nobody takes stops the stream.
    assert (ready_o || (y_valid_o && !y_ready_i));
    cover (y_valid_o && fv_acc_weight_q > FvW'(1));
    cover (!ready_o);
  end
`ifdef CANARY
  if (!fv_init_q && rst_ni) canary : assert (!y_valid_o || first_q);
`endif
end

always_ff @(posedge clk_i) begin
  if (!fv_init_q && rst_ni && $past(rst_ni) && $past(y_valid_o && !y_ready_i))
    assert (y_valid_o && $stable(y_o));
end

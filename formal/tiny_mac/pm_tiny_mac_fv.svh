// SPDX-License-Identifier: Apache-2.0
// pm_tiny_mac, by induction: each sum's rows give one result, in order, stable while it waits, which is the sum of their products in
// arithmetic too wide to wrap; at most 15 rows of ProductW bits stay within the accumulator, which therefore never wraps. Only a
// result that nobody takes stops the rows. A product is what the module's function says, which pm_tiny_product_fv.sv is about.
// Assumed: a sum has at most 15 rows; signed_i stands still.
localparam int unsigned FvW = AccW + 2;
localparam int unsigned FvN = Lanes * FvW;

logic fv_init_q = 1'b1;
(* anyconst *) logic fv_signed;
// The products of the row in the product stage; exactly what is in the accumulators, its rows, and both with that row.
logic [Lanes*ProductW-1:0] fv_product_q;
logic [FvN-1:0] fv_acc_q, fv_acc;
logic [3:0] fv_rows_q, fv_rows, fv_came_q;
logic fv_acc_valid_q, fv_acc_last_q, fv_take;
logic [3:0] fv_in_q, fv_out_q;

assign fv_take = valid_i && ready_o;
assign fv_rows = (first_q ? 4'd0 : fv_rows_q) + 4'd1;
always_comb begin
  fv_acc = '0;
  for (int unsigned i = 0; i < Lanes; i++)
    fv_acc[i*FvW+:FvW] = (first_q ? '0 : fv_acc_q[i*FvW+:FvW]) +
                         {{(FvW - ProductW) {fv_product_q[i*ProductW+ProductW-1]}}, fv_product_q[i*ProductW+:ProductW]};
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_acc_valid_q <= 1'b0;
    fv_came_q      <= '0;
    fv_in_q        <= '0;
    fv_out_q       <= '0;
  end else begin
    // Rows of the sum that is coming in.
    if (fv_take) fv_came_q <= last_i ? 4'd0 : fv_came_q + 4'd1;
    if (move && valid_q) fv_acc_valid_q <= 1'b1;
    fv_in_q  <= fv_in_q + 4'(fv_take && last_i);
    fv_out_q <= fv_out_q + 4'(y_valid_o && y_ready_i);
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  for (int unsigned i = 0; i < Lanes; i++)
    if (fv_take) fv_product_q[i*ProductW+:ProductW] <= multiply(x_i[i*XBits+:XBits], signed_i, w_i[i*W+:W]);
  if (move && valid_q) {fv_acc_q, fv_rows_q, fv_acc_last_q} <= {fv_acc, fv_rows, last_q};
  if (!fv_init_q && $past(rst_ni) && rst_ni)
    if ($past(y_valid_o && !y_ready_i)) assert (y_valid_o && $stable(y_o));
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (signed_i == fv_signed);
  if (valid_i && fv_came_q == 4'd14) assume (last_i);
end

for (genvar i = 0; i < Lanes; i++) begin : g_fv_lane
  logic signed [FvW-1:0] acc, limit;
  assign acc   = fv_acc_q[i*FvW+:FvW];
  assign limit = FvW'(fv_rows_q) << (ProductW - 1);
  always_comb if (!fv_init_q && rst_ni) begin
    if (valid_q) assert (product_q[i*ProductW+:ProductW] == fv_product_q[i*ProductW+:ProductW]);
    if (fv_acc_valid_q) begin
      assert (acc <= limit && acc >= -limit);
      assert (acc == $signed({{(FvW - AccW) {acc_q[i*AccW+AccW-1]}}, acc_q[i*AccW+:AccW]}));
    end
  end
end

always_comb begin
  if (!fv_init_q && rst_ni) begin
    // Rows that came are in the accumulators, but for one that may be before them.
    if (valid_q) assert (fv_came_q == (last_q ? 4'd0 : fv_rows));
    else assert (fv_came_q == (first_q ? 4'd0 : fv_rows_q));
    assert (fv_came_q != 4'd15);
    if (!first_q) assert (fv_acc_valid_q && !fv_acc_last_q && fv_rows_q != 4'd0 && fv_rows_q != 4'd15);
    if (fv_acc_valid_q) assert (fv_acc_last_q == first_q && fv_rows_q != 4'd0);
    else assert (first_q);
    if (y_valid_o) assert (fv_acc_valid_q && fv_acc_last_q);
    assert (fv_in_q == fv_out_q + 4'(valid_q && last_q) + 4'(y_valid_o));
    waits : assert (ready_o || (y_valid_o && !y_ready_i));
    cover (y_valid_o && fv_rows_q == 4'd2 && !ready_o);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(y_valid_o && y_o[AccW-1:0] == AccW'(6) && fv_rows_q == 4'd2));
`endif
end

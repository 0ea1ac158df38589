// SPDX-License-Identifier: Apache-2.0
// pm_tiny_mac, by induction: each sum's rows give one result, in order, stable while it waits, which is the sum of their products in
// arithmetic too wide to wrap; at most 15 rows stay within the accumulator, which therefore never wraps. Only a result that nobody
// takes stops the rows. Assumed: a sum has at most 15 rows; signed_i stands still.
localparam int unsigned FvW = AccW + 2;
localparam int unsigned FvN = Lanes * FvW;

logic fv_init_q = 1'b1;
(* anyconst *) logic fv_signed;
// Exact sums: with the row that comes, with the row in the product stage, in the accumulators. Rows in each, and whether it ends there.
logic [FvN-1:0] fv_term, fv_sum, fv_product_q, fv_sum_q, fv_acc_q;
logic [3:0] fv_rows_q, fv_acc_rows_q, fv_rows;
logic fv_first_q, fv_acc_valid_q, fv_acc_last_q, fv_take;
logic [3:0] fv_in_q, fv_out_q;

assign fv_take = valid_i && ready_o;
assign fv_rows = fv_first_q ? 4'd1 : fv_rows_q + 4'd1;
always_comb begin
  logic signed [FvW-1:0] x, w;
  fv_term = '0;
  fv_sum  = '0;
  x = '0;
  w = '0;
  for (int unsigned i = 0; i < Lanes; i++) begin
    x = {{(FvW - XBits) {signed_i && x_i[i*XBits+XBits-1]}}, x_i[i*XBits+:XBits]};
    w = $signed(w_i[i*W+:W]);
    fv_term[i*FvW+:FvW] = x * w;
    fv_sum[i*FvW+:FvW] = (fv_first_q ? '0 : fv_sum_q[i*FvW+:FvW]) + fv_term[i*FvW+:FvW];
  end
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_first_q     <= 1'b1;
    fv_acc_valid_q <= 1'b0;
    fv_in_q        <= '0;
    fv_out_q       <= '0;
  end else begin
    if (fv_take) fv_first_q <= last_i;
    if (move && valid_q) fv_acc_valid_q <= 1'b1;
    fv_in_q  <= fv_in_q + 4'(fv_take && last_i);
    fv_out_q <= fv_out_q + 4'(y_valid_o && y_ready_i);
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (fv_take) {fv_product_q, fv_sum_q, fv_rows_q} <= {fv_term, fv_sum, fv_rows};
  if (move && valid_q) {fv_acc_q, fv_acc_rows_q, fv_acc_last_q} <= {fv_sum_q, fv_rows_q, last_q};
  if (!fv_init_q && $past(rst_ni) && rst_ni)
    if ($past(y_valid_o && !y_ready_i)) assert (y_valid_o && $stable(y_o));
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (signed_i == fv_signed);
  if (valid_i && fv_rows == 4'd15) assume (last_i);
end

for (genvar i = 0; i < Lanes; i++) begin : g_fv_lane
  logic signed [FvW-1:0] product, sum, acc, limit, acc_limit;
  assign product   = fv_product_q[i*FvW+:FvW];
  assign sum       = fv_sum_q[i*FvW+:FvW];
  assign acc       = fv_acc_q[i*FvW+:FvW];
  assign limit     = FvW'(fv_rows_q) * FvW'(((1 << XBits) - 1) * 128);
  assign acc_limit = FvW'(fv_acc_rows_q) * FvW'(((1 << XBits) - 1) * 128);
  always_comb if (!fv_init_q && rst_ni) begin
    if (valid_q) begin
      assert (product == $signed({{(FvW - ProductW) {product_q[i*ProductW+ProductW-1]}}, product_q[i*ProductW+:ProductW]}));
      assert (product <= $signed(FvW'(((1 << XBits) - 1) * 128)) && product >= -$signed(FvW'(((1 << XBits) - 1) * 128)));
      assert (sum == (first_q ? product : acc + product));
      assert (sum <= limit && sum >= -limit);
    end
    if (fv_acc_valid_q) begin
      assert (acc == $signed({{(FvW - AccW) {acc_q[i*AccW+AccW-1]}}, acc_q[i*AccW+:AccW]}));
      assert (acc <= acc_limit && acc >= -acc_limit);
    end
  end
end

always_comb begin
  if (!fv_init_q && rst_ni) begin
    if (valid_q) begin
      assert (fv_rows_q == (first_q ? 4'd1 : fv_acc_rows_q + 4'd1) && fv_first_q == last_q && fv_rows_q != 4'd0);
      assert (fv_rows_q != 4'd15 || last_q);
      if (!first_q) assert (fv_acc_valid_q && !fv_acc_last_q && fv_acc_rows_q != 4'd15);
    end else begin
      assert (fv_first_q == first_q);
      if (!first_q) assert (fv_acc_valid_q && !fv_acc_last_q && fv_sum_q == fv_acc_q && fv_rows_q == fv_acc_rows_q && fv_rows_q != 4'd15);
    end
    if (fv_acc_valid_q) assert (fv_acc_last_q == first_q && fv_acc_rows_q != 4'd0);
    else assert (first_q);
    if (y_valid_o) assert (fv_acc_valid_q && fv_acc_last_q);
    assert (fv_in_q == fv_out_q + 4'(valid_q && last_q) + 4'(y_valid_o));
    waits : assert (ready_o || (y_valid_o && !y_ready_i));
    cover (y_valid_o && fv_acc_rows_q == 4'd2 && !ready_o);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(y_valid_o && y_o[AccW-1:0] == AccW'(6) && fv_acc_rows_q == 4'd2));
`endif
end

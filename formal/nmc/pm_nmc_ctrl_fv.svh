// SPDX-License-Identifier: Apache-2.0
// A MAC's accesses are each row times each remaining plane, once, whatever the order, which is as it is described; each with its
// plane's bits, its weight and its sign; a row that is not read is the one that was read last. An XOR's are rows 0 to the last. So the
// sums of the three orders have the same terms.
logic fv_init_q = 1'b1;
logic [8*Cols-1:0] fv_x_q;
logic [1:0] fv_order_q;
logic [2:0] fv_last_row_q, fv_read_row_q;
logic [ColsW-1:0] fv_cols_q;
logic fv_xor_q, fv_signed_q, fv_skip_q;
logic [63:0] fv_seen_q;  // bit 8 i + k: plane i times row k
logic [63:0] fv_all, fv_done, fv_this;
logic [7:0] fv_remain;
logic [Cols-1:0] fv_plane;
logic fv_odd, fv_read;

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (load) begin
    {fv_x_q, fv_order_q, fv_last_row_q, fv_cols_q, fv_xor_q, fv_signed_q, fv_skip_q} <=
        {x_i, order_i, last_row_i, cols_i, xor_i, signed_i, skip_i};
    fv_seen_q <= '0;
  end else if (done) begin
    fv_seen_q <= fv_seen_q | fv_this;
    if (read_o) fv_read_row_q <= row_o;
  end
end

always_comb begin
  fv_remain = '0;
  for (int unsigned i = 0; i < 8; i++) begin
    fv_remain[i] = !fv_skip_q;
    for (int unsigned c = 0; c < Cols; c++) if (fv_x_q[8*c+i]) fv_remain[i] = 1'b1;
  end
  // What was done where the present access is plane index_q times row_q.
  fv_odd  = 1'b0;
  fv_read = 1'b1;
  for (int unsigned i = 0; i < 8; i++) begin
    if (fv_remain[i] && 3'(i) < index_q) begin
      fv_odd = !fv_odd;
      if (fv_order_q == 2'd0) fv_read = 1'b0;
    end
  end
  for (int unsigned i = 0; i < 8; i++) begin
    for (int unsigned k = 0; k < 8; k++) begin
      fv_all[8*i+k] = fv_remain[i];
      if (fv_order_q == 2'd0) fv_done[8*i+k] = fv_remain[i] && (3'(k) > row_q || (3'(k) == row_q && 3'(i) < index_q));
      else if (3'(i) != index_q) fv_done[8*i+k] = fv_remain[i] && 3'(i) < index_q;
      else fv_done[8*i+k] = fv_order_q[1] && fv_odd ? 3'(k) < row_q : 3'(k) > row_q;
    end
  end
  fv_this = 64'd1 << {index_q, row_q};
  for (int unsigned c = 0; c < Cols; c++) fv_plane[c] = fv_x_q[8*c+32'(index_q)];
end

always_comb begin
  assume (rst_ni == !fv_init_q);
  if (rst_ni && busy_q) begin
    x_kept : assert (x_q == fv_x_q);
    mode_kept : assert (xor_o == fv_xor_q && in_o == fv_x_q[Cols-1:0] && cols_o == fv_cols_q);
    if (fv_xor_q) begin
      rows_in_order : assert (row_q <= fv_last_row_q && fv_seen_q == (64'd1 << row_q) - 64'd1 && index_q == 0);
      row_last : assert (last_o == (row_q == fv_last_row_q) && first_o == (row_q == 0));
      row_read : assert (read_q && !empty_o && mask_o == '1);
      kernels : assert (up_q && !once_q && remain_q == '0 && last_row_q == fv_last_row_q);
    end else if (fv_remain == '0) begin
      nothing : assert (empty_o && first_o && last_o && !read_q && mask_o == '0 && remain_q == '0);
      nothing_yet : assert (fv_seen_q == '0 && !up_q && last_row_q == 3'd7);
    end else begin
      known : assert (remain_q == fv_remain && fv_remain[index_q] && !empty_o && last_row_q == 3'd7);
      as_described : assert (fv_seen_q == fv_done && up_q == (fv_order_q[1] && fv_odd) && once_q == (fv_order_q == 2'd0));
      once_each : assert ((fv_seen_q & fv_this) == '0);
      all_of_them : assert (last_o == ((fv_seen_q | fv_this) == fv_all) && first_o == (fv_seen_q == '0));
      weight : assert (shift_o == 4'(index_q) + 4'(row_q));
      sign : assert (neg_o == ((fv_signed_q && index_q == 3'd7) != (row_q == 3'd7)));
      bits : assert (mask_o == fv_plane);
      read_or_held : assert (read_q == fv_read && (read_q || row_q == fv_read_row_q));
      orders : assert (signed_q == fv_signed_q && snake_q == fv_order_q[1]);
    end
  end
end

`ifdef TOP_pm_nmc_ctrl
always_comb if (rst_ni) begin
  gap : cover (load && done && !fv_xor_q);
`ifdef CANARY
  canary : assert (!(done && !fv_xor_q && fv_order_q == 2'd0 && row_q == 3'd6));
`endif
end
`endif

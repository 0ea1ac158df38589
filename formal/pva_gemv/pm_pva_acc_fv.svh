// SPDX-License-Identifier: Apache-2.0
// pm_pva_acc, by induction: what is shown is the sum over a vector's accesses of ±(p - n) * 2^(k + place), whatever the codes, in
// FvW bits: the accumulator does not wrap. Of a vector's accesses is assumed what pm_pva_ctrl_fv.svh shows: a pair of bit and digit
// has at most Rows/(8<<k) of them, so that the largest codes of all of them, and of the first ones, add up to at most
// 31/8 * Rows * (2^XBits-1) * (4^Digits-1)/3.
logic fv_init_q = 1'b1;
localparam int unsigned FvW = AccW + 8;
localparam logic [63:0] FvAll = 64'(31) * Rows * (2 ** XBits - 1) * ((4 ** Digits - 1) / 3) / 8;
localparam logic [FvW-1:0] FvMost = FvW'(FvAll);
localparam int unsigned FvM = Outputs - 1;  // the output that is looked at

// The accesses in the first two stages as they came, {neg, k + place, p, n}; exactly what is in the sums, and the largest codes' sum,
// each with the access that comes next.
logic [17:0] fv_code_q, fv_diff_q;
logic [5:0] fv_code_d, fv_diff_d;
logic signed [FvW-1:0] fv_sum_q, fv_sum, fv_term;
logic [FvW-1:0] fv_used_q, fv_used;
logic fv_open_q, fv_begun_q, fv_taken;
logic [3:0] fv_in_q, fv_out_q;

assign fv_taken = code_valid_i && code_ready_o;
always_comb begin
  fv_code_d = {1'b0, fv_code_q[9:5]} - {1'b0, fv_code_q[4:0]};
  fv_diff_d = {1'b0, fv_diff_q[9:5]} - {1'b0, fv_diff_q[4:0]};
  if (fv_code_q[17]) fv_code_d = -fv_code_d;
  if (fv_diff_q[17]) fv_diff_d = -fv_diff_d;
  fv_term = {{(FvW - 6) {fv_diff_d[5]}}, fv_diff_d};
  fv_term = fv_term <<< fv_diff_q[16:10];
  fv_sum  = (diff_first_q ? '0 : fv_sum_q) + fv_term;
  fv_used = (diff_first_q ? '0 : fv_used_q) + (FvW'(31) << fv_diff_q[16:10]);
end

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!rst_ni) begin
    {fv_open_q, fv_begun_q, fv_in_q, fv_out_q} <= '0;
  end else begin
    if (fv_taken) begin
      fv_open_q <= !last_i;
      if (last_i) fv_in_q <= fv_in_q + 1'b1;
    end
    if (sum_en && diff_valid_q) fv_begun_q <= 1'b1;
    if (y_valid_o && y_ready_i) fv_out_q <= fv_out_q + 1'b1;
  end
  if (fv_taken) fv_code_q <= {neg_i, 7'(k_i) + 7'(place_i), code_p_i[FvM*5+:5], code_n_i[FvM*5+:5]};
  if (diff_en && code_valid_q) fv_diff_q <= fv_code_q;
  if (sum_en && diff_valid_q) {fv_sum_q, fv_used_q} <= {fv_sum, fv_used};
  if (!fv_init_q && $past(rst_ni) && rst_ni && $past(y_valid_o && !y_ready_i)) holds : assert (y_valid_o && $stable(y_o));
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q) assume (rst_ni);
  if (code_valid_i) begin
    assume (first_i == !fv_open_q);
    assume (32'(place_i) < XBits + 2 * Digits - 2);
  end
  if (!fv_init_q && rst_ni && diff_valid_q) assume (fv_used <= FvMost);
  if (!fv_init_q && rst_ni) begin
    // The largest sum fits.
    fits : assert (FvAll < 64'd1 << (AccW - 1));
    // Each stage holds its access.
    if (code_valid_q) begin
      code_is : assert ({1'b0, plus_q[FvM*5+:5]} - {1'b0, minus_q[FvM*5+:5]} == fv_code_d && 7'(shift_q) == fv_code_q[16:10]);
      code_last : assert (last_q == !fv_open_q);
    end
    if (diff_valid_q) begin
      diff_is : assert (diff_q[FvM*6+:6] == fv_diff_d && 7'(diff_shift_q) == fv_diff_q[16:10]);
      diff_last : assert (diff_last_q == (code_valid_q ? first_q : !fv_open_q));
    end
    // A vector goes on where the one before it in the pipeline did not end.
    if (!fv_begun_q) first_is : assert (diff_valid_q ? diff_first_q : code_valid_q ? first_q : !fv_open_q);
    if (y_valid_o) after_last : assert (fv_begun_q && (diff_valid_q ? diff_first_q : code_valid_q ? first_q : !fv_open_q));
    if (fv_begun_q) begin
      sum_is : assert (sum_q[FvM*AccW+:AccW] == fv_sum_q[AccW-1:0]);
      range_used : assert (fv_used_q <= FvMost);
      range_sum : assert (fv_sum_q <= $signed(fv_used_q) && fv_sum_q >= -$signed(fv_used_q));
    end
    if (y_valid_o) shown : assert (FvW'($signed(y_o[FvM*AccW+:AccW])) == fv_sum_q);
    counted : assert (fv_in_q == fv_out_q + 4'(y_valid_o) + 4'(diff_valid_q && diff_last_q) + 4'(code_valid_q && last_q));
    cover (y_valid_o && !y_ready_i && code_valid_q);
`ifdef CANARY
    canary : assert (!(y_valid_o && y_o[FvM*AccW+:AccW] == AccW'(5)));
`endif
  end
end

// SPDX-License-Identifier: Apache-2.0
// pm_pva_acc, by induction: what is shown is the sum over a vector's accesses of ±(p - n) * 2^(k + place), whatever the codes, in
// FvW bits: the accumulator does not wrap. Of the accesses is assumed what pm_pva_ctrl_fv.svh shows: a pair of bit and digit has at
// most Rows/(8<<k) of them, so that a vector's largest codes add up to at most 31/8 * Rows * (2^XBits-1) * (4^Digits-1)/3.
logic fv_init_q = 1'b1;
localparam int unsigned FvW = AccW + 8;
localparam logic [63:0] FvAll = 64'(31) * Rows * (2 ** XBits - 1) * ((4 ** Digits - 1) / 3) / 8;
localparam logic [FvW-1:0] FvMost = FvW'(FvAll);
logic signed [FvW-1:0] fv_sum_q, fv_code_sum_q, fv_diff_sum_q, fv_term, fv_all;
logic [FvW-1:0] fv_used_q, fv_code_used_q, fv_diff_used_q, fv_used;
logic fv_open_q, fv_taken;
logic [3:0] fv_in_q, fv_out_q;

assign fv_taken = code_valid_i && code_ready_o;
always_comb begin
  fv_term = $signed(FvW'(code_p_i[4:0])) - $signed(FvW'(code_n_i[4:0]));
  fv_term = (neg_i ? -fv_term : fv_term) <<< (7'(k_i) + 7'(place_i));
  // Sum and the largest codes' sum with the access that comes, each beside its stage.
  fv_all = (first_i ? '0 : fv_code_sum_q) + fv_term;
  fv_used = (first_i ? '0 : fv_code_used_q) + (FvW'(31) << (7'(k_i) + 7'(place_i)));
end

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!rst_ni) begin
    {fv_open_q, fv_in_q, fv_out_q} <= '0;
    {fv_code_sum_q, fv_code_used_q} <= '0;
  end else begin
    if (fv_taken) begin
      fv_open_q <= !last_i;
      {fv_code_sum_q, fv_code_used_q} <= {fv_all, fv_used};
      if (last_i) fv_in_q <= fv_in_q + 1'b1;
    end
    if (y_valid_o && y_ready_i) fv_out_q <= fv_out_q + 1'b1;
  end
  // What the sums are after the access that a stage holds.
  if (diff_en && code_valid_q) {fv_diff_sum_q, fv_diff_used_q} <= {fv_code_sum_q, fv_code_used_q};
  if (sum_en && diff_valid_q) {fv_sum_q, fv_used_q} <= {fv_diff_sum_q, fv_diff_used_q};
  if (!fv_init_q && $past(rst_ni) && rst_ni && $past(y_valid_o && !y_ready_i)) holds : assert (y_valid_o && $stable(y_o));
end

logic signed [FvW-1:0] fv_code_term, fv_diff_term;
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q) assume (rst_ni);
  if (code_valid_i) begin
    assume (first_i == !fv_open_q);
    assume (32'(place_i) < XBits + 2 * Digits - 2);
    assume (fv_used <= FvMost);
  end
  fv_code_term = ($signed(FvW'(plus_q[4:0])) - $signed(FvW'(minus_q[4:0]))) <<< shift_q;
  fv_diff_term = FvW'($signed(diff_q[5:0])) <<< diff_shift_q;
  if (!fv_init_q && rst_ni) begin
    // The largest sum fits.
    fits : assert (FvAll < 64'd1 << (AccW - 1));
    if (code_valid_q) code_range : assert (fv_code_used_q <= FvMost && fv_code_sum_q <= $signed(fv_code_used_q) &&
                                           fv_code_sum_q >= -$signed(fv_code_used_q));
    if (fv_open_q) open_range : assert (fv_code_used_q <= FvMost && fv_code_sum_q <= $signed(fv_code_used_q) &&
                                        fv_code_sum_q >= -$signed(fv_code_used_q));
    if (diff_valid_q) diff_range : assert (fv_diff_used_q <= FvMost && fv_diff_sum_q <= $signed(fv_diff_used_q) &&
                                           fv_diff_sum_q >= -$signed(fv_diff_used_q));
    // A stage's sum is the one behind it and its own access.
    if (code_valid_q) code_is : assert (last_q == !fv_open_q);
    if (code_valid_q && !first_q)
      code_adds : assert (fv_code_sum_q - fv_code_term == (diff_valid_q ? fv_diff_sum_q : fv_sum_q));
    if (code_valid_q && first_q) code_begins : assert (fv_code_sum_q == fv_code_term);
    if (diff_valid_q && !diff_first_q) diff_adds : assert (fv_diff_sum_q - fv_diff_term == fv_sum_q);
    if (diff_valid_q && diff_first_q) diff_begins : assert (fv_diff_sum_q == fv_diff_term);
    if (!code_valid_q && fv_open_q) waits : assert (fv_code_sum_q == (diff_valid_q ? fv_diff_sum_q : fv_sum_q));
    if (y_valid_o || (code_valid_q && !first_q && !diff_valid_q) || (diff_valid_q && !diff_first_q) ||
        (!code_valid_q && !diff_valid_q && fv_open_q))
      sum_is : assert (FvW'($signed(sum_q[AccW-1:0])) == fv_sum_q);
    if (diff_valid_q) diff_last : assert (diff_last_q == (code_valid_q ? first_q : !fv_open_q));
    if (y_valid_o) after_last : assert (diff_valid_q ? diff_first_q : code_valid_q ? first_q : !fv_open_q);
    counted : assert (fv_in_q == fv_out_q + 4'(y_valid_o) + 4'(diff_valid_q && diff_last_q) + 4'(code_valid_q && last_q));
    cover (y_valid_o && !y_ready_i && code_valid_q);
`ifdef CANARY
    canary : assert (!(y_valid_o && y_o[AccW-1:0] == AccW'(5)));
`endif
  end
end

// SPDX-License-Identifier: Apache-2.0
// Properties of pm_flare_gemv at its array pins and at the input of pm_shift_add (whose own proof takes it from there):
// each access that is done, and each done beat of a vector without accesses, becomes exactly one beat of codes, in order,
// with the counts of that clock's comparators; nothing else does; a waiting access stays as it is.

logic fv_init_q = 1'b1;
logic fv_done, fv_empty, fv_open_q;
logic [Columns*4-1:0] fv_count;
// Beats numbered at the array and at shift-add; vectors at the array: what the model of an array counts.
logic [3:0] fv_in_q, fv_out_q, fv_tag_q;

assign fv_done  = wl_valid_o && wl_ready_i;
assign fv_empty = wl_last_o && !wl_valid_o;

always_comb begin
  fv_count = '0;
  for (int unsigned c = 0; c < Columns; c++)
    for (int unsigned k = 0; k < 8; k++) fv_count[c*4+:4] = fv_count[c*4+:4] + 4'(cmp_i[c*8+k]);
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_in_q   <= '0;
    fv_out_q  <= '0;
    fv_open_q <= 1'b0;
  end else begin
    fv_in_q  <= fv_in_q + 4'(fv_done || fv_empty);
    fv_out_q <= fv_out_q + 4'(code_valid_q && sum_ready);
    // A vector is open between its first access and its last.
    if (fv_done || fv_empty) fv_open_q <= !wl_last_o;
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (fv_done || fv_empty) fv_tag_q <= fv_in_q;
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  // BitSift's own proof: a beat without wordlines is a vector's only one.
  if (beat_valid && wl_o == '0) assume (beat_last && !fv_open_q);
  if (!fv_init_q && rst_ni) begin
    assert (first_q == !fv_open_q);
    assert (fv_in_q == fv_out_q + 4'(code_valid_q));
    if (code_valid_q) assert (fv_tag_q == fv_out_q);
    if (fv_done) assert (wl_o != '0);
    assert (!(fv_done && fv_empty));
    cover (fv_done && code_valid_q && fv_in_q == 4'd2);
    cover (fv_empty);
    cover (wl_valid_o && !wl_ready_i);
`ifdef CANARY
    canary : assert (!(fv_done && wl_last_o));
`endif
  end
end

always_ff @(posedge clk_i) begin
  if (!fv_init_q && rst_ni && $past(rst_ni)) begin
    if ($past(fv_done || fv_empty)) begin
      assert (code_valid_q && code_first_q == !$past(fv_open_q) && code_last_q == $past(wl_last_o));
      assert (code_empty_q == $past(fv_empty));
      if ($past(fv_done))
        assert (code_q == $past(fv_count) && code_plane_q == $past(wl_plane_o) && code_neg_q == $past(wl_neg_o));
    end else if ($past(code_valid_q && !sum_ready)) begin
      assert (code_valid_q && $stable(code_q) && $stable(code_plane_q) && $stable(code_neg_q));
      assert ($stable(code_first_q) && $stable(code_last_q) && $stable(code_empty_q));
    end else begin
      assert (!code_valid_q);
    end
    if ($past(wl_valid_o && !wl_ready_i)) begin
      assert (wl_valid_o && $stable(wl_o) && $stable(dwl_o) && $stable(wl_plane_o));
      assert ($stable(wl_neg_o) && $stable(wl_last_plane_o) && $stable(wl_last_o));
    end
    // Wordlines move only when their access is done, also while y_ready_i holds back wl_valid_o.
    if ($past(beat_valid && beat_access && !fv_done)) assert ($stable(wl_o) && $stable(dwl_o));
  end
end

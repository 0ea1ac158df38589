// SPDX-License-Identifier: Apache-2.0
// Properties of pm_flare_split over any arrays' beats (the contract pm_bitsift.sv): each beat of each array becomes part of exactly
// one beat here, in order, with its own weight; all that have one of the earliest plane take part; a vector ends when it has
// ended in every array; planes never go back; a beat without wordlines is a vector's only one.

logic fv_init_q = 1'b1;
logic fv_open_q;  // a beat of this vector was formed
logic [KeyW-1:0] fv_key_q;
logic [1:0] fv_ends_q;  // vectors ended here, of each array alike but for those that are done

always_ff @(posedge clk_i or negedge rst_ni)
  if (!rst_ni) begin
    fv_open_q <= 1'b0;
    fv_ends_q <= '0;
  end else if (step) begin
    fv_open_q <= !last;
    fv_ends_q <= fv_ends_q + 2'(last);
  end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (step) fv_key_q <= least;
end

for (genvar a = 0; a < Arrays; a++) begin : g_fv
  logic [1:0] ends_q;
  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) ends_q <= '0;
    else ends_q <= ends_q + 2'(take[a] && last_vector[a]);

  always_comb
    if (!fv_init_q && rst_ni) begin
      assert (ends_q == fv_ends_q + 2'(done_q[a]));
      // Who is done waits for the others; who is not has beats of the same vector.
      if (done_q[a]) assert (fv_open_q && !take[a]);
      // In an open vector an array that is not done has shown no last beat, or has it still, at no earlier plane.
      if (fv_open_q && !done_q[a]) begin
        assert (key[a*KeyW+:KeyW] >= fv_key_q);
        if (!valid[a]) assert (!last_vector[a] && key[a*KeyW+:KeyW] == fv_key_q);
        if (valid[a]) assert (!empty[a]);
      end
      // Else it is between vectors, or shows the next one's first beat.
      if ((!fv_open_q || done_q[a]) && !valid[a]) assert (last_vector[a]);
      if (valid[a] && empty[a]) assert (last_vector[a]);
      if (step) begin
        // It takes part, is done, or waits at a later plane.
        assert (take[a] || done_q[a] || key[a*KeyW+:KeyW] > least);
        if (take[a]) assert (valid[a]);
        if (take[a] && !empty[a]) assert (key[a*KeyW+:KeyW] == least);
      end
    end

  always_ff @(posedge clk_i)
    if (!fv_init_q && rst_ni && $past(rst_ni)) begin
      if ($past(step)) begin
        assert (mask_o[a*Rows+:Rows] == $past(take[a] ? mask[a*Rows+:Rows] : Rows'(0)));
        assert (dummy_o[a*7+:7] == $past(fire[a] ? dummy[a*7+:7] : 7'd0));
        assert (last_plane_o[a] == $past(fire[a] && last_plane[a]));
      end
      if ($past(acc_valid_o && !acc_ready_i)) assert ($stable(mask_o[a*Rows+:Rows]) && $stable(dummy_o[a*7+:7]));
    end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q && rst_ni) begin
    assert (done_q != {Arrays{1'b1}});
    if (step && fv_open_q) assert (least >= fv_key_q);
    if (step && (fire == '0)) assert (last && !fv_open_q);
    cover (step && last && fv_open_q && done_q != '0);
    cover (step && fire == '0);
    cover (step && fire == {Arrays{1'b1}});
`ifdef CANARY
    canary : assert (!(step && fv_open_q && last && done_q != '0));
`endif
  end
end

always_ff @(posedge clk_i)
  if (!fv_init_q && rst_ni && $past(rst_ni)) begin
    if ($past(step)) assert (acc_valid_o && {neg_o, plane_o} == $past(least) && last_vector_o == $past(last));
    else if ($past(acc_valid_o && !acc_ready_i)) assert (acc_valid_o && $stable(plane_o) && $stable(neg_o) && $stable(last_vector_o));
    else assert (!acc_valid_o);
  end

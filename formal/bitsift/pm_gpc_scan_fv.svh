// SPDX-License-Identifier: Apache-2.0
// The literal rules, of one access: what is given is there, at most 8 in all, at least 1 unless the plane is empty; a
// full slice is served alone and the lowest one first; otherwise slices are taken whole, and one that waits did not fit.
logic [CntW-1:0] fv_sum;
logic fv_full;
always_comb begin
  fv_sum = 0;
  fv_full = 0;
  for (int unsigned j = 0; j < Slices; j++) begin
    if (pop_q[j*PopW +: PopW] >= 8) begin
      if (!fv_full) assert (!valid_q || grant_o[j*4 +: 4] == 8);
      fv_full = 1;
    end else if (fv_full || full != 0)
      assert (!valid_q || grant_o[j*4 +: 4] == 0);
    else begin
      assert (!valid_q || grant_o[j*4 +: 4] == 0 || grant_o[j*4 +: 4] == pop_q[j*PopW +: PopW]);
      if (grant_o[j*4 +: 4] == 0 && pop_q[j*PopW +: PopW] != 0)
        assert (!valid_q || fv_sum + pop_q[j*PopW +: PopW] > 8);
    end
    assert (!valid_q || grant_o[j*4 +: 4] <= pop_q[j*PopW +: PopW]);
    fv_sum = fv_sum + grant_o[j*4 +: 4];
  end
  assert (!valid_q || (fv_sum == sawl_o && fv_sum <= 8));
  assert (!valid_q || (fv_sum == 0) == (pop_q == 0));
end
// A plane ends with its last one: no access after the first finds it empty.
logic fv_init = 1'b1;
always_ff @(posedge clk_i) fv_init <= 1'b0;
always_comb assume (rst_ni == !fv_init);
always_comb if (rst_ni && valid_q && t_q != 0) assert (pop_q != 0);
always_ff @(posedge clk_i) if (rst_ni && valid_q) begin
  cover (step && last_o && t_q == 2);
`ifdef CANARY
  canary: assert (!(sawl_o == 5 && !last_o));
`endif
end

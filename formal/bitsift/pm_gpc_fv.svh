// SPDX-License-Identifier: Apache-2.0
// Where the plane itself rides along in data[Rows-1:0], as in pm_bitsift: the bases are its counts of ones, and what is
// left is the count less 8 an access. Naive counts, row by row.
if (DataW >= Rows) begin : g_fv
  function [CntW-1:0] fv_ones(input [Rows-1:0] v, input integer from, input integer until);
    integer r;
    begin
      fv_ones = 0;
      for (r = 0; r < Rows; r = r + 1)
        if (r >= from && r < until) fv_ones = fv_ones + {{CntW-1{1'b0}}, v[r]};
    end
  endfunction

  always_comb if (rst_ni) begin
    if (blk_valid_q)
      for (int unsigned j = 0; j < Slices; j++)
        assert (blk_q[j*BlkW +: BlkW] == BlkW'(fv_ones(blk_data_q[Rows-1:0], j * Slice / BlkRows * BlkRows, (j + 1) * Slice)));
    if (mid_valid)
      for (int unsigned j = 0; j < Slices; j++)
        assert (mid[j*MidW +: MidW] == MidW'(fv_ones(mid_data[Rows-1:0], j * Slice / MidRows * MidRows, (j + 1) * Slice)));
    if (valid_q) begin
      for (int unsigned j = 0; j < Slices; j++)
        assert (base_q[j*CntW +: CntW] == fv_ones(data_q[Rows-1:0], 0, j * Slice));
      assert ({1'b0, left_q} + {1'b0, t_q, 3'b0} == {1'b0, fv_ones(data_q[Rows-1:0], 0, Rows)});
      assert (left_q <= Rows);
      assert (t_q == 0 || left_q != 0);
    end
  end
end

// Where the popcounts themselves ride along: the same, for arrays whose planes are too wide to prove.
if (DataW == Slices * PopW) begin : g_fv_pop
  logic fv_init = 1'b1;
  always_ff @(posedge clk_i) fv_init <= 1'b0;
  always_comb begin
    assume (rst_ni == !fv_init);
    assume (data_i == pop_i);
    for (int unsigned j = 0; j < Slices; j++) assume (pop_i[j*PopW +: PopW] <= Slice);
  end

  logic [CntW-1:0] in_block, in_mid, before, total;
  always_comb begin
    in_block = 0;
    in_mid = 0;
    before = 0;
    for (int unsigned j = 0; j < Slices; j++) begin
      in_block = (j % (BlkRows / Slice) == 0 ? 0 : in_block) + blk_data_q[j*PopW +: PopW];
      if (rst_ni && blk_valid_q) begin
        assert (blk_data_q[j*PopW +: PopW] <= Slice);
        assert (blk_q[j*BlkW +: BlkW] == in_block);
      end
      in_mid = (j % (MidRows / Slice) == 0 ? 0 : in_mid) + mid_data[j*PopW +: PopW];
      if (rst_ni && mid_valid) begin
        assert (mid_data[j*PopW +: PopW] <= Slice);
        assert (mid[j*MidW +: MidW] == in_mid);
      end
      if (rst_ni && valid_q) begin
        assert (data_q[j*PopW +: PopW] <= Slice);
        assert (base_q[j*CntW +: CntW] == before);
      end
      before = before + data_q[j*PopW +: PopW];
    end
    total = before;
    if (rst_ni && valid_q) begin
      assert ({1'b0, left_q} + {1'b0, t_q, 3'b0} == {1'b0, total});
      assert (left_q <= Rows);
      assert (t_q == 0 || left_q != 0);
      // So the accesses of a plane are ceil(P/8), at least 1.
      if (last_o) assert (t_q == (total == 0 ? 0 : (total - 1) >> 3));
    end
  end
  always_ff @(posedge clk_i) if (rst_ni) begin
    cover (valid_q && last_o && t_q == 1 && sawl_o == 3);
`ifdef CANARY
    canary: assert (!(valid_q && total == Rows - 3));
`endif
  end
end

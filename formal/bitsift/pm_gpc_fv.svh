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
        assert (blk_q[j*BlkW +: BlkW] == BlkW'(fv_ones(blk_data_q[Rows-1:0], j / Block * 64, (j + 1) * Slice)));
    if (valid_q) begin
      for (int unsigned j = 0; j < Slices; j++)
        assert (base_q[j*CntW +: CntW] == fv_ones(data_q[Rows-1:0], 0, j * Slice));
      assert (left_q + {t_q, 3'b0} == fv_ones(data_q[Rows-1:0], 0, Rows));
      assert (left_q <= Rows);
      assert (t_q == 0 || left_q != 0);
    end
  end
end

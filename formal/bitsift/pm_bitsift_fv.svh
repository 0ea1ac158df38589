// SPDX-License-Identifier: Apache-2.0
// The invariants of docs/numerics.md, "BitSift", split mode, unbounded, from the plane register to the wordlines.
//
// Ghosts carry a plane and the index of its access along the pipeline; that a stage holds what rank / 8 = t says is the
// induction's hypothesis, the invariants at the output are its use. Naive: ranks are counted row by row.
if (!Scan && Rows <= 64) begin : g_fv
  logic init = 1'b1;
  always_ff @(posedge clk_i) init <= 1'b0;
  always_comb assume (rst_ni == !init);

  function [CntW-1:0] ones(input [Rows-1:0] v);
    integer r;
    begin
      ones = 0;
      for (r = 0; r < Rows; r = r + 1) ones = ones + {{CntW-1{1'b0}}, v[r]};
    end
  endfunction
  // Ones of v with rank / 8 >= t.
  function [Rows-1:0] from_access(input [Rows-1:0] v, input [CntW-3:0] t);
    integer r;
    reg [CntW-1:0] rank;
    begin
      rank = 0;
      for (r = 0; r < Rows; r = r + 1) begin
        from_access[r] = v[r] && {1'b0, rank[CntW-1:3]} >= t;
        rank = rank + {{CntW-1{1'b0}}, v[r]};
      end
    end
  endfunction

  // Stage of the marks, and the output.
  logic [Rows-1:0] v_mark, v_acc, sent, expect_v, union_d;
  logic [CntW-4:0] t_mark, t_acc, expect_t;
  logic [CntW-1:0] p_mark, p_acc;
  assign p_mark = ones(v_mark);
  assign p_acc = ones(v_acc);
  assign union_d = sent | mask_o;
  always_ff @(posedge clk_i) begin
    if (grant_ready) begin
      v_mark <= grant_v;
      t_mark <= t;
    end
    if (acc_en) begin
      v_acc <= v_mark;
      t_acc <= t_mark;
    end
    // What the next access must be, and the union of the plane's accesses so far.
    if (init) begin
      expect_t <= 0;
      sent <= 0;
    end else if (acc_valid_o && acc_ready_i) begin
      expect_t <= last_plane_o ? 0 : t_acc + 1;
      expect_v <= v_acc;
      sent <= last_plane_o ? 0 : union_d;
    end
  end

  // Slice j's base in the plane of the marks, and its grant.
  logic [CntW-1:0] base;
  always_comb begin
    base = 0;
    if (rst_ni) begin
      if (grant_valid && t != 0) assert (mark_valid_q && v_mark == grant_v && t_mark + 1 == t && !mark_last_q);
      if (mark_valid_q) begin
        assert (rem_q == from_access(v_mark, t_mark));
        for (int unsigned j = 0; j < Slices; j++) begin
          base = ones(v_mark & ~({Rows{1'b1}} << (j * Slice)));
          assert (grant_q[j*4 +: 4] ==
              (base >= 8 * (t_mark + 1) ? 0 : base <= 8 * t_mark ? 8 : 8 * (t_mark + 1) - base));
        end
        assert (sawl_q == (p_mark >= 8 * t_mark + 8 ? 8 : p_mark - 8 * t_mark));
        assert (mark_last_q == (p_mark <= 8 * t_mark + 8));
        assert (p_mark > 8 * t_mark || t_mark == 0);
        if (!mark_last_q) assert (grant_valid && t == t_mark + 1 && grant_v == v_mark);
        if (t_mark != 0) assert (acc_valid_o ? v_acc == v_mark && t_mark == t_acc + 1 && !last_plane_o :
            expect_t == t_mark && expect_v == v_mark);
        else assert (acc_valid_o ? last_plane_o : expect_t == 0);
      end
      if (!mark_valid_q && !acc_valid_o) assert (expect_t == 0);
      if (acc_valid_o && !last_plane_o) assert (mark_valid_q);

      // The accesses of a plane are t = 0, 1 .. ceil(P/8) - 1, in order, and nothing between them.
      if (acc_valid_o) begin
        assert (t_acc == expect_t);
        if (t_acc != 0) assert (v_acc == expect_v);
        assert (last_plane_o == (8 * (t_acc + 1) >= p_acc));
        assert (mask_o == (from_access(v_acc, t_acc) & ~from_access(v_acc, t_acc + 1)));
        assert (sent == (v_acc & ~from_access(v_acc, t_acc)));
        // Disjoint; their union is the plane.
        assert ((mask_o & sent) == 0);
        assert (!last_plane_o || union_d == v_acc);
        // Wordlines and dummies make 8, or nothing is driven.
        assert (v_acc == 0 ? mask_o == 0 && dummy_o == 0 && last_plane_o :
            mask_o != 0 && ones(mask_o) + dummy_o[0] + dummy_o[1] + dummy_o[2] + dummy_o[3] + dummy_o[4] + dummy_o[5] +
            dummy_o[6] == 8);
        assert ((dummy_o & (dummy_o + 1)) == 0);
      end else assert (mask_o == 0 && dummy_o == 0);
      if (expect_t == 0) assert (sent == 0);
      else if (!acc_valid_o) assert (mark_valid_q && sent == (v_mark & ~from_access(v_mark, t_mark)));
    end
  end

  // A stalled access is stable.
  logic stalled;
  logic [Rows+PlaneW+9:0] held;
  always_ff @(posedge clk_i) begin
    stalled <= rst_ni && acc_valid_o && !acc_ready_i;
    held <= {mask_o, dummy_o, plane_o, neg_o, last_plane_o, last_vector_o};
  end
  always_comb if (rst_ni && !init && stalled)
    assert (acc_valid_o && held == {mask_o, dummy_o, plane_o, neg_o, last_plane_o, last_vector_o});

  always_ff @(posedge clk_i) if (rst_ni) begin
    cover (acc_valid_o && last_vector_o && t_acc == 1 && dummy_o == 7'h03);
`ifdef CANARY
    canary: assert (!(acc_valid_o && last_plane_o && dummy_o == 7'h0f && mask_o[Rows-1]));
`endif
  end
end

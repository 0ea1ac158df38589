// SPDX-License-Identifier: Apache-2.0
// One slice of an array of any size below 2^CntW rows: with any count of ones before it, any access t, and what is left
// of its ones after the accesses before t, grant and marker take exactly the ones whose rank / 8 is t, and leave those
// of later accesses. With the bases that pm_gpc computes this holds for every slice, so for a plane of any D.
module pm_slice_fv #(
  parameter int unsigned Slice = 16,
  parameter int unsigned CntW = 13
) (
  input logic [Slice-1:0] v_i,
  input logic [CntW-1:0]  base_i,
  input logic [CntW-4:0]  t_i
);
  localparam int unsigned PopW = $clog2(Slice + 1);
  logic [Slice-1:0] rem, now, later, mark;
  logic [CntW-1:0] rank;
  always_comb begin
    rank = base_i;
    for (int unsigned r = 0; r < Slice; r++) begin
      rem[r] = v_i[r] && rank[CntW-1:3] >= t_i;
      now[r] = v_i[r] && rank[CntW-1:3] == t_i;
      later[r] = v_i[r] && rank[CntW-1:3] > t_i;
      rank = rank + {{CntW-1{1'b0}}, v_i[r]};
    end
  end

  logic [3:0] k;
  logic [PopW-1:0] pop;
  logic full;
  pm_grant #(.CntW(CntW)) u_grant (.base_i, .t_i, .k_o(k));
  pm_lpc #(.Slice(Slice)) u_lpc (.v_i(rem), .k_i(k), .pop_o(pop), .full_o(full), .mark_o(mark));

  always_comb begin
    assume (base_i <= (1 << CntW) - 1 - Slice);
    assert (mark == now);
    assert ((rem & ~mark) == later);
  end
`ifdef CANARY
  always_comb canary: assert (k != 5 || mark != 'h2d);
`endif
endmodule

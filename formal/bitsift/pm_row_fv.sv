// SPDX-License-Identifier: Apache-2.0
// One row of a slice of any length, in an array of any size below 2^CntW rows; pm_slice_fv by induction over rows, where
// the slice is too long for it. `before` ones of the slice precede the row; of these, `gone` were taken by the accesses
// before t, all that have rank / 8 < t. The marker takes the row when its rank among what is left is below the grant.
module pm_row_fv #(
  parameter int unsigned CntW = 13
) (
  input logic [CntW-1:0] base_i,
  input logic [CntW-1:0] before_i,
  input logic [CntW-4:0] t_i
);
  logic [3:0] k;
  pm_grant #(.CntW(CntW)) u_grant (.base_i, .t_i, .k_o(k));

  logic [CntW:0] rank, start, gone, gone_next;
  assign rank = base_i + before_i;
  assign start = {1'b0, t_i, 3'd0};  // rank of the first one of access t
  assign gone = start <= base_i ? 0 : start - base_i >= before_i ? before_i : start - base_i;
  assign gone_next = start <= base_i ? 0 : start - base_i >= before_i + 1 ? before_i + 1 : start - base_i;
  always_comb begin
    // Access t takes a one at this row if and only if its rank / 8 is t ..
    assert ((rank[CntW:3] >= t_i && before_i - gone < k) == (rank[CntW:3] == t_i));
    // .. and if there is one, the hypothesis holds for the next row.
    assert (gone_next == gone + (rank[CntW:3] < t_i));
  end
`ifdef CANARY
  always_comb canary: assert (!(k == 5 && before_i == 4 && rank[CntW:3] == t_i));
`endif
endmodule

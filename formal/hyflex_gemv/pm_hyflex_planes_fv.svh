// SPDX-License-Identifier: Apache-2.0
// Inside pm_hyflex_planes, which sees its register: whatever vectors come and whenever planes leave, the wordlines show plane
// index_o of the vector that was accepted, and pop_o counts them.
logic [Rows*8-1:0] vector_q, to_come;
always_ff @(posedge clk_i) if (load) vector_q <= x_i;

logic [Rows-1:0] shown;
logic [PopW-1:0] ones;
always_comb begin
  ones = '0;
  for (int unsigned r = 0; r < Rows; r++) begin
    shown[r] = vector_q[r*8+32'(index_q)];
    ones += PopW'(shown[r]);
    to_come[r*8+:8] = vector_q[r*8+:8] >> index_q;
  end
end
always_ff @(posedge clk_i) begin
  if (rst_ni && valid_q) begin
    right_plane: assert (plane_o == shown);
    right_popcount: assert (pop_o == ones);
    right_rest: assert (x_q == to_come);
  end
end

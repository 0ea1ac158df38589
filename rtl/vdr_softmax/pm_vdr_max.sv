// SPDX-License-Identifier: Apache-2.0
/// Maximum of the kept logits of one beat, signed; -128 where none is kept.
module pm_vdr_max #(
    /// Logits a beat, at least 1.
    parameter int unsigned Lanes = 16
) (
    /// Logit i at [8i +: 8], signed.
    input  logic [Lanes*8-1:0] x_i,
    /// Logit i takes part.
    input  logic [  Lanes-1:0] keep_i,
    /// Signed.
    output logic [        7:0] max_o
);
  // A balanced tree over the next power of two, in offset binary: node n has the children 2n and 2n+1, leaves are last.
  localparam int unsigned Leaves = 1 << $clog2(Lanes);
  logic [Leaves*16-1:0] node;

  always_comb begin
    node = '0;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (keep_i[i]) node[(Leaves+i)*8+:8] = {~x_i[i*8+7], x_i[i*8+:7]};
    end
    for (int unsigned n = Leaves - 1; n > 0; n--) begin
      node[n*8+:8] = node[n*16+8+:8] > node[n*16+:8] ? node[n*16+8+:8] : node[n*16+:8];
    end
  end

  assign max_o = {~node[15], node[14:8]};
endmodule

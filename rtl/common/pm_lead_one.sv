// SPDX-License-Identifier: Apache-2.0
/// Position of the highest one, combinational: a binary search of clog2(W) steps, each of which asks whether the upper half of
/// what is left holds a one.
module pm_lead_one #(
    /// Bits, at least 1.
    parameter int unsigned W = 32,
    localparam int unsigned Steps = $clog2(W),
    localparam int unsigned PosW = W > 1 ? Steps : 1
) (
    /// Where to look.
    input  logic [   W-1:0] x_i,
    /// Position, 0..W-1; 0 where there is none.
    output logic [PosW-1:0] pos_o,
    /// x_i is 0.
    output logic            none_o
);
  if (W < 1) begin : g_range
    $error("pm_lead_one: W must be at least 1");
  end

  logic [2**Steps-1:0] rest;

  always_comb begin
    rest  = (2 ** Steps)'(x_i);
    pos_o = '0;
    for (int unsigned k = 1; k <= Steps; k++) begin
      if ((rest >> (1 << (Steps - k))) != '0) begin
        rest = rest >> (1 << (Steps - k));
        pos_o[Steps-k] = 1'b1;
      end
    end
  end
  assign none_o = x_i == '0;

`ifdef TARGET_common
  logic [PosW-1:0] fv_pos;
  always_comb begin
    fv_pos = '0;
    for (int unsigned i = 0; i < W; i++) if (x_i[i]) fv_pos = PosW'(i);
    highest : assert (pos_o == fv_pos && none_o == ~|x_i);
  end
`endif
endmodule

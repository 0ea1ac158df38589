// SPDX-License-Identifier: Apache-2.0
/// Position of the highest one, combinational: neighbours are joined in pairs, clog2(W) times. A pair's position is that of its
/// upper half where this holds a one, else of its lower.
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

  localparam int unsigned Leaves = 2 ** Steps;

  // Of the group that starts at bit g: any of it is one; where its highest is, within the group.
  always_comb begin
    logic [Leaves-1:0] any;
    logic [Leaves*PosW-1:0] pos;
    any = Leaves'(x_i);
    pos = '0;
    for (int unsigned k = 0; k != Steps; k++) begin
      for (int unsigned g = 0; g < Leaves; g += 2 << k) begin
        if (any[g+(1<<k)]) pos[g*PosW+:PosW] = pos[(g+(1<<k))*PosW+:PosW] | PosW'(1 << k);
        any[g] = any[g] || any[g+(1<<k)];
      end
    end
    pos_o  = pos[PosW-1:0];
    none_o = !any[0];
  end

`ifdef TARGET_common
  logic [PosW-1:0] fv_pos;
  always_comb begin
    fv_pos = '0;
    for (int unsigned i = 0; i < W; i++) if (x_i[i]) fv_pos = PosW'(i);
    highest : assert (pos_o == fv_pos && none_o == ~|x_i);
  end
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
// Against the naive sum, which as many registers delay as the tree is said to have.
localparam int unsigned FvDelay = Every > 0 ? (Levels + Every - 1) / Every : 0;
logic [(FvDelay+1)*SumW-1:0] fv_sum;
logic [SumW-1:0] fv_naive;
always_comb begin
  fv_naive = '0;
  for (int unsigned i = 0; i < N; i++) fv_naive = fv_naive + {{(SumW - W + 1) {Signed && x_i[i*W+W-1]}}, x_i[i*W+:W]};
end
assign fv_sum[SumW-1:0] = fv_naive;
if (FvDelay > 0) begin : g_fv_delay
  logic [FvDelay*SumW-1:0] fv_sum_q;
  logic [FvDelay-1:0] fv_held_q = '0;  // what was there before anything came is nobody's
  logic [FvDelay*SumW-1:0] fv_level;
  always_ff @(posedge clk_i) if (en_i) begin
    fv_sum_q  <= fv_sum[FvDelay*SumW-1:0];
    fv_held_q <= FvDelay'({fv_held_q, 1'b1});
  end
  assign fv_sum[SumW+:FvDelay*SumW] = fv_sum_q;
  // The registers of a level hold one sum.
  always_comb begin
    fv_level = '0;
    for (int unsigned n = 1; n < 2 * N; n++) begin
      for (int unsigned d = 0; d < FvDelay; d++)
        if (registered(n) && (Levels + 1 - $clog2(n + 1) + Every - 1) / Every == d + 1)
          fv_level[d*SumW+:SumW] = fv_level[d*SumW+:SumW] + sum_q[n*SumW+:SumW];
    end
    for (int unsigned d = 0; d < FvDelay; d++) if (fv_held_q[d]) assert (fv_level[d*SumW+:SumW] == fv_sum_q[d*SumW+:SumW]);
    in_turn : assert ((fv_held_q & (fv_held_q + 1'b1)) == 0);
    if (fv_held_q[FvDelay-1]) delayed : assert (sum_o == fv_sum[FvDelay*SumW+:SumW]);
    cover (fv_held_q == '1 && !en_i);
  end
end else begin : g_fv_now
  always_comb summed : assert (sum_o == fv_naive);
end

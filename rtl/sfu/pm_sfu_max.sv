// SPDX-License-Identifier: Apache-2.0
/// The largest key of each row: a tree with a register behind every level, and the row's maximum so far. One beat a clock; a
/// row's maximum comes clog2(Lanes) + 1 clocks after its last beat, and waits in a buffer of two. In front of a full one all
/// stands.
module pm_sfu_max #(
    /// Keys a beat, at least 2.
    parameter int unsigned Lanes = 8,
    /// Bits of a key, unsigned, at least 1.
    parameter int unsigned W     = 15
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    /// Beats.
    input  logic               x_valid_i,
    output logic               x_ready_o,
    /// Key i at [i*W +: W]; 0 where there is none.
    input  logic [Lanes*W-1:0] key_i,
    /// The row's last beat.
    input  logic               x_last_i,
    /// Maxima, one a row.
    output logic               max_valid_o,
    input  logic               max_ready_i,
    /// The largest key.
    output logic [      W-1:0] max_o
);
  if (Lanes < 2 || W < 1) begin : g_range
    $error("pm_sfu_max: Lanes must be at least 2, W at least 1");
  end

  localparam int unsigned Levels = $clog2(Lanes);
  localparam int unsigned Leaves = 2 ** Levels;

  // A heap: node n has the children 2n and 2n + 1, the keys are last; registers behind all other nodes.
  logic [2*Leaves*W-1:0] node;
  logic [Leaves*W-1:0] node_q, node_d;
  logic [Levels-1:0] valid_q, last_q;
  logic en, done, valid;
  logic [W-1:0] most, so_far_q;

  always_comb begin
    node   = {(2 * Leaves * W)'(key_i) << (Leaves * W)} | (2 * Leaves * W)'(node_q);
    node_d = '0;
    for (int unsigned n = 1; n < Leaves; n++) begin
      node_d[n*W+:W] = node[2*n*W+:W] > node[(2*n+1)*W+:W] ? node[2*n*W+:W] : node[(2*n+1)*W+:W];
    end
  end

  assign x_ready_o = en;
  assign valid     = valid_q[Levels-1];
  assign most      = node_q[W+:W] > so_far_q ? node_q[W+:W] : so_far_q;
  assign done      = valid && last_q[Levels-1];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q  <= '0;
      so_far_q <= '0;
    end else if (en) begin
      valid_q <= Levels'({valid_q, x_valid_i});
      if (valid) so_far_q <= last_q[Levels-1] ? '0 : most;
    end
  end
  always_ff @(posedge clk_i) begin
    if (en) begin
      node_q <= node_d;
      last_q <= Levels'({last_q, x_last_i});
    end
  end

  pm_fifo #(
      .Width(W),
      .Depth(2)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .valid_i(done),
      .ready_o(en),
      .data_i (most),
      .valid_o(max_valid_o),
      .ready_i(max_ready_i),
      .data_o (max_o)
  );
endmodule

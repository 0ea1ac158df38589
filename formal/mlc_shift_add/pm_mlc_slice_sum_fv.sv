// SPDX-License-Identifier: Apache-2.0
// One plane through pm_mlc_slice_sum, for every weight, every input bit and either cell, from any state and with any gaps between
// the codes: t is the sum of the active rows' weights. The array is Rows wordlines and one weight; flip and codes follow
// docs/numerics.md, "HyFlexPIM array", the threshold scaled from 64 rows to Rows. With flip no code exceeds half of the full sum.
module pm_mlc_slice_sum_fv #(
    parameter int unsigned Rows = 4
) (
    input logic clk_i,
    input logic rst_ni,
    input logic valid_i
);
  localparam int unsigned PopW = $clog2(Rows + 1);
  (* anyconst *) logic [Rows*8-1:0] w;
  (* anyconst *) logic [Rows-1:0] bits;
  (* anyconst *) logic mlc;

  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);

  logic [2:0] slice_q, last;
  assign last = mlc ? 3'd3 : 3'd7;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) slice_q <= '0;
    else if (valid_i) slice_q <= slice_q == last ? 3'd0 : slice_q + 1'b1;
  end

  // Sum of cells, of active cells and of active complements, of this slice's column.
  logic [9:0] top, total, sum, csum, code;
  logic [PopW-1:0] pop;
  logic flip;
  logic [7:0] u;
  logic [9:0] held;
  logic signed [19:0] want;
  always_comb begin
    top   = mlc ? 10'd3 : 10'd1;
    total = '0;
    sum   = '0;
    csum  = '0;
    pop   = '0;
    want  = '0;
    u     = '0;
    held  = '0;
    for (int unsigned r = 0; r < Rows; r++) begin
      u = w[r*8+:8] ^ 8'h80;
      held = 10'(mlc ? u >> {slice_q[1:0], 1'b0} : u >> slice_q) & top;
      total += held;
      pop += PopW'(bits[r]);
      if (bits[r]) begin
        sum  += held;
        csum += top - held;
        want += {{12{w[r*8+7]}}, w[r*8+:8]};
      end
    end
    flip = {total, 1'b0} > 11'(Rows) * top;
    code = flip ? csum : sum;
  end

  logic t_valid, ends_q;
  logic [15:0] t;
  pm_mlc_slice_sum #(
      .Rows(Rows)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .mlc_i(mlc),
      .valid_i(valid_i && rst_ni),
      .code_i(code[6:0]),
      .slice_i(slice_q),
      .flip_i(flip),
      .pop_i(pop),
      .valid_o(t_valid),
      .t_o(t)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) ends_q <= 1'b0;
    else ends_q <= valid_i && slice_q == last;
  end

  // What t must hold while an output is under way: its lower slices' part of the sum.
  logic started_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) started_q <= 1'b0;
    else if (valid_i) started_q <= 1'b1;
  end
  logic [2:0] done_slices;
  logic [7:0] low;
  logic signed [19:0] partial;
  always_comb begin
    done_slices = slice_q;
    low = slice_q == 0 ? 8'hff : mlc ? (8'd1 << {slice_q[1:0], 1'b0}) - 8'd1 : (8'd1 << done_slices) - 8'd1;
    partial = 20'sd0 - 20'({13'd0, pop} << 7);
    for (int unsigned r = 0; r < Rows; r++) begin
      if (bits[r]) partial += 20'((w[r*8+:8] ^ 8'h80) & low);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      invariant: assert (!started_q || 20'($signed(t)) == partial);
      is_weight_sum: assert (!t_valid || 20'($signed(t)) == want);
      valid_after_last: assert (t_valid == ends_q);
      ended: assert (!ends_q || (started_q && slice_q == 0));
      slices: assert (slice_q <= last && (slice_q == 0 || started_q));
      no_clip: assert ({code, 1'b0} <= 11'(Rows) * top);
`ifdef CANARY
      canary: assert (!(t_valid && t == 16'd1));
`endif
    end
  end
endmodule

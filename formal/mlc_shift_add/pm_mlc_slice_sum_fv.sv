// SPDX-License-Identifier: Apache-2.0
// One plane through pm_mlc_slice_sum, for every weight, every input bit, either cell and either coding, from any state and with any
// gaps between the codes: t is the sum of the active rows' weights. The array is Rows wordlines and one weight; flip and codes follow
// docs/numerics.md, "HyFlexPIM array", the threshold scaled from 64 rows to Rows. With flip no code exceeds half of the full sum;
// of differential weights flip_i may be anything.
module pm_mlc_slice_sum_fv #(
    parameter int unsigned Rows = 4,
    parameter bit Diff = 1'b0
) (
    input logic clk_i,
    input logic rst_ni,
    input logic valid_i
);
  localparam int unsigned PopW = $clog2(Rows + 1);
  (* anyconst *) logic [Rows*8-1:0] w;
  (* anyconst *) logic [Rows-1:0] bits;
  (* anyconst *) logic mlc, noise;
  logic diff;
  assign diff = Diff;

  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);

  logic [3:0] slice_q, last;
  logic [2:0] digit;
  assign last  = (mlc ? 4'd4 : 4'd8) * (diff ? 4'd2 : 4'd1) - 4'd1;
  assign digit = diff ? slice_q[3:1] : slice_q[2:0];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) slice_q <= '0;
    else if (valid_i) slice_q <= slice_q == last ? 4'd0 : slice_q + 1'b1;
  end

  function logic [7:0] positive(input logic [7:0] v);
    positive = v[7] ? 8'd0 : v;
  endfunction
  function logic [7:0] negative(input logic [7:0] v);
    negative = v[7] ? 8'd0 - v : 8'd0;
  endfunction

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
      u = !diff ? w[r*8+:8] ^ 8'h80 : slice_q[0] ? negative(w[r*8+:8]) : positive(w[r*8+:8]);
      held = 10'(mlc ? u >> {digit[1:0], 1'b0} : u >> digit) & top;
      total += held;
      pop += PopW'(bits[r]);
      if (bits[r]) begin
        sum  += held;
        csum += top - held;
        want += {{12{w[r*8+7]}}, w[r*8+:8]};
      end
    end
    flip = diff ? noise : {total, 1'b0} > 11'(Rows) * top;
    code = flip && !diff ? csum : sum;
  end

  logic t_valid, ends_q;
  logic [15:0] t;
  pm_mlc_slice_sum #(
      .Rows(Rows)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .mlc_i(mlc),
      .diff_i(diff),
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
  // Bits below a digit; all of them where the output is complete.
  function logic [7:0] below(input logic [3:0] place);
    below = slice_q == 0 ? 8'hff : (mlc ? 8'd1 << {place[2:0], 1'b0} : 8'd1 << place) - 8'd1;
  endfunction
  logic signed [19:0] partial;
  always_comb begin
    partial = diff ? 20'sd0 : 20'sd0 - 20'({13'd0, pop} << 7);
    for (int unsigned r = 0; r < Rows; r++) begin
      if (bits[r] && !diff) partial += 20'((w[r*8+:8] ^ 8'h80) & below(4'(digit)));
      // A pair's positive column comes first.
      if (bits[r] && diff) partial += 20'(positive(w[r*8+:8]) & below(4'(digit) + 4'(slice_q[0])));
      if (bits[r] && diff) partial -= 20'(negative(w[r*8+:8]) & below(4'(digit)));
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      invariant: assert (!started_q || 20'($signed(t)) == partial);
      is_weight_sum: assert (!t_valid || 20'($signed(t)) == want);
      valid_after_last: assert (t_valid == ends_q);
      ended: assert (!ends_q || (started_q && slice_q == 0));
      slices: assert (slice_q <= last && (slice_q == 0 || started_q));
      no_clip: assert (diff || {code, 1'b0} <= 11'(Rows) * top);
`ifdef CANARY
      canary: assert (!(t_valid && t == 16'd1));
`endif
    end
  end
endmodule

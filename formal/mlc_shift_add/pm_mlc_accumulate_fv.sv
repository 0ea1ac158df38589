// Eight planes of two outputs through pm_mlc_accumulate, for any sums t and from any state: each result is
// sum_i 2^i t_i, plane 7 negative. With |t| <= 16065 (6-bit codes of one-bit cells: 255 * 63; two-bit cells need less) a result
// fits 23 bits; any t fits y.
module pm_mlc_accumulate_fv (
    input logic        clk_i,
    input logic        rst_ni,
    input logic [15:0] t_i
);
  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);
  (* anyconst *) logic narrow;

  logic [4:0] clock_q;
  logic valid, index;
  logic [2:0] plane;
  assign valid = rst_ni && !clock_q[4];
  assign plane = clock_q[3:1];
  assign index = clock_q[0];
  always_comb if (narrow) assume ($signed(t_i) <= 16065 && $signed(t_i) >= -16065);

  logic signed [25:0] t_wide, want0_q, want1_q, want;
  assign t_wide = {{10{t_i[15]}}, t_i};
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      clock_q <= '0;
      want0_q <= '0;
      want1_q <= '0;
    end else begin
      if (clock_q != 5'd31) clock_q <= clock_q + 1'b1;
      if (valid && !index) want0_q <= plane == 7 ? want0_q - (t_wide <<< plane) : want0_q + (t_wide <<< plane);
      if (valid && index) want1_q <= plane == 7 ? want1_q - (t_wide <<< plane) : want1_q + (t_wide <<< plane);
    end
  end

  logic y_valid, y_index;
  logic [23:0] y;
  pm_mlc_accumulate #(
      .Outputs(2),
      .PartW  (16)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .valid_i(valid),
      .t_i,
      .index_i(index),
      .plane_i(plane),
      .valid_o(y_valid),
      .index_o(y_index),
      .y_o(y)
  );
  assign want = y_index ? want1_q : want0_q;

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      is_sum: assert (!y_valid || {{2{y[23]}}, y} == want);
      fits_23: assert (!(y_valid && narrow) || y[23] == y[22]);
      arrives: assert (y_valid == (clock_q == 5'd15 || clock_q == 5'd16));
      right_output: assert (!y_valid || y_index == (clock_q == 5'd16));
`ifdef CANARY
      canary: assert (!(y_valid && y == 24'd1));
`endif
    end
  end
endmodule

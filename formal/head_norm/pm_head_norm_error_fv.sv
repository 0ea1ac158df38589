// The quotient's error, for every o and z that need no shift beyond 31: |y - 16*o/z| within 1/59 of it, and one.
module pm_head_norm_error_fv #(
    parameter int unsigned OW = 8,
    parameter int unsigned ZW = 8
) (
    input logic clk_i
);
  (* anyconst *) logic signed [OW-1:0] o;
  (* anyconst *) logic [ZW-1:0] z;
  logic o_ready, y_valid, z_zero;
  logic signed [31:0] y;

  pm_head_norm #(
      .Lanes(1),
      .OW(OW),
      .ZW(ZW)
  ) u_dut (
      .clk_i,
      .rst_ni(1'b1),
      .clear_i(1'b0),
      .o_valid_i(1'b1),
      .o_ready_o(o_ready),
      .o_i(o),
      .z_i(z),
      .y_valid_o(y_valid),
      .y_ready_i(1'b1),
      .y_o(y),
      .z_zero_o(z_zero)
  );

  // 59 * (y*z - 16*o) against 16*|o|, where y is a floor: one z more below.
  localparam int unsigned W = OW + ZW + 16;
  logic signed [W-1:0] remainder, size;
  always_comb begin
    remainder = W'(y) * $signed({{W - ZW{1'b0}}, z}) - (W'(o) <<< 4);
    size      = o < 0 ? -(W'(o) <<< 4) : W'(o) <<< 4;
  end

  logic [1:0] age_q = '0;
  always_ff @(posedge clk_i) if (age_q != 2) age_q <= age_q + 1'b1;
  always_ff @(posedge clk_i) begin
    if (age_q == 2) begin
      valid : assert (y_valid && o_ready);
      flag : assert (z_zero || z != 0);
      zero : assert (z != 0 || y == 0);
      not_above : assert (z == 0 || remainder * 59 <= size);
      not_below : assert (z == 0 || (remainder + $signed({{W - ZW{1'b0}}, z})) * 59 >= -size);
`ifdef CANARY
      canary : assert (z == 0 || remainder * 64 <= size);
`endif
      below_32 : cover (z < 32 && z > 16 && y < -3);
    end
  end
endmodule

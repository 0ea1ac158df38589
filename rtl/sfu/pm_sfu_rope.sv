// SPDX-License-Identifier: Apache-2.0
/// A pair turned: y0 = x0 c - x1 s, y1 = x0 s + x1 c, each of a product and a fused product and sum. Nine clocks of en_i.
module pm_sfu_rope (
    input  logic        clk_i,
    /// The registers move on.
    input  logic        en_i,
    /// Code of x0.
    input  logic [15:0] x0_i,
    /// Code of x1.
    input  logic [15:0] x1_i,
    /// Code of the cosine.
    input  logic [15:0] c_i,
    /// Code of the sine.
    input  logic [15:0] s_i,
    /// Code of y0.
    output logic [15:0] y0_o,
    /// Code of y1.
    output logic [15:0] y1_o
);
  localparam int unsigned Product = 4;  // clocks

  logic [15:0] x1s, x1c, x0, c, s;
  logic [Product*48-1:0] line_q;
  logic [3:0] unused_nv, unused_of;

  always_ff @(posedge clk_i) if (en_i) line_q <= {line_q[(Product-1)*48-1:0], x0_i, c_i, s_i};
  assign {x0, c, s} = line_q[(Product-1)*48+:48];

  pm_fp16_mul #(
      .Cut(1'b1)
  ) u_x1s (
      .clk_i,
      .en_i,
      .a_i (x1_i),
      .b_i (s_i),
      .y_o (x1s),
      .nv_o(unused_nv[0]),
      .of_o(unused_of[0])
  );
  pm_fp16_mul #(
      .Cut(1'b1)
  ) u_x1c (
      .clk_i,
      .en_i,
      .a_i (x1_i),
      .b_i (c_i),
      .y_o (x1c),
      .nv_o(unused_nv[1]),
      .of_o(unused_of[1])
  );
  pm_fp16_fma #(
      .Cut(1'b1)
  ) u_y0 (
      .clk_i,
      .en_i,
      .a_i (x0),
      .b_i (c),
      .c_i (x1s ^ 16'h8000),
      .y_o (y0_o),
      .nv_o(unused_nv[2]),
      .of_o(unused_of[2])
  );
  pm_fp16_fma #(
      .Cut(1'b1)
  ) u_y1 (
      .clk_i,
      .en_i,
      .a_i (x0),
      .b_i (s),
      .c_i (x1c),
      .y_o (y1_o),
      .nv_o(unused_nv[3]),
      .of_o(unused_of[3])
  );
endmodule

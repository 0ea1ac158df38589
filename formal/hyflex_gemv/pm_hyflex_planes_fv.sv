// SPDX-License-Identifier: Apache-2.0
// pm_hyflex_planes, vectors and planes taken at any time: planes come in order, each until it is taken and no longer; a vector is
// accepted exactly when the last plane of the one before leaves. What the planes hold: pm_hyflex_planes_fv.svh.
module pm_hyflex_planes_fv #(
    parameter int unsigned Rows = 5
) (
    input logic              clk_i,
    input logic              rst_ni,
    input logic              x_valid_i,
    input logic              plane_ready_i,
    input logic [Rows*8-1:0] x_i
);
  localparam int unsigned PopW = $clog2(Rows + 1);
  logic x_ready, plane_valid;
  logic [Rows-1:0] plane;
  logic [2:0] index;
  logic [PopW-1:0] pop;

  pm_hyflex_planes #(
      .Rows(Rows)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o(x_ready),
      .x_i,
      .plane_valid_o(plane_valid),
      .plane_ready_i(plane_ready_i && plane_valid),
      .plane_o(plane),
      .index_o(index),
      .pop_o(pop)
  );

  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);

  logic [3:0] left_q;  // planes of the accepted vector that have not left
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) left_q <= '0;
    else if (x_valid_i && x_ready) left_q <= 4'd8;
    else if (plane_ready_i && plane_valid) left_q <= left_q - 1'b1;
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      counted: assert (plane_valid == (left_q != 0) && left_q <= 8);
      in_order: assert (left_q == 0 ? index == 0 : {1'b0, index} + left_q == 8);
      ready_exactly: assert (x_ready == (left_q == 0 || (left_q == 1 && plane_ready_i)));
`ifdef CANARY
      canary: assert (!(plane_valid && index == 3'd2));
`endif
      back_to_back: cover (left_q == 1 && plane_ready_i && x_valid_i);
    end
  end
endmodule

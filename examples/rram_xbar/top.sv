// SPDX-License-Identifier: Apache-2.0
/// An RRAM crossbar with mixed precision: 17 inputs of up to 3 bits, three outputs of weights of up to 5 bits in slices of 3.
module rram_xbar (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic [ 1:0] abits_i,
    input  logic [ 2:0] wbits_i,
    input  logic [ 2:0] cell_i,
    input  logic        signed_i,
    input  logic        x_valid_i,
    output logic        x_ready_o,
    input  logic [50:0] x_i,
    output logic        y_valid_o,
    input  logic        y_ready_i,
    output logic [41:0] y_o
);
  logic en, done, last, unused;
  logic [16:0] wl;
  logic [2:0] slice;
  logic [1:0] plane;
  logic [23:0] d;

  pm_xbar #(
      .Rows(17),
      .Outputs(3),
      .C(3),
      .A(3),
      .B(5)
  ) u_edge (
      .clk_i,
      .rst_ni,
      .abits_i,
      .wbits_i,
      .cell_i,
      .signed_i,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .wl_valid_o(en),
      .wl_ready_i(done),
      .wl_o      (wl),
      .wl_slice_o(slice),
      .wl_plane_o(plane),
      .wl_last_o (last),
      .d_i       (d),
      .y_valid_o,
      .y_ready_i,
      .y_o
  );
  rram17x6 u_array (
      .ck   (clk_i),
      .en   (en),
      .wl   (wl),
      .slice(slice),
      .plane(plane),
      .done (done),
      .d    (d)
  );
  assign unused = last;
endmodule

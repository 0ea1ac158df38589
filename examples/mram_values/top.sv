// SPDX-License-Identifier: Apache-2.0
/// An MRAM array with FLARE's digital edge: 16 values of 8 bits times 16 x 4 weights of 4 bits, by accesses of eight wordlines.
module mram_values (
    input  logic         clk_i,
    input  logic         rst_ni,
    input  logic         x_valid_i,
    output logic         x_ready_o,
    input  logic [127:0] x_i,
    output logic         y_valid_o,
    input  logic         y_ready_i,
    output logic [ 63:0] y_o
);
  logic en, done, unused;
  logic [15:0] wl;
  logic [6:0] dwl;
  logic [127:0] cmp;
  logic [2:0] plane;
  logic neg, last_plane, last;

  pm_flare_gemv #(
      .Rows(16),
      .Outputs(4),
      .WBits(4)
  ) u_edge (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .signed_i       (1'b1),
      .sign_coding_i  (1'b1),
      .eplanes_i      (1'b1),
      .wl_valid_o     (en),
      .wl_ready_i     (done),
      .wl_o           (wl),
      .dwl_o          (dwl),
      .wl_plane_o     (plane),
      .wl_neg_o       (neg),
      .wl_last_plane_o(last_plane),
      .wl_last_o      (last),
      .cmp_i          (cmp),
      .y_valid_o,
      .y_ready_i,
      .y_o
  );
  mram16x16 u_array (
      .ck  (clk_i),
      .en  (en),
      .wl  (wl),
      .dwl (dwl),
      .done(done),
      .cmp (cmp)
  );
  assign unused = ^{plane, neg, last_plane, last};
endmodule

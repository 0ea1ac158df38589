// SPDX-License-Identifier: Apache-2.0
/// Contract of pm_bitsift, by its own proofs: of each vector beats whose {neg, plane} never falls, the last of them marked; a beat
/// without wordlines is a vector's only one; a waiting beat stays as it is. It holds at most two vectors.
module pm_bitsift #(
    parameter int unsigned Rows = 64,
    parameter int unsigned Bits = 8,
    parameter int unsigned Slice = 16,
    parameter bit Scan = 0,
    localparam int unsigned PlaneW = $clog2(Bits)
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 x_valid_i,
    output logic                 x_ready_o,
    input  logic [Rows*Bits-1:0] x_i,
    input  logic                 signed_i,
    input  logic                 sign_coding_i,
    input  logic                 eplanes_i,
    output logic                 acc_valid_o,
    input  logic                 acc_ready_i,
    output logic [     Rows-1:0] mask_o,
    output logic [          6:0] dummy_o,
    output logic [   PlaneW-1:0] plane_o,
    output logic                 neg_o,
    output logic                 last_plane_o,
    output logic                 last_vector_o
);
  (* anyseq *) logic ready, offer, last, last_plane;
  (* anyseq *) logic [Rows-1:0] mask;
  (* anyseq *) logic [6:0] dummy;
  (* anyseq *) logic [PlaneW:0] key;

  // Vectors inside; whether one has given a beat that was not its last, and that beat's key.
  logic [1:0] inside_q, left;
  logic valid_q, take, give, load, open;
  logic [PlaneW:0] floor;

  assign x_ready_o   = ready && inside_q < 2'd2;
  assign take        = x_valid_i && x_ready_o;
  assign acc_valid_o = valid_q;
  assign give        = valid_q && acc_ready_i;
  assign open        = !last_vector_o;
  assign floor       = open ? {neg_o, plane_o} : '0;
  assign left        = inside_q - 2'(give && last_vector_o && inside_q != 2'd0);
  assign load        = (!valid_q || give) && offer && (open || left != 2'd0);

  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) begin
      inside_q      <= '0;
      valid_q       <= 1'b0;
      last_vector_o <= 1'b1;
    end else begin
      inside_q <= left + 2'(take);
      if (!valid_q || give) valid_q <= load;
      if (load) last_vector_o <= last;
    end

  always_ff @(posedge clk_i)
    if (load) begin
      mask_o           <= mask;
      dummy_o          <= dummy;
      {neg_o, plane_o} <= key;
      last_plane_o     <= last_plane;
    end

  always_comb
    if (load) begin
      assume (key >= floor);
      assume (32'(key[PlaneW-1:0]) < Bits);
      if (open) assume (mask != '0);
      if (mask == '0) assume (last);
    end
endmodule

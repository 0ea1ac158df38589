// SPDX-License-Identifier: Apache-2.0
/// Rows of a vector over several arrays, each with a BitSift of its own (FLARE, arXiv 2411.14733, section 5.1). The arrays go
/// from plane to plane together, so that what they give in one access has one weight and adds up in one accumulator: of all
/// arrays' next accesses those of the earliest plane are done at once, arrays that have none there wait. A plane takes as many
/// accesses as the array with the most ones of it.
///
/// One access a clock; the wordlines leave from flops.
module pm_flare_split #(
    /// Rows of an array: a multiple of Slice, Slice..4096.
    parameter int unsigned Rows = 64,
    /// B, bits of an element: 2..16.
    parameter int unsigned Bits = 8,
    /// Rows of one LPC slice: 8, 16 or 32.
    parameter int unsigned Slice = 16,
    /// 1: the paper's scanning GPC instead of split.
    parameter bit Scan = 0,
    /// Arrays: 1..16.
    parameter int unsigned Arrays = 2,
    localparam int unsigned PlaneW = $clog2(Bits)
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    /// Vectors.
    input  logic                        x_valid_i,
    output logic                        x_ready_o,
    /// Element r at [r*Bits +: Bits]; array a has elements a*Rows and up.
    input  logic [Arrays*Rows*Bits-1:0] x_i,
    /// Elements are signed. Configuration, stable while a vector is inside, as the next two.
    input  logic                        signed_i,
    /// Sign coding instead of two's complement planes.
    input  logic                        sign_coding_i,
    /// Effective planes, each array's own.
    input  logic                        eplanes_i,
    /// Beats; as of pm_bitsift, a vector without ones in any array has one without wordlines.
    output logic                        acc_valid_o,
    input  logic                        acc_ready_i,
    /// Data wordlines; an array without any takes no part.
    output logic [     Arrays*Rows-1:0] mask_o,
    /// Dummy wordlines of array a at [7*a +: 7].
    output logic [        7*Arrays-1:0] dummy_o,
    /// The access weighs 2^plane.
    output logic [          PlaneW-1:0] plane_o,
    /// Its weight is negative.
    output logic                        neg_o,
    /// Bit a: array a's last access of its plane.
    output logic [          Arrays-1:0] last_plane_o,
    /// Last beat of the vector.
    output logic                        last_vector_o
);
  if (Arrays < 1 || Arrays > 16) begin : g_range
    $error("pm_flare_split: Arrays must be 1..16");
  end

  localparam int unsigned KeyW = PlaneW + 1;

  // Each array's next beat. Planes come positive ones first, LSB first: by ascending {neg, plane}.
  logic [Arrays*Rows-1:0] mask;
  logic [7*Arrays-1:0] dummy;
  logic [KeyW*Arrays-1:0] key;
  logic [Arrays-1:0] x_ready, valid, last_plane, last_vector, empty, take;

  for (genvar a = 0; a < Arrays; a++) begin : g_array
    pm_bitsift #(
        .Rows (Rows),
        .Bits (Bits),
        .Slice(Slice),
        .Scan (Scan)
    ) u_bitsift (
        .clk_i,
        .rst_ni,
        .x_valid_i    (x_valid_i && x_ready_o),
        .x_ready_o    (x_ready[a]),
        .x_i          (x_i[a*Rows*Bits+:Rows*Bits]),
        .signed_i,
        .sign_coding_i,
        .eplanes_i,
        .acc_valid_o  (valid[a]),
        .acc_ready_i  (take[a]),
        .mask_o       (mask[a*Rows+:Rows]),
        .dummy_o      (dummy[a*7+:7]),
        .plane_o      (key[a*KeyW+:PlaneW]),
        .neg_o        (key[a*KeyW+PlaneW]),
        .last_plane_o (last_plane[a]),
        .last_vector_o(last_vector[a])
    );
    assign empty[a] = mask[a*Rows+:Rows] == '0;
  end
  assign x_ready_o = &x_ready;

  // Arrays that have had their last beat of the vector, and those that act now.
  logic [Arrays-1:0] done_q, fire, ended;
  logic [KeyW-1:0] least;
  logic valid_q, step, last;

  always_comb begin
    least = '1;
    for (int unsigned a = 0; a < Arrays; a++) if (!done_q[a] && !empty[a] && key[a*KeyW+:KeyW] < least) least = key[a*KeyW+:KeyW];
    for (int unsigned a = 0; a < Arrays; a++) begin
      fire[a]  = !done_q[a] && !empty[a] && key[a*KeyW+:KeyW] == least;
      ended[a] = done_q[a] || ((fire[a] || empty[a]) && last_vector[a]);
    end
  end
  assign step = (&(valid | done_q)) && (!valid_q || acc_ready_i);
  assign take = {Arrays{step}} & ~done_q & (fire | empty);
  assign last = &ended;

  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) begin
      valid_q <= 1'b0;
      done_q  <= '0;
    end else begin
      if (!valid_q || acc_ready_i) valid_q <= step;
      if (step) done_q <= last ? '0 : ended;
    end

  always_ff @(posedge clk_i)
    if (step) begin
      for (int unsigned a = 0; a < Arrays; a++) begin
        mask_o[a*Rows+:Rows] <= mask[a*Rows+:Rows] & {Rows{fire[a]}};
        dummy_o[a*7+:7]      <= dummy[a*7+:7] & {7{fire[a]}};
      end
      {neg_o, plane_o} <= least;
      last_plane_o     <= last_plane & fire;
      last_vector_o    <= last;
    end
  assign acc_valid_o = valid_q;

`ifdef PERIMETER_FORMAL
  `include "pm_flare_split_fv.svh"
`endif
endmodule

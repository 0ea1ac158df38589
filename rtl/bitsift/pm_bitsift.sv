// SPDX-License-Identifier: Apache-2.0
/// BitSift: chooses the wordlines of each array access (FLARE, arXiv 2411.14733, section 4.4).
///
/// vector -> planes that hold ones -> popcount of each slice -> grants -> marked wordlines and dummies, from flops.
/// One access a clock, without a bubble between planes or vectors. The first access is there 6 clocks after a vector is
/// taken (scan: 5). A beat with mask 0 and last_vector 1 is the done beat of a vector without ones.
module pm_bitsift #(
    /// D, wordlines: a multiple of Slice, Slice..4096.
    parameter int unsigned Rows = 64,
    /// B, bits of an element: 2..16.
    parameter int unsigned Bits = 8,
    /// L, rows of an LPC slice: 8, 16 or 32.
    parameter int unsigned Slice = 16,
    /// 1: the paper's scan GPC instead of split.
    parameter bit Scan = 0
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    /// Vectors.
    input  logic                    x_valid_i,
    output logic                    x_ready_o,
    /// Element r at [r*Bits +: Bits].
    input  logic [   Rows*Bits-1:0] x_i,
    /// Elements are signed. Configuration, stable while a vector is inside.
    input  logic                    signed_i,
    /// Sign coding instead of two's complement (signed only). Configuration.
    input  logic                    sign_coding_i,
    /// Effective planes (two's complement only). Configuration.
    input  logic                    eplanes_i,
    /// Accesses, stable while not ready.
    output logic                    acc_valid_o,
    input  logic                    acc_ready_i,
    /// Wordlines, straight from flops, all zero when no access.
    output logic [        Rows-1:0] mask_o,
    /// Dummy wordlines, thermometer from index 0, straight from flops, all zero when no access.
    output logic [             6:0] dummy_o,
    /// The access weighs 2^plane.
    output logic [$clog2(Bits)-1:0] plane_o,
    /// Its weight is negative.
    output logic                    neg_o,
    /// Last access of its plane.
    output logic                    last_plane_o,
    /// Last access of its vector.
    output logic                    last_vector_o
);
  if (Slice != 8 && Slice != 16 && Slice != 32) begin : g_slice_range
    $error("pm_bitsift: Slice must be 8, 16 or 32");
  end
  if (Rows == 0 || Rows % Slice != 0 || Rows > 4096) begin : g_rows_range
    $error("pm_bitsift: Rows must be a multiple of Slice, Slice..4096");
  end
  if (Bits < 2 || Bits > 16) begin : g_bits_range
    $error("pm_bitsift: Bits must be 2..16");
  end

  localparam int unsigned Slices = Rows / Slice;
  localparam int unsigned PopW = $clog2(Slice + 1);
  localparam int unsigned CntW = $clog2(Rows + 1);
  localparam int unsigned PlaneW = $clog2(Bits);
  localparam int unsigned MetaW = PlaneW + 2;  // plane, neg, last of vector

  logic plane_valid, plane_ready, plane_neg, plane_last;
  logic [PlaneW-1:0] plane;
  logic [  Rows-1:0] v;
  pm_planes #(
      .Rows(Rows),
      .Bits(Bits)
  ) u_planes (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .signed_i,
      .sign_coding_i,
      .eplanes_i,
      .plane_valid_o(plane_valid),
      .plane_ready_i(plane_ready),
      .v_o(v),
      .plane_o(plane),
      .neg_o(plane_neg),
      .last_o(plane_last)
  );

  logic grant_valid, grant_ready, last;
  logic [CntW-4:0] t;
  logic [Slices*PopW-1:0] pop;
  logic [Slices*4-1:0] grant;
  logic [3:0] sawl;
  logic [MetaW-1:0] meta;
  logic [Rows-1:0] grant_v;
  if (Scan) begin : g_scan
    pm_gpc_scan #(
        .Rows (Rows),
        .Slice(Slice),
        .DataW(MetaW + Rows)
    ) u_gpc (
        .clk_i,
        .rst_ni,
        .plane_valid_i(plane_valid),
        .plane_ready_o(plane_ready),
        .pop_i(pop),
        .data_i({plane, plane_neg, plane_last, v}),
        .grant_valid_o(grant_valid),
        .grant_ready_i(grant_ready),
        .grant_o(grant),
        .sawl_o(sawl),
        .t_o(t),
        .last_o(last),
        .data_o({meta, grant_v})
    );
  end else begin : g_split
    pm_gpc #(
        .Rows (Rows),
        .Slice(Slice),
        .DataW(MetaW + Rows)
    ) u_gpc (
        .clk_i,
        .rst_ni,
        .plane_valid_i(plane_valid),
        .plane_ready_o(plane_ready),
        .pop_i(pop),
        .data_i({plane, plane_neg, plane_last, v}),
        .grant_valid_o(grant_valid),
        .grant_ready_i(grant_ready),
        .grant_o(grant),
        .sawl_o(sawl),
        .t_o(t),
        .last_o(last),
        .data_o({meta, grant_v})
    );
  end

  // The granted access: its grants, and the ones of the plane that no earlier access took.
  logic mark_valid_q, mark_last_q;
  logic [Slices*4-1:0] grant_q;
  logic [3:0] sawl_q;
  logic [MetaW-1:0] meta_q;
  logic [Rows-1:0] rem_q, mark;
  logic [6:0] dummy;
  logic [Slices-1:0] full_unused, full_unused2;
  /* verilator coverage_off */  // k_i is 0: nothing is marked
  logic [Rows-1:0] mark_unused;
  /* verilator coverage_on */
  logic [Slices*PopW-1:0] pop_unused;
  pm_lpc #(
      .Slice (Slice),
      .Slices(Slices)
  ) u_count (
      .v_i(v),
      .k_i({Slices{4'd0}}),
      .pop_o(pop),
      .full_o(full_unused),
      .mark_o(mark_unused)
  );
  pm_lpc #(
      .Slice (Slice),
      .Slices(Slices)
  ) u_mark (
      .v_i(rem_q),
      .k_i(grant_q & {Slices * 4{mark_valid_q}}),
      .pop_o(pop_unused),
      .full_o(full_unused2),
      .mark_o(mark)
  );
  pm_dummy_wl u_dummy (
      .sawl_i (sawl_q & {4{mark_valid_q}}),
      .dummy_o(dummy)
  );

  logic acc_en;
  assign acc_en = !acc_valid_o || acc_ready_i;
  assign grant_ready = !mark_valid_q || acc_en;

  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) begin
      mark_valid_q <= 1'b0;
      acc_valid_o  <= 1'b0;
      mask_o       <= '0;
      dummy_o      <= '0;
    end else begin
      if (grant_ready) mark_valid_q <= grant_valid;
      if (acc_en) begin
        acc_valid_o <= mark_valid_q;
        mask_o      <= mark;
        dummy_o     <= dummy;
      end
    end

  always_ff @(posedge clk_i) begin
    if (grant_ready) begin
      grant_q     <= grant;
      sawl_q      <= sawl;
      mark_last_q <= last;
      meta_q      <= meta;
      rem_q       <= t == 0 ? grant_v : rem_q & ~mark;
    end
    if (acc_en) begin
      {plane_o, neg_o} <= meta_q[MetaW-1:1];
      last_plane_o     <= mark_last_q;
      last_vector_o    <= mark_last_q && meta_q[0];
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_bitsift_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Global pop controller, split mode: shares every access among the slices (FLARE section 4.4).
///
/// An access is the next 8 ones in row order, cutting through slices, so that a plane of P ones takes exactly ceil(P/8)
/// accesses. Feed-forward: the slices' bases are a prefix sum in two pipeline stages, or three above 1024
/// rows, and access t follows from base and t alone. A plane enters in every clock, an access leaves in every clock.
module pm_gpc #(
    /// D, wordlines: a multiple of Slice, Slice..4096.
    parameter int unsigned Rows = 64,
    /// L, rows a slice: 8, 16 or 32.
    parameter int unsigned Slice = 16,
    /// Bits that ride along with a plane, at least 1.
    parameter int unsigned DataW = 1,
    /// Rows over which the first stage sums: a power of two, at least Slice. The last stage sums over all.
    parameter int unsigned BlkRows = Rows > 256 ? 128 : 64,
    /// Rows over which the stage between sums: a power of two, at least BlkRows. With more of them that stage is there,
    /// so that the levels are shared out evenly.
    parameter int unsigned MidRows = Rows > 2048 ? 1024 : Rows > 1024 ? 512 : BlkRows,
    localparam int unsigned Slices = Rows / Slice,
    localparam int unsigned CntW = $clog2(Rows + 1),
    localparam int unsigned PopW = $clog2(Slice + 1)
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    /// Planes. One without ones takes one beat, with sawl 0.
    input  logic                   plane_valid_i,
    output logic                   plane_ready_o,
    /// Popcount of each slice.
    input  logic [Slices*PopW-1:0] pop_i,
    /// Rides along.
    input  logic [      DataW-1:0] data_i,
    /// Accesses.
    output logic                   grant_valid_o,
    input  logic                   grant_ready_i,
    /// Slice j marks its first grant[j] remaining ones, 0..8 (4 bits a slice).
    output logic [   Slices*4-1:0] grant_o,
    /// Wordlines of the access, 1..8; 0 for a plane without ones.
    output logic [            3:0] sawl_o,
    /// Access of the plane, from 0.
    output logic [       CntW-4:0] t_o,
    /// The plane's last access.
    output logic                   last_o,
    /// The plane's data.
    output logic [      DataW-1:0] data_o
);
  if (Slice != 8 && Slice != 16 && Slice != 32) begin : g_slice_range
    $error("pm_gpc: Slice must be 8, 16 or 32");
  end
  if (Rows == 0 || Rows % Slice != 0 || Rows > 4096) begin : g_rows_range
    $error("pm_gpc: Rows must be a multiple of Slice, Slice..4096");
  end
  if (DataW < 1) begin : g_data_range
    $error("pm_gpc: DataW must be at least 1");
  end
  if (BlkRows < Slice || MidRows < BlkRows || 2 ** $clog2(
          BlkRows
      ) != BlkRows || 2 ** $clog2(
          MidRows
      ) != MidRows) begin : g_stages_range
    $error("pm_gpc: BlkRows and MidRows must be powers of two, Slice <= BlkRows <= MidRows");
  end

  localparam int unsigned BlkW = Rows < BlkRows ? CntW : $clog2(BlkRows + 1);
  localparam int unsigned MidW = Rows < MidRows ? CntW : $clog2(MidRows + 1);

  logic [Slices*BlkW-1:0] blk, blk_q;
  logic [Slices*MidW-1:0] mid;
  logic [Slices*CntW-1:0] sum;
  pm_prefix #(
      .Slices(Slices),
      .From(1),
      .To(BlkRows / Slice),
      .InW(PopW),
      .OutW(BlkW)
  ) u_blocks (
      .sum_i(pop_i),
      .sum_o(blk)
  );
  pm_prefix #(
      .Slices(Slices),
      .From(MidRows / Slice),
      .To(Slices),
      .InW(MidW),
      .OutW(CntW)
  ) u_all (
      .sum_i(mid),
      .sum_o(sum)
  );

  logic blk_valid_q, mid_valid, valid_q, blk_en, mid_en, en, step;
  logic [DataW-1:0] blk_data_q, mid_data, data_q;
  logic [Slices*CntW-1:0] base_q;  // ones before the slice
  logic [       CntW-1:0] left_q;  // ones of the plane that are not granted yet
  logic [       CntW-4:0] t_q;

  assign step = grant_ready_i && valid_q;
  assign en = !valid_q || (step && last_o);
  assign blk_en = !blk_valid_q || mid_en;
  assign plane_ready_o = blk_en;

  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) begin
      blk_valid_q <= 1'b0;
      valid_q     <= 1'b0;
    end else begin
      if (blk_en) blk_valid_q <= plane_valid_i;
      if (en) valid_q <= mid_valid;
    end

  always_ff @(posedge clk_i) begin
    if (blk_en) begin
      blk_q      <= blk;
      blk_data_q <= data_i;
    end
    if (en) begin
      base_q[CntW-1:0] <= '0;
      for (int unsigned j = 1; j < Slices; j++) base_q[j*CntW+:CntW] <= sum[(j-1)*CntW+:CntW];
      data_q <= mid_data;
      left_q <= sum[(Slices-1)*CntW +: CntW];
      t_q    <= '0;
    end else if (step) begin
      left_q <= left_q - CntW'(pm_pkg::K);
      t_q    <= t_q + 1'b1;
    end
  end

  if (MidRows > BlkRows) begin : g_mid
    logic [Slices*MidW-1:0] mid_d, mid_q;
    logic mid_valid_q;
    logic [DataW-1:0] mid_data_q;
    pm_prefix #(
        .Slices(Slices),
        .From(BlkRows / Slice),
        .To(MidRows / Slice),
        .InW(BlkW),
        .OutW(MidW)
    ) u_mid (
        .sum_i(blk_q),
        .sum_o(mid_d)
    );
    assign mid_en = !mid_valid_q || en;
    always_ff @(posedge clk_i or negedge rst_ni)
      if (!rst_ni) mid_valid_q <= 1'b0;
      else if (mid_en) mid_valid_q <= blk_valid_q;
    always_ff @(posedge clk_i)
      if (mid_en) begin
        mid_q      <= mid_d;
        mid_data_q <= blk_data_q;
      end
    assign mid = mid_q;
    assign mid_valid = mid_valid_q;
    assign mid_data = mid_data_q;
  end else begin : g_no_mid
    assign mid = blk_q;
    assign mid_en = en;
    assign mid_valid = blk_valid_q;
    assign mid_data = blk_data_q;
  end

  for (genvar j = 0; j < Slices; j++) begin : g_slice
    pm_grant #(
        .CntW(CntW)
    ) u_grant (
        .base_i(base_q[j*CntW+:CntW]),
        .t_i(t_q),
        .k_o(grant_o[j*4+:4])
    );
  end

  logic more;  // at least 8 ones are left
  assign more          = left_q[CntW-1:3] != 0;
  assign grant_valid_o = valid_q;
  assign sawl_o        = {more, more ? 3'd0 : left_q[2:0]};
  assign t_o           = t_q;
  assign last_o        = left_q <= CntW'(pm_pkg::K);
  assign data_o        = data_q;

`ifdef PERIMETER_FORMAL
  `include "pm_gpc_fv.svh"
`endif
endmodule

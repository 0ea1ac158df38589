// SPDX-License-Identifier: Apache-2.0
/// Global pop controller, scan mode: the paper's literal rule (FLARE section 4.4), behind the ports of pm_gpc.
///
/// The lowest slice with at least 8 ones goes first and alone, giving its first 8. When none is left, slices are taken
/// whole, in index order, while the sum stays at most 8; those that do not fit keep their token and wait. It needs up to
/// 14% more accesses than pm_gpc, and its chain runs through every slice: a baseline to compare with.
module pm_gpc_scan #(
    /// D, wordlines: a multiple of Slice, Slice..4096.
    parameter  int unsigned Rows   = 64,
    /// L, rows a slice: 8, 16 or 32.
    parameter  int unsigned Slice  = 16,
    /// Bits that ride along with a plane, at least 1.
    parameter  int unsigned DataW  = 1,
    localparam int unsigned Slices = Rows / Slice,
    localparam int unsigned CntW   = $clog2(Rows + 1),
    localparam int unsigned PopW   = $clog2(Slice + 1)
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
    $error("pm_gpc_scan: Slice must be 8, 16 or 32");
  end
  if (Rows == 0 || Rows % Slice != 0 || Rows > 4096) begin : g_rows_range
    $error("pm_gpc_scan: Rows must be a multiple of Slice, Slice..4096");
  end
  if (DataW < 1) begin : g_data_range
    $error("pm_gpc_scan: DataW must be at least 1");
  end

  logic valid_q, en, step;
  logic [ CntW-4:0] t_q;
  logic [DataW-1:0] data_q;
  logic [Slices*PopW-1:0] pop_q, rest;  // ones of each slice before and after this access: its tokens
  logic [Slices-1:0] full;

  assign step = grant_ready_i && valid_q;
  assign en = !valid_q || (step && last_o);
  assign plane_ready_o = en;

  always_comb for (int unsigned j = 0; j < Slices; j++) full[j] = pop_q[j*PopW+:PopW] >= PopW'(pm_pkg::K);

  logic [3:0] sum;
  logic taken;  // an earlier slice is full
  always_comb begin
    sum = '0;
    taken = 1'b0;
    grant_o = '0;
    for (int unsigned j = 0; j < Slices; j++)
    if (full != 0) begin
      if (full[j] && !taken) grant_o[j*4+:4] = 4'(pm_pkg::K);
      taken = taken || full[j];
    end else if (5'(sum) + 5'(pop_q[j*PopW+:3]) <= 5'(pm_pkg::K)) begin
      grant_o[j*4+:4] = {1'b0, pop_q[j*PopW+:3]};
      sum = sum + {1'b0, pop_q[j*PopW+:3]};
    end
  end

  always_comb for (int unsigned j = 0; j < Slices; j++) rest[j*PopW+:PopW] = pop_q[j*PopW+:PopW] - PopW'(grant_o[j*4+:4]);

  always_ff @(posedge clk_i or negedge rst_ni)
    if (!rst_ni) valid_q <= 1'b0;
    else if (en) valid_q <= plane_valid_i;

  always_ff @(posedge clk_i)
    if (en) begin
      pop_q  <= pop_i;
      data_q <= data_i;
      t_q    <= '0;
    end else if (step) begin
      pop_q <= rest;
      t_q   <= t_q + 1'b1;
    end

  assign grant_valid_o = valid_q;
  assign sawl_o        = full != 0 ? 4'(pm_pkg::K) : sum;
  assign t_o           = t_q;
  assign last_o        = rest == 0;
  assign data_o        = data_q;

`ifdef PERIMETER_FORMAL
  `include "pm_gpc_scan_fv.svh"
`endif
endmodule

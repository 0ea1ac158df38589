// SPDX-License-Identifier: Apache-2.0
/// Matrices one behind the other, each in a module of its own: vectors stream through all of them, every stage's results
/// requantised and packed into the next one's input beats. Stages work on vectors that follow each other.
///
/// Settings and pins are those of pm_hyflex_module, stage 0's in the low bits.
module pm_hyflex_chain #(
    /// Modules, at least 1.
    parameter int unsigned Stages = 2,
    /// Arrays of each, at least 1.
    parameter int unsigned Arrays = 8,
    /// Wordlines of an array, a multiple of Lanes, more than Lanes, 2..128.
    parameter int unsigned Rows = 64,
    /// Bitlines of an array, a multiple of 128, at least 128.
    parameter int unsigned Cols = 128,
    /// Converters an array: 1, 2, 4 or 8.
    parameter int unsigned Sars = 8,
    /// Outputs a beat: 1, 2, 4 or 8.
    parameter int unsigned Lanes = 4,
    localparam int unsigned All = Stages * Arrays,
    localparam int unsigned ColW = $clog2(Cols),
    localparam int unsigned ArrayW = $clog2(Arrays + 1),
    localparam int unsigned LeftW = $clog2(Arrays * (Cols / 4) + Cols / 4 + 1)
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    /// Two bits a cell.
    input  logic [       Stages-1:0] mlc_i,
    /// Differential weights.
    input  logic [       Stages-1:0] diff_i,
    /// 6-bit conversions.
    input  logic [       Stages-1:0] mode6_i,
    /// Columns that store complements.
    input  logic [     All*Cols-1:0] flip_i,
    /// Arrays of each matrix.
    input  logic [Stages*ArrayW-1:0] arrays_i,
    /// Row tiles of each.
    input  logic [Stages*ArrayW-1:0] row_tiles_i,
    /// Outputs of each.
    input  logic [ Stages*LeftW-1:0] outputs_i,
    /// Requantisation: multipliers.
    input  logic [    Stages*16-1:0] m_i,
    /// And bits that are shifted out.
    input  logic [     Stages*6-1:0] s_i,
    /// Vectors, a beat for each row tile of stage 0.
    input  logic                     x_valid_i,
    output logic                     x_ready_o,
    /// Row r in x_i[8r +: 8].
    input  logic [       Rows*8-1:0] x_i,
    /// Wordlines.
    output logic [     All*Rows-1:0] wordlines_o,
    /// The enable of their drivers.
    output logic [          All-1:0] read_o,
    /// Last clock of the read.
    input  logic [          All-1:0] read_done_i,
    /// Bank that follows the bitlines.
    output logic [          All-1:0] track_bank_o,
    /// It holds at the end of this clock.
    output logic [          All-1:0] hold_o,
    /// Bank that the multiplexer shows.
    output logic [          All-1:0] scan_bank_o,
    /// Column that it shows.
    output logic [     All*ColW-1:0] column_o,
    /// A converter samples.
    output logic [     All*Sars-1:0] sample_o,
    /// Capacitors.
    output logic [   All*Sars*7-1:0] dac_o,
    /// C7 belongs to its array.
    output logic [     All*Sars-1:0] c7_en_o,
    /// Comparators.
    input  logic [     All*Sars-1:0] cmp_i,
    /// The last stage's outputs.
    output logic                     y_valid_o,
    input  logic                     y_ready_i,
    /// Sums, 32 bits each.
    output logic [     Lanes*32-1:0] y_o,
    /// The same in eight bits.
    output logic [      Lanes*8-1:0] q_o,
    /// The beat is the vector's last.
    output logic                     y_last_o
);
  if (Stages < 1 || Rows < 2 || Rows > 128 || Rows <= Lanes || Rows % Lanes != 0) begin : g_range
    $error("pm_hyflex_chain: Stages must be at least 1, Rows 2..128, a multiple of Lanes, more than Lanes");
  end

  logic [Stages-1:0] x_valid, x_ready, y_valid, y_ready, y_last;
  logic [ Stages*Rows*8-1:0] x;
  logic [Stages*Lanes*8-1:0] q;

  assign x_valid[0]   = x_valid_i;
  assign x_ready_o    = x_ready[0];
  assign x[0+:Rows*8] = x_i;

  for (genvar s = 0; s < Stages; s++) begin : g_stage
    logic [Lanes*32-1:0] y;
    pm_hyflex_module #(
        .Arrays(Arrays),
        .Rows  (Rows),
        .Cols  (Cols),
        .Sars  (Sars),
        .Lanes (Lanes)
    ) u_module (
        .clk_i,
        .rst_ni,
        .mlc_i       (mlc_i[s]),
        .diff_i      (diff_i[s]),
        .mode6_i     (mode6_i[s]),
        .flip_i      (flip_i[s*Arrays*Cols+:Arrays*Cols]),
        .arrays_i    (arrays_i[s*ArrayW+:ArrayW]),
        .row_tiles_i (row_tiles_i[s*ArrayW+:ArrayW]),
        .outputs_i   (outputs_i[s*LeftW+:LeftW]),
        .m_i         (m_i[s*16+:16]),
        .s_i         (s_i[s*6+:6]),
        .x_valid_i   (x_valid[s]),
        .x_ready_o   (x_ready[s]),
        .x_i         (x[s*Rows*8+:Rows*8]),
        .wordlines_o (wordlines_o[s*Arrays*Rows+:Arrays*Rows]),
        .read_o      (read_o[s*Arrays+:Arrays]),
        .read_done_i (read_done_i[s*Arrays+:Arrays]),
        .track_bank_o(track_bank_o[s*Arrays+:Arrays]),
        .hold_o      (hold_o[s*Arrays+:Arrays]),
        .scan_bank_o (scan_bank_o[s*Arrays+:Arrays]),
        .column_o    (column_o[s*Arrays*ColW+:Arrays*ColW]),
        .sample_o    (sample_o[s*Arrays*Sars+:Arrays*Sars]),
        .dac_o       (dac_o[s*Arrays*Sars*7+:Arrays*Sars*7]),
        .c7_en_o     (c7_en_o[s*Arrays*Sars+:Arrays*Sars]),
        .cmp_i       (cmp_i[s*Arrays*Sars+:Arrays*Sars]),
        .y_valid_o   (y_valid[s]),
        .y_ready_i   (y_ready[s]),
        .y_o         (y),
        .q_o         (q[s*Lanes*8+:Lanes*8]),
        .y_last_o    (y_last[s])
    );
    if (s < Stages - 1) begin : g_pack
      pm_hyflex_pack #(
          .Lanes(Lanes),
          .Rows (Rows)
      ) u_pack (
          .clk_i,
          .rst_ni,
          .q_valid_i(y_valid[s]),
          .q_ready_o(y_ready[s]),
          .q_i      (q[s*Lanes*8+:Lanes*8]),
          .q_last_i (y_last[s]),
          .x_valid_o(x_valid[s+1]),
          .x_ready_i(x_ready[s+1]),
          .x_o      (x[(s+1)*Rows*8+:Rows*8])
      );
      logic unused;
      assign unused = ^y;
    end else begin : g_last
      assign y_valid_o  = y_valid[s];
      assign y_ready[s] = y_ready_i;
      assign y_o        = y;
      assign q_o        = q[s*Lanes*8+:Lanes*8];
      assign y_last_o   = y_last[s];
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_hyflex_chain_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Arrays to a matrix: takes their results from the bus, column of arrays by column, adds those of a column's row tiles in 32
/// bits in the output register, and gives its outputs in beats, columns side by side.
module pm_hyflex_join #(
    /// Arrays, at least 1.
    parameter int unsigned Arrays = 8,
    /// Outputs of an array, even, at least 2, a multiple of Lanes; half of them are a beat of the bus.
    parameter int unsigned Outputs = 32,
    /// Bits of an array's output, 2..32.
    parameter int unsigned AccW = 24,
    /// Outputs a beat, a power of two, 1..16.
    parameter int unsigned Lanes = 4,
    /// Most outputs of a matrix, at least 1.
    parameter int unsigned MaxOutputs = 256,
    localparam int unsigned ArrayW = $clog2(Arrays + 1),
    localparam int unsigned PerW = $clog2(Outputs + Lanes),
    localparam int unsigned LeftW = $clog2(MaxOutputs + Outputs + 1)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    /// Row tiles of the matrix, 1..Arrays. It changes only while nothing is inside, as do the next two.
    input  logic [        ArrayW-1:0] row_tiles_i,
    /// Outputs of an array in use, a multiple of Lanes, to Outputs.
    input  logic [          PerW-1:0] per_i,
    /// Outputs of the matrix, 1..MaxOutputs.
    input  logic [         LeftW-1:0] outputs_i,
    /// An array's results are wanted: those of array_o, half_o of them.
    output logic                      want_o,
    /// They are on the bus in this clock.
    input  logic                      bus_valid_i,
    /// The array, 0..Arrays-1: row tiles of a column of arrays are neighbours.
    output logic [        ArrayW-1:0] array_o,
    /// The upper half of its outputs.
    output logic                      half_o,
    /// The array's last half: its register is free behind bus_valid_i.
    output logic                      pop_o,
    /// Output m at [m*AccW +: AccW], signed.
    input  logic [Outputs/2*AccW-1:0] bus_i,
    /// Outputs of the matrix, in order.
    output logic                      y_valid_o,
    input  logic                      y_ready_i,
    /// Output m at [32m +: 32], signed; 0 beyond the matrix's last one.
    output logic [      Lanes*32-1:0] y_o,
    /// The beat is the vector's last.
    output logic                      y_last_o
);
  if (Arrays < 1 || Outputs < 2 || Outputs % 2 != 0 || AccW < 2 || AccW > 32 || Lanes < 1 || Lanes > 16 ||
      (Lanes & (Lanes - 1)) != 0 || Outputs % Lanes != 0 || MaxOutputs < 1) begin : g_range
    $error(
        "pm_hyflex_join: Arrays must be at least 1, Outputs even, AccW 2..32, Lanes a power of two to 16 that divides Outputs"
    );
  end

  localparam int unsigned Half = Outputs / 2;

  logic full_q, half_q, row_last, column_done, column_sent, vector_done;
  logic [ArrayW-1:0] row_q, array_q;
  logic [PerW-1:0] word_q;
  logic [LeftW-1:0] left_q;  // outputs of the vector that did not come yet
  logic [Outputs*32-1:0] sum_q;

  assign row_last    = row_q == row_tiles_i - 1'b1;
  assign pop_o       = half_q || per_i <= PerW'(Half);
  assign column_done = bus_valid_i && pop_o && row_last;
  assign want_o      = !full_q;
  assign array_o     = array_q;
  assign half_o      = half_q;

  assign vector_done = left_q <= LeftW'(Lanes);
  assign column_sent = full_q && y_ready_i && (vector_done || word_q + PerW'(Lanes) >= per_i);
  assign y_valid_o   = full_q;
  assign y_last_o    = vector_done;
  always_comb begin
    for (int unsigned l = 0; l < Lanes; l++) y_o[l*32+:32] = LeftW'(l) < left_q ? sum_q[(32'(word_q)+l)%Outputs*32+:32] : '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      full_q  <= 1'b0;
      half_q  <= 1'b0;
      row_q   <= '0;
      array_q <= '0;
    end else begin
      if (bus_valid_i) begin
        half_q <= !pop_o;
        if (pop_o) row_q <= row_last ? '0 : row_q + 1'b1;
        if (pop_o) array_q <= array_q + 1'b1;
      end
      if (column_sent && vector_done) array_q <= '0;
      if (column_done) full_q <= 1'b1;
      else if (column_sent) full_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned m = 0; m < Outputs; m++) begin
      if (bus_valid_i && half_q == (m >= Half))
        sum_q[m*32+:32] <= 32'($signed(bus_i[m%Half*AccW+:AccW])) + (row_q == '0 ? '0 : sum_q[m*32+:32]);
    end
    if (column_done) word_q <= '0;
    else if (y_valid_o && y_ready_i) word_q <= word_q + PerW'(Lanes);
    if (column_done && array_q < row_tiles_i) left_q <= outputs_i;
    else if (y_valid_o && y_ready_i) left_q <= left_q - LeftW'(Lanes);
  end

`ifdef PERIMETER_FORMAL
  `include "pm_hyflex_join_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// One digital module of HyFlexPIM (section 3.3, Fig. 9): attention's two products by NOR. Input register, sequencer, write
/// drivers, shift-and-add, accumulators and output register of Units * Heads arrays, whose cells and row latches are at its pins.
///
/// A unit is an array for each head. In a round each takes an item, a key of q k^T (8 x 8 bits, terms are a head's elements) or
/// an element of A v (12 x 8 bits, terms are keys), and adds up its terms, as many in five clocks as a row has multiplications.
/// Keys and values are resident in rows of storage, queries and attention weights come as a stream, once in each round.
module pm_nor_dot #(
    /// Items side by side, at least 1.
    parameter int unsigned Units = 4,
    /// Heads, at least 1.
    parameter int unsigned Heads = 4,
    /// Columns of an array, at least 288.
    parameter int unsigned Cols = 1024,
    /// Rows of an array, 2..65536.
    parameter int unsigned Rows = 1024,
    /// Terms of an item, at least 1.
    parameter int unsigned MaxTerms = 8192,
    localparam int unsigned Arrays = Units * Heads,
    localparam int unsigned Lanes = Cols / 3,
    localparam int unsigned M8 = Lanes / 64,
    localparam int unsigned M12 = Lanes / 96,
    localparam int unsigned Words12 = Cols / (8 * M12),
    localparam int unsigned AW = 8 * M8 > 12 * M12 ? 8 * M8 : 12 * M12,
    localparam int unsigned RowW = $clog2(Rows),
    localparam int unsigned TermW = $clog2(MaxTerms + M8 + 1),
    localparam int unsigned UnitW = $clog2(Units + 1),
    localparam int unsigned WordW = $clog2(Words12),
    localparam int unsigned AccW = 20 + $clog2(MaxTerms)
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    /// Jobs: one query's scores, or its sums of values.
    input  logic                    job_valid_i,
    output logic                    job_ready_o,
    /// 12 x 8 bits, a unsigned; else 8 x 8, a signed.
    input  logic                    job_wide_i,
    /// Rounds less 1.
    input  logic [       TermW-1:0] job_rounds_i,
    /// Items of the last round, 1..Units.
    input  logic [       UnitW-1:0] job_units_i,
    /// Terms of an item, 1..MaxTerms.
    input  logic [       TermW-1:0] job_terms_i,
    /// Row of storage that the first round begins with.
    input  logic [        RowW-1:0] job_row_i,
    /// Rows from one round's first to the next one's.
    input  logic [        RowW-1:0] job_stride_i,
    /// The first of the rows to multiply in, which go on to the last row, in turn. It changes only between jobs.
    input  logic [        RowW-1:0] work_row_i,
    /// Operands a, a beat a step, in each round anew.
    input  logic                    x_valid_i,
    output logic                    x_ready_o,
    /// Head h's at [h*AW +: AW]: term m of the step at [8m +: 8], of 12 bits at [12m +: 12].
    input  logic [    Heads*AW-1:0] x_i,
    /// Units whose arrays take part in the strobes.
    output logic [       Units-1:0] active_o,
    /// Strobe, of which one at most is 1: fetch a row of storage into the row latches.
    output logic                    fetch_o,
    /// Strobe: write operand a.
    output logic                    write_a_o,
    /// Strobe: write operand b.
    output logic                    write_b_o,
    /// Strobe: preset the result columns to 1.
    output logic                    preset_o,
    /// Strobe: NOR.
    output logic                    nor_o,
    /// Strobe: read.
    output logic                    read_o,
    /// The row: of storage with fetch_o, else the one that is multiplied in.
    output logic [        RowW-1:0] row_o,
    /// The word of the row latches that b_i shows.
    output logic [       WordW-1:0] word_o,
    /// Data of array u*Heads+h's lane k for its a or b column at [(u*Heads+h)*Lanes + k]; 1 in lanes without operands.
    output logic [Arrays*Lanes-1:0] data_o,
    /// Row latches' words, in the clock of write_b_o: term m's b at [8m +: 8] of each array's 8*M8 bits.
    input  logic [ Arrays*8*M8-1:0] b_i,
    /// Result columns, in the clock of read_o.
    input  logic [Arrays*Lanes-1:0] result_i,
    /// Sums, a beat a round.
    output logic                    y_valid_o,
    input  logic                    y_ready_i,
    /// Array k's at [k*AccW +: AccW], signed.
    output logic [ Arrays*AccW-1:0] y_o,
    /// The beat is its job's last; of it the first job_units_i units are good.
    output logic                    y_last_o
);
  if (Units < 1 || Heads < 1 || Cols < 288 || Rows < 2 || Rows > 65536 || MaxTerms < 1) begin : g_range
    $error("pm_nor_dot: Units and Heads must be at least 1, Cols 288, Rows 2..65536, MaxTerms at least 1");
  end

  localparam int unsigned SumW = 20 + $clog2(M12);

  logic wide, first, last, last_round, write_a, read_q, sum_q, sum_first_q, sum_last_q, sum_end_q, x_full_q, y_valid_q, y_last_q;
  logic [M8-1:0] used;
  logic [UnitW-1:0] units_q;
  logic [Heads*AW-1:0] x_q;
  logic [Arrays*SumW-1:0] sum;
  logic [Arrays*AccW-1:0] acc, acc_q, y_q;

  pm_nor_dot_seq #(
      .Rows    (Rows),
      .M8      (M8),
      .M12     (M12),
      .Words8  (Cols / (8 * M8)),
      .Words12 (Words12),
      .MaxTerms(MaxTerms)
  ) u_seq (
      .clk_i,
      .rst_ni,
      .job_valid_i,
      .job_ready_o,
      .job_wide_i,
      .job_rounds_i,
      .job_terms_i,
      .job_row_i,
      .job_stride_i,
      .work_row_i,
      .x_valid_i   (x_full_q),
      .hold_i      (y_valid_q),
      .wide_o      (wide),
      .used_o      (used),
      .last_round_o(last_round),
      .first_o     (first),
      .last_o      (last),
      .fetch_o,
      .write_a_o   (write_a),
      .write_b_o,
      .preset_o,
      .nor_o,
      .read_o,
      .row_o,
      .word_o
  );

  assign write_a_o = write_a;
  assign x_ready_o = !x_full_q;
  assign y_valid_o = y_valid_q;
  assign y_o       = y_q;
  assign y_last_o  = y_last_q;
  always_comb for (int unsigned u = 0; u < Units; u++) active_o[u] = !last_round || UnitW'(u) < units_q;

  for (genvar k = 0; k < Arrays; k++) begin : g_array
    pm_nor_lanes #(
        .Cols(Cols)
    ) u_lanes (
        .wide_i     (wide),
        .b_columns_i(write_b_o),
        .used_i     (used),
        .a_i        (x_q[k%Heads*AW+:AW]),
        .b_i        (b_i[k*8*M8+:8*M8]),
        .data_o     (data_o[k*Lanes+:Lanes])
    );
    pm_nor_fold #(
        .Cols(Cols)
    ) u_fold (
        .clk_i,
        .wide_i  (wide),
        .read_i  (read_o),
        .result_i(result_i[k*Lanes+:Lanes]),
        .sum_o   (sum[k*SumW+:SumW])
    );
  end

  always_comb begin
    for (int unsigned k = 0; k < Arrays; k++) begin
      acc[k*AccW+:AccW] = AccW'($signed(sum[k*SumW+:SumW])) + (sum_first_q ? '0 : acc_q[k*AccW+:AccW]);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      x_full_q  <= 1'b0;
      read_q    <= 1'b0;
      sum_q     <= 1'b0;
      y_valid_q <= 1'b0;
    end else begin
      if (x_valid_i && x_ready_o) x_full_q <= 1'b1;
      else if (write_a) x_full_q <= 1'b0;
      read_q <= read_o;
      sum_q  <= read_q;
      if (sum_q && sum_last_q) y_valid_q <= 1'b1;
      else if (y_ready_i) y_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (job_valid_i && job_ready_o) units_q <= job_units_i;
    if (x_valid_i && x_ready_o) x_q <= x_i;
    if (read_o) begin
      sum_first_q <= first;
      sum_last_q  <= last;
      sum_end_q   <= last && last_round;
    end
    if (sum_q) acc_q <= acc;
    if (sum_q && sum_last_q) begin
      y_q      <= acc;
      y_last_q <= sum_end_q;
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_nor_dot_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// The first pass over rows: a row is stored while its largest score, or its largest magnitude, is found. A beat a clock; two
/// rows' largest keys wait.
module pm_sfu_first #(
    /// Elements a beat, at least 2.
    parameter  int unsigned Lanes = 8,
    /// Words of the memory, at least 2.
    parameter  int unsigned Depth = 128,
    /// Bits of an element, at least 16.
    parameter  int unsigned AW    = 32,
    localparam int unsigned AddrW = $clog2(Depth),
    localparam int unsigned RowW  = Lanes * (AW + 1) + 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Elements are codes of binary16, of which the largest is that of the largest magnitude; else scores, signed. Configuration.
    input  logic                codes_i,
    /// Beats.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Element i at [i*AW +: AW].
    input  logic [Lanes*AW-1:0] x_i,
    /// Score i takes part.
    input  logic [   Lanes-1:0] keep_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// The same beats.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Elements.
    output logic [Lanes*AW-1:0] y_o,
    /// Who takes part.
    output logic [   Lanes-1:0] keep_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// Rows.
    output logic                max_valid_o,
    input  logic                max_ready_i,
    /// The largest score, or code without its sign.
    output logic [      AW-1:0] max_o,
    /// The memory, as pm_sfu_rows has it: it writes.
    output logic                mem_we_o,
    /// Where.
    output logic [   AddrW-1:0] mem_waddr_o,
    /// What.
    output logic [    RowW-1:0] mem_wdata_o,
    /// It reads.
    output logic                mem_re_o,
    /// Where.
    output logic [   AddrW-1:0] mem_raddr_o,
    /// What was read last.
    input  logic [    RowW-1:0] mem_rdata_i
);
  if (Lanes < 2 || Depth < 2 || AW < 16) begin : g_range
    $error("pm_sfu_first: Lanes and Depth must be at least 2, AW at least 16");
  end

  logic rows_ready, max_ready, unused_kept;
  logic [Lanes*(AW+1)-1:0] key;
  logic [AW-1:0] most;

  assign x_ready_o = rows_ready && max_ready;
  // A masked score is below all others.
  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (!codes_i) key[i*(AW+1)+:AW+1] = keep_i[i] ? {1'b1, !x_i[i*AW+AW-1], x_i[i*AW+:AW-1]} : '0;
      else key[i*(AW+1)+:AW+1] = (AW + 1)'(x_i[i*AW+:15]);
    end
  end
  assign max_o = {most[AW-1] ^ !codes_i, most[AW-2:0]};

  pm_sfu_rows #(
      .W    (RowW),
      .Depth(Depth)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && max_ready),
      .x_ready_o(rows_ready),
      .x_i      ({x_last_i, keep_i, x_i}),
      .y_valid_o,
      .y_ready_i,
      .y_o      ({y_last_o, keep_o, y_o}),
      .mem_we_o,
      .mem_waddr_o,
      .mem_wdata_o,
      .mem_re_o,
      .mem_raddr_o,
      .mem_rdata_i
  );
  pm_sfu_max #(
      .Lanes(Lanes),
      .W    (AW + 1)
  ) u_max (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && rows_ready),
      .x_ready_o(max_ready),
      .key_i    (key),
      .x_last_i,
      .max_valid_o,
      .max_ready_i,
      .max_o    ({unused_kept, most})
  );
endmodule

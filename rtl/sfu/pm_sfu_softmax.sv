// SPDX-License-Identifier: Apache-2.0
/// Softmax of rows of scores: pm_sfu with this function alone. Weights of a few bits with their sum, or binary16, divided by it.
/// A row of b beats every b clocks, divided every max(b, 18).
///
/// x_ready_o depends on nothing outside.
module pm_sfu_softmax #(
    /// Scores a beat, at least 4.
    parameter int unsigned Lanes = 8,
    /// Most scores of a row, Lanes..8192.
    parameter int unsigned MaxN = 512,
    /// Bits of a score, signed, 17..32.
    parameter int unsigned AW = 32,
    localparam int unsigned Depth = (MaxN + Lanes - 1) / Lanes + 72,
    localparam int unsigned AddrW = $clog2(Depth),
    localparam int unsigned RowW = Lanes * (AW + 1) + 1,
    localparam int unsigned HalfW = Lanes * 16 + 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// 1: in binary16, divided by the row's sum. Configuration, as all up to e_i: stable from a clock before the first beat on,
    /// and while anything is inside.
    input  logic                divide_i,
    /// A weight's, 8..16.
    input  logic [         4:0] bits_i,
    /// A score's exponential is 2^(a m 2^e): m, 0 or with the top bit set.
    input  logic [        15:0] m_i,
    /// Signed, -200..-19.
    input  logic [         8:0] e_i,
    /// Beats; a row has 1..ceil(MaxN/Lanes), lowest scores first.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Score i at [i*AW +: AW], signed.
    input  logic [Lanes*AW-1:0] x_i,
    /// Score i takes part; 0 past the row's end.
    input  logic [   Lanes-1:0] keep_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// The same beats as x.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Weight, or code, i at [16i +: 16].
    output logic [Lanes*16-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// With it, not divided: the weights' sum.
    output logic [        28:0] sum_o,
    /// A memory of rows, as pm_sfu_rows has it, Depth words: it writes.
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
    input  logic [    RowW-1:0] mem_rdata_i,
    /// A second one, of weights that are divided: it writes.
    output logic                half_we_o,
    /// Where.
    output logic [   AddrW-1:0] half_waddr_o,
    /// What.
    output logic [   HalfW-1:0] half_wdata_o,
    /// It reads.
    output logic                half_re_o,
    /// Where.
    output logic [   AddrW-1:0] half_raddr_o,
    /// What was read last.
    input  logic [   HalfW-1:0] half_rdata_i
);
  logic unused_b_ready;

  pm_sfu #(
      .Lanes    (Lanes),
      .MaxN     (MaxN),
      .AW       (AW),
      .Functions(2)
  ) u_sfu (
      .clk_i,
      .rst_ni,
      .f_i      (3'd1),
      .kind_i   ({1'b0, divide_i}),
      .gate_i   (1'b0),
      .bits_i,
      .m_i,
      .e_i,
      .n_i      ('0),
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .keep_i,
      .x_last_i,
      .b_valid_i(1'b0),
      .b_ready_o(unused_b_ready),
      .b_i      ('0),
      .y_valid_o,
      .y_ready_i,
      .y_o,
      .y_last_o,
      .side_o   (sum_o),
      .mem_we_o,
      .mem_waddr_o,
      .mem_wdata_o,
      .mem_re_o,
      .mem_raddr_o,
      .mem_rdata_i,
      .half_we_o,
      .half_waddr_o,
      .half_wdata_o,
      .half_re_o,
      .half_raddr_o,
      .half_rdata_i
  );
endmodule

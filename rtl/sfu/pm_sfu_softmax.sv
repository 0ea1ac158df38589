// SPDX-License-Identifier: Apache-2.0
/// Rows of integer scores to weights e^(c (a - max)) (HyFlexPIM section 3.1): integers with their sum, which whoever uses them
/// divides by once a row, or binary16, divided. A row is stored while its maximum is found; nothing else is sequential, so that
/// rows of b beats follow each other every b clocks, divided ones every max(b, 18).
///
/// y_ready_i is not seen at x_ready_o in the same clock.
module pm_sfu_softmax #(
    /// Scores a beat, at least 4.
    parameter int unsigned Lanes = 8,
    /// Most scores of a row, Lanes..8192.
    parameter int unsigned MaxN = 512,
    /// Bits of a score, signed, 17..32.
    parameter int unsigned AW = 32,
    localparam int unsigned Depth = (MaxN + Lanes - 1) / Lanes + 64,
    localparam int unsigned AddrW = $clog2(Depth),
    localparam int unsigned MemW = Lanes * (AW + 1) + 1,
    localparam int unsigned ShareW = Lanes * 16 + 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// 1: binary16, divided by the row's sum. Configuration, as all up to shift_i: stable while a row is inside.
    input  logic                divide_i,
    /// The largest weight is 2^bits - 1, 8..16.
    input  logic [         4:0] bits_i,
    /// c log2(e) = m * 2^e: m.
    input  logic [        15:0] m_i,
    /// -(e + 19), 0..63: 49 and more are as 49.
    input  logic [         5:0] shift_i,
    /// Beats; a row has 1..ceil(MaxN/Lanes).
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Score i at [i*AW +: AW], signed.
    input  logic [Lanes*AW-1:0] x_i,
    /// Score i takes part.
    input  logic [   Lanes-1:0] keep_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// The same beats.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Weights or codes, 16 bits each; 0 where a score takes no part.
    output logic [Lanes*16-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// With it, the sum of its weights where they are integers.
    output logic [        28:0] z_o,
    /// The memory of scores, as pm_sfu_rows has it, Depth words: it writes.
    output logic                mem_we_o,
    /// Where.
    output logic [   AddrW-1:0] mem_waddr_o,
    /// What.
    output logic [    MemW-1:0] mem_wdata_o,
    /// It reads.
    output logic                mem_re_o,
    /// Where.
    output logic [   AddrW-1:0] mem_raddr_o,
    /// What was read last.
    input  logic [    MemW-1:0] mem_rdata_i,
    /// The memory of weights that are to be divided: it writes.
    output logic                share_we_o,
    /// Where.
    output logic [   AddrW-1:0] share_waddr_o,
    /// What.
    output logic [  ShareW-1:0] share_wdata_o,
    /// It reads.
    output logic                share_re_o,
    /// Where.
    output logic [   AddrW-1:0] share_raddr_o,
    /// What was read last.
    input  logic [  ShareW-1:0] share_rdata_i
);
  if (Lanes < 4 || MaxN < Lanes || MaxN > 8192 || AW < 17 || AW > 32) begin : g_range
    $error("pm_sfu_softmax: Lanes must be at least 4, MaxN Lanes..8192, AW 17..32");
  end

  logic rows_ready, max_ready;
  logic [Lanes*(AW+1)-1:0] key;
  logic beat_valid, beat_ready, beat_last, row_valid, row_ready, en;
  logic [Lanes*AW-1:0] beat;
  logic [Lanes-1:0] beat_keep;
  logic [AW:0] row_key;

  assign x_ready_o = rows_ready && max_ready;
  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) begin
      key[i*(AW+1)+:AW+1] = keep_i[i] ? {1'b1, !x_i[i*AW+AW-1], x_i[i*AW+:AW-1]} : '0;
    end
  end

  pm_sfu_rows #(
      .W    (MemW),
      .Depth(Depth)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && max_ready),
      .x_ready_o(rows_ready),
      .x_i      ({x_last_i, keep_i, x_i}),
      .y_valid_o(beat_valid),
      .y_ready_i(beat_ready),
      .y_o      ({beat_last, beat_keep, beat}),
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
      .x_valid_i  (x_valid_i && rows_ready),
      .x_ready_o  (max_ready),
      .key_i      (key),
      .x_last_i,
      .max_valid_o(row_valid),
      .max_ready_i(row_ready),
      .max_o      (row_key)
  );

  // The weights' pipeline; integers wait a clock for binary16.
  localparam int unsigned Stages = 13;
  logic weight_valid, weight_last, weight_ready, total_ready, share_ready;
  logic [Lanes*16-1:0] weight, weight_q, code;

  assign beat_ready = en && row_valid;
  assign row_ready  = beat_ready && beat_valid && beat_last;
  pm_sfu_valid #(
      .Stages(Stages),
      .W     (1)
  ) u_valid (
      .clk_i,
      .rst_ni,
      .valid_i(beat_valid && row_valid),
      .side_i (beat_last),
      .ready_i(weight_ready),
      .en_o   (en),
      .valid_o(weight_valid),
      .side_o (weight_last)
  );
  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    pm_sfu_weight #(
        .AW(AW)
    ) u_weight (
        .clk_i,
        .en_i  (en),
        .bits_i,
        .m_i,
        .shift_i,
        .keep_i(beat_keep[i]),
        .a_i   (beat[i*AW+:AW]),
        .max_i ({!row_key[AW-1], row_key[AW-2:0]}),
        .a_o   (weight[i*16+:16]),
        .p_o   (code[i*16+:16])
    );
  end
  always_ff @(posedge clk_i) if (en) weight_q <= weight;

  logic total_valid, total_last, share_valid, share_last;
  logic [Lanes*16-1:0] total_y, share_y;
  assign weight_ready = divide_i ? share_ready : total_ready;
  pm_sfu_total #(
      .Lanes (Lanes),
      .W     (16),
      .Signed(1'b0),
      .SumW  (29),
      .SideW (Lanes * 16)
  ) u_total (
      .clk_i,
      .rst_ni,
      .x_valid_i(weight_valid && !divide_i),
      .x_ready_o(total_ready),
      .x_i      (weight_q),
      .side_i   (weight_q),
      .x_last_i (weight_last),
      .y_valid_o(total_valid),
      .y_ready_i(y_ready_i),
      .side_o   (total_y),
      .y_last_o (total_last),
      .sum_o    (z_o)
  );
  pm_sfu_share #(
      .Lanes(Lanes),
      .Depth(Depth)
  ) u_share (
      .clk_i,
      .rst_ni,
      .x_valid_i  (weight_valid && divide_i),
      .x_ready_o  (share_ready),
      .x_i        (code),
      .x_last_i   (weight_last),
      .y_valid_o  (share_valid),
      .y_ready_i,
      .y_o        (share_y),
      .y_last_o   (share_last),
      .mem_we_o   (share_we_o),
      .mem_waddr_o(share_waddr_o),
      .mem_wdata_o(share_wdata_o),
      .mem_re_o   (share_re_o),
      .mem_raddr_o(share_raddr_o),
      .mem_rdata_i(share_rdata_i)
  );

  assign y_valid_o = divide_i ? share_valid : total_valid;
  assign y_last_o  = divide_i ? share_last : total_last;
  assign y_o       = divide_i ? share_y : total_y;

  logic unused_keep;
  assign unused_keep = row_key[AW];
endmodule

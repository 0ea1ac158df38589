// SPDX-License-Identifier: Apache-2.0
/// LayerNorm and RMSNorm of rows in binary16: y = (x - mean) / deviation * gamma + beta. Three passes: the largest magnitude;
/// sums of integers at its exponent, exact; the results. Rows of b beats follow each other every max(b, 55) clocks.
///
/// y_ready_i is not seen at x_ready_o in the same clock; at b_ready_o it is.
module pm_sfu_norm #(
    /// Codes a beat, at least 4.
    parameter  int unsigned Lanes = 8,
    /// Most codes of a row, Lanes..8192.
    parameter  int unsigned MaxN  = 512,
    localparam int unsigned Depth = (MaxN + Lanes - 1) / Lanes + 64,
    localparam int unsigned AddrW = $clog2(Depth),
    localparam int unsigned MemW  = Lanes * 16 + 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// 1: RMSNorm, without mean and beta. Configuration, as all up to n_i: stable while a row is inside.
    input  logic                rms_i,
    /// Epsilon is m * 2^e: m, 0 or with the top bit set.
    input  logic [        15:0] m_i,
    /// Signed, -200..200.
    input  logic [         8:0] e_i,
    /// Elements of a row, 1..MaxN.
    input  logic [        13:0] n_i,
    /// Beats; a row has ceil(n/Lanes).
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Code i at [16i +: 16]; 0 past the row's end.
    input  logic [Lanes*16-1:0] x_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// A beat of gamma and beta for each of x.
    input  logic                b_valid_i,
    output logic                b_ready_o,
    /// Of element i at [32i +: 32]: gamma, with beta in the high half.
    input  logic [Lanes*32-1:0] b_i,
    /// The same beats as x.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Codes; NaN where the row has one or an infinity.
    output logic [Lanes*16-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// A memory between the first two passes, as pm_sfu_rows has it, Depth words: it writes.
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
    /// A memory between the last two: it writes.
    output logic                half_we_o,
    /// Where.
    output logic [   AddrW-1:0] half_waddr_o,
    /// What.
    output logic [    MemW-1:0] half_wdata_o,
    /// It reads.
    output logic                half_re_o,
    /// Where.
    output logic [   AddrW-1:0] half_raddr_o,
    /// What was read last.
    input  logic [    MemW-1:0] half_rdata_i
);
  if (Lanes < 4 || MaxN < Lanes || MaxN > 8192) begin : g_range
    $error("pm_sfu_norm: Lanes must be at least 4, MaxN Lanes..8192");
  end

  // First pass.
  logic rows_ready, max_ready, max_valid, max_take;
  logic [Lanes*15-1:0] key;
  logic [14:0] amax;
  logic beat_valid, beat_ready, beat_last;
  logic [Lanes*16-1:0] beat;

  assign x_ready_o = rows_ready && max_ready;
  always_comb for (int unsigned i = 0; i < Lanes; i++) key[i*15+:15] = x_i[i*16+:15];
  pm_sfu_rows #(
      .W    (MemW),
      .Depth(Depth)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && max_ready),
      .x_ready_o(rows_ready),
      .x_i      ({x_last_i, x_i}),
      .y_valid_o(beat_valid),
      .y_ready_i(beat_ready),
      .y_o      ({beat_last, beat}),
      .mem_we_o,
      .mem_waddr_o,
      .mem_wdata_o,
      .mem_re_o,
      .mem_raddr_o,
      .mem_rdata_i
  );
  pm_sfu_max #(
      .Lanes(Lanes),
      .W    (15)
  ) u_max (
      .clk_i,
      .rst_ni,
      .x_valid_i  (x_valid_i && rows_ready),
      .x_ready_o  (max_ready),
      .key_i      (key),
      .x_last_i,
      .max_valid_o(max_valid),
      .max_ready_i(max_take),
      .max_o      (amax)
  );

  // Second pass: a beat goes into the sums and into the second memory.
  logic align_ready, again_ready, sums_valid, sums_ready, sums_none, none_q;
  logic [28:0] s1;
  logic [42:0] s2;
  logic [4:0] emax;
  logic moved;

  assign beat_ready = max_valid && align_ready && again_ready;
  assign moved      = beat_valid && beat_ready;
  assign max_take   = moved && beat_last;
  pm_sfu_align #(
      .Lanes(Lanes)
  ) u_align (
      .clk_i,
      .rst_ni,
      .x_valid_i(moved),
      .x_ready_o(align_ready),
      .x_i      (beat),
      .x_last_i (beat_last),
      .amax_i   (amax),
      .y_valid_o(sums_valid),
      .y_ready_i(sums_ready),
      .s1_o     (s1),
      .s2_o     (s2),
      .emax_o   (emax),
      .none_o   (sums_none)
  );

  logic moments_valid, moments_ready, row_valid, row_ready, row_none;
  logic [41:0] mean, row_mean;
  logic [15:0] c, row_c;
  logic [9:0] k, row_k;
  pm_sfu_moments u_moments (
      .clk_i,
      .rst_ni,
      .rms_i,
      .m_i,
      .e_i,
      .n_i,
      .x_valid_i(sums_valid),
      .x_ready_o(sums_ready),
      .s1_i     (s1),
      .s2_i     (s2),
      .emax_i   (emax),
      .y_valid_o(moments_valid),
      .y_ready_i(moments_ready),
      .mean_o   (mean),
      .c_o      (c),
      .k_o      (k)
  );
  always_ff @(posedge clk_i) if (sums_valid && sums_ready) none_q <= sums_none;
  pm_fifo #(
      .Width(69),
      .Depth(2)
  ) u_moments_of_rows (
      .clk_i,
      .rst_ni,
      .valid_i(moments_valid),
      .ready_o(moments_ready),
      .data_i ({none_q, mean, c, k}),
      .valid_o(row_valid),
      .ready_i(row_ready),
      .data_o ({row_none, row_mean, row_c, row_k})
  );

  // Third pass.
  logic again_valid, again_take, again_last, en, normal_valid, normal_last, out_en;
  logic [Lanes*16-1:0] again, normal;
  pm_sfu_rows #(
      .W    (MemW),
      .Depth(Depth)
  ) u_again (
      .clk_i,
      .rst_ni,
      .x_valid_i  (beat_valid && max_valid && align_ready),
      .x_ready_o  (again_ready),
      .x_i        ({beat_last, beat}),
      .y_valid_o  (again_valid),
      .y_ready_i  (again_take),
      .y_o        ({again_last, again}),
      .mem_we_o   (half_we_o),
      .mem_waddr_o(half_waddr_o),
      .mem_wdata_o(half_wdata_o),
      .mem_re_o   (half_re_o),
      .mem_raddr_o(half_raddr_o),
      .mem_rdata_i(half_rdata_i)
  );
  assign again_take = en && row_valid;
  assign row_ready  = again_take && again_valid && again_last;
  pm_sfu_valid #(
      .Stages(10),
      .W     (1)
  ) u_normal_valid (
      .clk_i,
      .rst_ni,
      .valid_i(again_valid && row_valid),
      .side_i (again_last),
      .ready_i(b_valid_i && out_en),
      .en_o   (en),
      .valid_o(normal_valid),
      .side_o (normal_last)
  );
  assign b_ready_o = normal_valid && out_en;
  pm_sfu_valid #(
      .Stages(5),
      .W     (1)
  ) u_out_valid (
      .clk_i,
      .rst_ni,
      .valid_i(normal_valid && b_valid_i),
      .side_i (normal_last),
      .ready_i(y_ready_i),
      .en_o   (out_en),
      .valid_o(y_valid_o),
      .side_o (y_last_o)
  );
  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    logic unused_nv, unused_of;
    pm_sfu_normal u_normal (
        .clk_i,
        .en_i  (en),
        .rms_i,
        .x_i   (again[i*16+:16]),
        .mean_i(row_mean),
        .c_i   (row_c),
        .k_i   (row_k),
        .none_i(row_none),
        .y_o   (normal[i*16+:16])
    );
    // A product alone is one with -0 added.
    pm_fp16_fma #(
        .Cut(1'b1)
    ) u_fma (
        .clk_i,
        .en_i(out_en),
        .a_i (normal[i*16+:16]),
        .b_i (b_i[i*32+:16]),
        .c_i (rms_i ? 16'h8000 : b_i[i*32+16+:16]),
        .y_o (y_o[i*16+:16]),
        .nv_o(unused_nv),
        .of_o(unused_of)
    );
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Rows of binary16 to eight bits: q = x 127 / amax, to nearest even, amax the row's largest magnitude. A row is stored while
/// amax is found and divided by; rows of b beats follow each other every max(b, 18) clocks. A row that is 0, or has an infinity
/// or NaN, gives q = 0 and amax = 0.
///
/// y_ready_i is not seen at x_ready_o in the same clock.
module pm_sfu_quant #(
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
    /// Beats; a row has 1..ceil(MaxN/Lanes).
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Code i at [16i +: 16]; 0 past the row's end.
    input  logic [Lanes*16-1:0] x_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// The same beats.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Number i at [8i +: 8], signed.
    output logic [ Lanes*8-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// The code of amax, with each beat.
    output logic [        14:0] amax_o,
    /// A memory, as pm_sfu_rows has it, Depth words: it writes.
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
    input  logic [    MemW-1:0] mem_rdata_i
);
  if (Lanes < 4 || MaxN < Lanes || MaxN > 8192) begin : g_range
    $error("pm_sfu_quant: Lanes must be at least 4, MaxN Lanes..8192");
  end

  logic rows_ready, max_ready, beat_valid, beat_ready, beat_last, max_valid, max_take;
  logic [Lanes*15-1:0] key;
  logic [Lanes*16-1:0] beat;
  logic [14:0] amax, amax_q;

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

  // 127 * 2^20 over the significand.
  logic neg, zero, infinite, nan, none_q, inverse_valid, inverse_ready, row_valid, row_ready;
  logic [10:0] sig, norm;
  logic [4:0] e;
  logic [5:0] norm_e, norm_e_q, row_e;
  logic [17:0] inverse;
  logic [16:0] row_inverse;
  logic [14:0] row_amax;

  pm_fp16_parse u_parse (
      .x_i   ({1'b0, amax}),
      .neg_o (neg),
      .sig_o (sig),
      .e_o   (e),
      .zero_o(zero),
      .inf_o (infinite),
      .nan_o (nan)
  );
  pm_fp16_normal u_normal (
      .sig_i(sig),
      .e_i  (e),
      .sig_o(norm),
      .e_o  (norm_e)
  );
  pm_sfu_recip #(
      .W    (11),
      .Start(1016)
  ) u_recip (
      .clk_i,
      .rst_ni,
      .x_valid_i(max_valid),
      .x_ready_o(max_take),
      .d_i      (norm),
      .y_valid_o(inverse_valid),
      .y_ready_i(inverse_ready),
      .r_o      (inverse)
  );
  always_ff @(posedge clk_i) begin
    if (max_valid && max_take) begin
      norm_e_q <= norm_e;
      none_q   <= zero || infinite || nan;
      amax_q   <= zero || infinite || nan ? '0 : amax;
    end
  end
  logic row_none;
  pm_fifo #(
      .Width(39),
      .Depth(2)
  ) u_scales (
      .clk_i,
      .rst_ni,
      .valid_i(inverse_valid),
      .ready_o(inverse_ready),
      .data_i ({inverse[16:0], norm_e_q, none_q, amax_q}),
      .valid_o(row_valid),
      .ready_i(row_ready),
      .data_o ({row_inverse, row_e, row_none, row_amax})
  );

  // Each code's product, shifted and rounded.
  logic en;
  assign beat_ready = en && row_valid;
  assign row_ready  = beat_ready && beat_valid && beat_last;
  pm_sfu_valid #(
      .Stages(3),
      .W     (16)
  ) u_valid (
      .clk_i,
      .rst_ni,
      .valid_i(beat_valid && row_valid),
      .side_i ({beat_last, row_amax}),
      .ready_i(y_ready_i),
      .en_o   (en),
      .valid_o(y_valid_o),
      .side_o ({y_last_o, amax_o})
  );
  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    pm_sfu_narrow u_narrow (
        .clk_i,
        .en_i  (en),
        .x_i   (beat[i*16+:16]),
        .inv_i (row_inverse),
        .e_i   (row_e),
        .none_i(row_none),
        .q_o   (y_o[i*8+:8])
    );
  end

  logic unused_ok;
  assign unused_ok = ^{neg, inverse[17]};
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Weights in binary16 over their row's sum. The sum is exact, of the weights' integers in 2^-24; its reciprocal has 17 bits and
/// takes 18 clocks a row, while the row is stored.
///
/// x_ready_o depends on nothing outside.
module pm_sfu_share #(
    /// Weights a beat, at least 2.
    parameter  int unsigned Lanes = 8,
    /// Words of the memory, at least 2.
    parameter  int unsigned Depth = 64,
    localparam int unsigned AddrW = $clog2(Depth),
    localparam int unsigned MemW  = Lanes * 16 + 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Beats.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Weight i at [16i +: 16], 0..1.
    input  logic [Lanes*16-1:0] x_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// The same beats.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Codes.
    output logic [Lanes*16-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// A memory, as pm_sfu_rows has it: it writes.
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
  if (Lanes < 2 || Depth < 2) begin : g_range
    $error("pm_sfu_share: Lanes and Depth must be at least 2");
  end

  /// Of a weight, 2^24 at most, and of a row's sum.
  localparam int unsigned XW = 25;
  localparam int unsigned SumW = 38;

  logic rows_ready, sum_ready, sum_valid, sum_last, sum_take, unused_side;
  logic [Lanes*XW-1:0] fixed;
  logic [SumW-1:0] sum;

  assign x_ready_o = rows_ready && sum_ready;

  for (genvar i = 0; i < Lanes; i++) begin : g_fixed
    logic [4:0] e, up;
    assign e = x_i[i*16+10+:5];
    assign up = e == '0 ? 5'd0 : e - 5'd1;
    assign fixed[i*XW+:XW] = XW'({e != '0, x_i[i*16+:10]}) << up;
  end

  logic beat_valid, beat_ready, beat_last;
  logic [Lanes*16-1:0] beat;
  pm_sfu_rows #(
      .W    (MemW),
      .Depth(Depth)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && sum_ready),
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

  pm_sfu_total #(
      .Lanes (Lanes),
      .W     (XW),
      .Signed(1'b0),
      .SumW  (SumW),
      .SideW (1)
  ) u_total (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && rows_ready),
      .x_ready_o(sum_ready),
      .x_i      (fixed),
      .side_i   (1'b0),
      .x_last_i,
      .y_valid_o(sum_valid),
      .y_ready_i(sum_take),
      .side_o   (unused_side),
      .y_last_o (sum_last),
      .sum_o    (sum)
  );

  // The sum's first 18 bits; its reciprocal.
  logic [5:0] pos;
  logic none, top_valid_q, top_ready, recip_valid, recip_ready, row_ready, row_valid;
  logic [17:0] top, top_q, recip, row_recip;
  logic [5:0] t_q, t2_q, row_t;

  assign sum_take = !sum_last || !top_valid_q || top_ready;
  pm_lead_one #(
      .W(SumW)
  ) u_lead (
      .x_i   (sum),
      .pos_o (pos),
      .none_o(none)
  );
  assign top = 18'({sum, 17'd0} >> pos);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) top_valid_q <= 1'b0;
    else if (sum_take && sum_valid && sum_last) top_valid_q <= 1'b1;
    else if (top_ready) top_valid_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (sum_take && sum_valid && sum_last) {top_q, t_q} <= {top, pos - 6'd17};
    if (top_valid_q && top_ready) t2_q <= t_q;
  end

  pm_sfu_recip #(
      .W    (18),
      .Start(131072)
  ) u_recip (
      .clk_i,
      .rst_ni,
      .x_valid_i(top_valid_q),
      .x_ready_o(top_ready),
      .d_i      (top_q),
      .y_valid_o(recip_valid),
      .y_ready_i(recip_ready),
      .r_o      (recip)
  );
  pm_fifo #(
      .Width(24),
      .Depth(2)
  ) u_recips (
      .clk_i,
      .rst_ni,
      .valid_i(recip_valid),
      .ready_o(recip_ready),
      .data_i ({recip, t2_q}),
      .valid_o(row_valid),
      .ready_i(row_ready),
      .data_o ({row_recip, row_t})
  );

  // Its product with each weight.
  logic en;
  assign beat_ready = en && row_valid;
  assign row_ready  = beat_ready && beat_valid && beat_last;
  pm_sfu_valid #(
      .Stages(4),
      .W     (1)
  ) u_valid (
      .clk_i,
      .rst_ni,
      .valid_i(beat_valid && row_valid),
      .side_i (beat_last),
      .ready_i(y_ready_i),
      .en_o   (en),
      .valid_o(y_valid_o),
      .side_o (y_last_o)
  );

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    logic neg, zero, infinite, nan, unused_nv, unused_of, unused_ok;
    logic [10:0] sig;
    logic [ 4:0] e;
    logic [28:0] product_q;
    logic [ 6:0] k_q;

    pm_fp16_parse u_parse (
        .x_i   (beat[i*16+:16]),
        .neg_o (neg),
        .sig_o (sig),
        .e_o   (e),
        .zero_o(zero),
        .inf_o (infinite),
        .nan_o (nan)
    );
    assign unused_ok = ^{neg, zero, infinite, nan};
    always_ff @(posedge clk_i) begin
      if (en) begin
        product_q <= 29'(sig) * 29'(row_recip);
        k_q       <= 7'(e) - 7'd35 - 7'(signed'(row_t));
      end
    end
    pm_fp16_rn #(
        .AW (29),
        .KW (7),
        .Cut(1'b1)
    ) u_rn (
        .clk_i,
        .en_i (en),
        .neg_i(1'b0),
        .a_i  (product_q),
        .k_i  (k_q),
        .inf_i(1'b0),
        .nan_i(1'b0),
        .y_o  (y_o[i*16+:16]),
        .nv_o (unused_nv),
        .of_o (unused_of)
    );
  end

  logic unused_none;
  assign unused_none = none;
endmodule

// SPDX-License-Identifier: Apache-2.0
/// A row's sum of weights in binary16, exact, of the weights' integers in 2^-24, and its reciprocal of 17 bits. A row every
/// max(b, 18) clocks, of b beats; two wait.
///
/// x_ready_o depends on nothing outside.
module pm_sfu_share #(
    /// Weights a beat, at least 2.
    parameter int unsigned Lanes = 8
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
    /// Rows.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// The reciprocal of the sum is r * 2^(-34 - t), in 2^24: r.
    output logic [        17:0] r_o,
    /// t, signed.
    output logic [         5:0] t_o
);
  if (Lanes < 2) begin : g_range
    $error("pm_sfu_share: Lanes must be at least 2");
  end

  /// Of a weight, 2^24 at most, and of a row's sum.
  localparam int unsigned XW = 25;
  localparam int unsigned SumW = 38;

  logic sum_valid, sum_last, sum_take, unused_side;
  logic [Lanes*XW-1:0] fixed, fixed_q;
  logic fixed_valid_q, fixed_last_q, fixed_take;
  logic [SumW-1:0] sum;

  for (genvar i = 0; i < Lanes; i++) begin : g_fixed
    logic [4:0] e, up;
    logic unused_sign;
    assign unused_sign = x_i[i*16+15];
    assign e = x_i[i*16+10+:5];
    assign up = e == '0 ? 5'd0 : e - 5'd1;
    assign fixed[i*XW+:XW] = XW'({e != '0, x_i[i*16+:10]}) << up;
  end

  assign x_ready_o = !fixed_valid_q || fixed_take;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) fixed_valid_q <= 1'b0;
    else if (x_ready_o) fixed_valid_q <= x_valid_i;
  end
  always_ff @(posedge clk_i) if (x_ready_o) {fixed_last_q, fixed_q} <= {x_last_i, fixed};

  pm_sfu_total #(
      .Lanes (Lanes),
      .W     (XW),
      .Signed(1'b0),
      .SumW  (SumW),
      .SideW (1)
  ) u_total (
      .clk_i,
      .rst_ni,
      .x_valid_i(fixed_valid_q),
      .x_ready_o(fixed_take),
      .x_i      (fixed_q),
      .side_i   (1'b0),
      .x_last_i (fixed_last_q),
      .y_valid_o(sum_valid),
      .y_ready_i(sum_take),
      .side_o   (unused_side),
      .y_last_o (sum_last),
      .sum_o    (sum)
  );

  // The sum's first 18 bits; its reciprocal.
  logic [5:0] pos;
  logic none, top_valid_q, top_ready, recip_valid, recip_ready;
  logic [17:0] top, top_q, recip;
  logic [5:0] t_q, t2_q;

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
  ) u_rows (
      .clk_i,
      .rst_ni,
      .valid_i(recip_valid),
      .ready_o(recip_ready),
      .data_i ({recip, t2_q}),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .data_o ({r_o, t_o})
  );

  logic unused_none;
  assign unused_none = none;
endmodule

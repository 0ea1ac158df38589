// SPDX-License-Identifier: Apache-2.0
/// A row's mean and the reciprocal of its deviation, for LayerNorm and RMSNorm: sums of integers at the row's largest exponent,
/// exact; a row every max(b, 55) clocks, of b beats. Two rows' numbers wait.
///
/// x_ready_o depends on nothing outside.
module pm_sfu_norm #(
    /// Codes a beat, at least 2.
    parameter int unsigned Lanes = 8
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// 1: RMSNorm, the mean is 0. Configuration, as all up to n_i: stable while a row is inside.
    input  logic                rms_i,
    /// Epsilon is m * 2^e: m, 0 or with the top bit set.
    input  logic [        15:0] m_i,
    /// Signed, -200..200.
    input  logic [         8:0] e_i,
    /// Elements of a row, 1..2^13.
    input  logic [        13:0] n_i,
    /// Beats.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Code i at [16i +: 16]; 0 past the row's end.
    input  logic [Lanes*16-1:0] x_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// The code of the row's largest magnitude, with each beat.
    input  logic [        14:0] amax_i,
    /// Rows.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// The row has an infinity or NaN.
    output logic                none_o,
    /// The mean in 2^-24, its sign and its size.
    output logic [        41:0] mean_o,
    /// The reciprocal of the deviation is c * 2^k: c, of 16 bits.
    output logic [        15:0] c_o,
    /// Signed.
    output logic [         9:0] k_o
);
  if (Lanes < 2) begin : g_range
    $error("pm_sfu_norm: Lanes must be at least 2");
  end

  logic sums_valid, sums_ready, none, row_none, moments_valid, moments_ready;
  logic [28:0] s1;
  logic [42:0] s2;
  logic [ 4:0] emax;
  logic [41:0] mean;
  logic [15:0] c;
  logic [ 9:0] k;

  pm_sfu_align #(
      .Lanes(Lanes)
  ) u_align (
      .clk_i,
      .rst_ni,
      .x_valid_i,
      .x_ready_o,
      .x_i,
      .x_last_i,
      .amax_i,
      .y_valid_o(sums_valid),
      .y_ready_i(sums_ready),
      .s1_o     (s1),
      .s2_o     (s2),
      .emax_o   (emax),
      .none_o   (none)
  );
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
      .none_i   (none),
      .y_valid_o(moments_valid),
      .y_ready_i(moments_ready),
      .none_o   (row_none),
      .mean_o   (mean),
      .c_o      (c),
      .k_o      (k)
  );
  pm_fifo #(
      .Width(69),
      .Depth(2)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .valid_i(moments_valid),
      .ready_o(moments_ready),
      .data_i ({row_none, mean, c, k}),
      .valid_o(y_valid_o),
      .ready_i(y_ready_i),
      .data_o ({none_o, mean_o, c_o, k_o})
  );
endmodule

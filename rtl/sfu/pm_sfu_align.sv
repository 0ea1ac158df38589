// SPDX-License-Identifier: Apache-2.0
/// Beats of rows in binary16 as integers of 16 bits at the row's largest exponent (pm_prealign's rounding), with their sum and
/// the sum of their squares; both exact.
///
/// x_ready_o depends on y_ready_i in the same clock where all stages are full.
module pm_sfu_align #(
    /// Codes a beat, at least 2.
    parameter int unsigned Lanes = 8
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Beats.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Code i at [16i +: 16].
    input  logic [Lanes*16-1:0] x_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// The code of the row's largest magnitude, with each beat.
    input  logic [        14:0] amax_i,
    /// Sums, one a row.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Sum of integers, signed, in 2^(emax - 29).
    output logic [        28:0] s1_o,
    /// Sum of their squares.
    output logic [        42:0] s2_o,
    /// The row's largest exponent, 1..30.
    output logic [         4:0] emax_o,
    /// The row has an infinity or NaN.
    output logic                none_o
);
  if (Lanes < 2) begin : g_range
    $error("pm_sfu_align: Lanes must be at least 2");
  end

  logic en, valid, last, none, none2, ready, unused_valid, unused_ready, unused_last, unused_side, last_out, valid_out;
  logic [4:0] emax, emax2;
  logic [Lanes*16-1:0] q_q, q2_q, q3_q;
  logic [Lanes*30-1:0] square_q;

  assign none = amax_i >= 15'h7C00;
  assign emax = amax_i[14:10] | {4'd0, amax_i[14:10] == '0};
  pm_sfu_valid #(
      .Stages(4),
      .W     (7)
  ) u_valid (
      .clk_i,
      .rst_ni,
      .valid_i(x_valid_i),
      .side_i ({x_last_i, none, emax}),
      .skip_i ('0),
      .ready_i(ready),
      .en_o   (en),
      .valid_o(valid),
      .side_o ({last, none2, emax2})
  );
  assign x_ready_o = en;

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    logic neg, neg_q, special, inexact;
    logic [10:0] sig, sig_q;
    logic [4:0] shift, shift_q;
    logic [15:0] q, size_q;
    logic [31:0] square;

    pm_align_parse #(
        .E(5),
        .M(10),
        .Most(16)
    ) u_parse (
        .u_i      (x_i[i*16+:16]),
        .emax_i   (emax),
        .neg_o    (neg),
        .sig_o    (sig),
        .shift_o  (shift),
        .special_o(special)
    );
    pm_align_round #(
        .M(10),
        .B(16),
        .ShiftW(5)
    ) u_round (
        .round_i  (1'b1),
        .neg_i    (neg_q),
        .sig_i    (sig_q),
        .shift_i  (shift_q),
        .q_o      (q),
        .inexact_o(inexact)
    );
    pm_vdr_square #(
        .W(16)
    ) u_square (
        .u_i     (size_q),
        .square_o(square)
    );
    always_ff @(posedge clk_i) begin
      if (en) begin
        neg_q              <= neg;
        sig_q              <= sig;
        shift_q            <= shift;
        q_q[i*16+:16]      <= q;
        q2_q[i*16+:16]     <= q_q[i*16+:16];
        size_q             <= q_q[i*16+15] ? -q_q[i*16+:16] : q_q[i*16+:16];
        q3_q[i*16+:16]     <= q2_q[i*16+:16];
        square_q[i*30+:30] <= square[29:0];
      end
    end
    logic unused_ok;
    assign unused_ok = ^{special, inexact, square[31:30]};
  end

  pm_sfu_total #(
      .Lanes (Lanes),
      .W     (16),
      .Signed(1'b1),
      .SumW  (29),
      .SideW (6)
  ) u_sum (
      .clk_i,
      .rst_ni,
      .x_valid_i(valid),
      .x_ready_o(ready),
      .x_i      (q3_q),
      .side_i   ({none2, emax2}),
      .x_last_i (last),
      .y_valid_o(valid_out),
      .y_ready_i(!last_out || y_ready_i),
      .side_o   ({none_o, emax_o}),
      .y_last_o (last_out),
      .sum_o    (s1_o)
  );
  pm_sfu_total #(
      .Lanes (Lanes),
      .W     (30),
      .Signed(1'b0),
      .SumW  (43),
      .SideW (1)
  ) u_squares (
      .clk_i,
      .rst_ni,
      .x_valid_i(valid),
      .x_ready_o(unused_ready),
      .x_i      (square_q),
      .side_i   (1'b0),
      .x_last_i (last),
      .y_valid_o(unused_valid),
      .y_ready_i(!last_out || y_ready_i),
      .side_o   (unused_side),
      .y_last_o (unused_last),
      .sum_o    (s2_o)
  );
  assign y_valid_o = valid_out && last_out;
endmodule

// SPDX-License-Identifier: Apache-2.0
/// From the integers of arrays back to binary16: sums of arrays times the scales of their row and column, plus bias and residual;
/// or the product of a row's and a column's scale alone.
///
/// A row's scale is the size of a code of binary16, the largest of what was quantised, or the reciprocal of a sum of attention
/// weights, which takes 20 clocks before a row's first beat. x_ready_o depends on y_ready_i in the same clock where the unit is
/// full.
module pm_sfu_scale #(
    /// Elements of a beat, 1..256.
    parameter int unsigned Lanes = 8
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Rows are sums whose reciprocals are taken; else codes. Configuration: stable while anything is inside.
    input  logic                recip_i,
    /// Scales of scores come out: one above 65535 * 2^-19 is that, one of 0 has e = -19. Configuration, as recip_i.
    input  logic                scores_i,
    /// Beats of a row.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// The row's first.
    input  logic                first_i,
    /// Of the row's first beat: a code, of which the sign does not matter, finite, in the low half; or a sum, unsigned.
    input  logic [        31:0] row_i,
    /// Sums, signed.
    input  logic [Lanes*32-1:0] a_i,
    /// Columns' scales m * 2^e: m, its top bit set, or 0.
    input  logic [Lanes*16-1:0] m_i,
    /// Their e, signed, so that products stay within -200..200.
    input  logic [ Lanes*9-1:0] e_i,
    /// Codes, added first; 8000 changes nothing.
    input  logic [Lanes*16-1:0] bias_i,
    /// Codes, added then.
    input  logic [Lanes*16-1:0] onto_i,
    /// Beats, in order.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Codes.
    output logic [Lanes*16-1:0] y_o,
    /// The scale of lane 0: m.
    output logic [        15:0] m_o,
    /// Its e, signed.
    output logic [         8:0] e_o
);
  if (Lanes < 1 || Lanes > 256) begin : g_range
    $error("pm_sfu_scale: Lanes must be 1..256");
  end

  localparam int unsigned Depth = 19;
  localparam int unsigned Scales = 3;
  localparam int unsigned BeatW = Lanes * (32 + 16 + 9 + 16 + 16);
  localparam logic [8:0] Top = 9'd0 - 9'd19;

  logic [Depth-1:0] valid_q;
  logic beat_q, known_q, en, go, done;
  logic [31:0] row_q;
  logic [BeatW-1:0] data_q;
  logic [Lanes*32-1:0] a;
  logic [Lanes*16-1:0] m, bias, onto;
  logic [Lanes*9-1:0] e;
  logic [15:0] code_m, recip_m, row_m_q, scale_m;
  logic [8:0] code_e, recip_e, row_e_q, scale_e;
  logic above, take;
  logic [(Depth-Scales)*25-1:0] scale_q;

  assign y_valid_o             = valid_q[Depth-1];
  assign en                    = !y_valid_o || y_ready_i;
  assign go                    = beat_q && en && known_q;
  assign x_ready_o             = !beat_q || go;
  assign take                  = x_ready_o && x_valid_i;

  assign {a, m, e, bias, onto} = data_q;

  pm_scale_code u_code (
      .x_i(row_i[15:0]),
      .m_o(code_m),
      .e_o(code_e)
  );
  pm_scale_recip u_recip (
      .clk_i,
      .rst_ni,
      .valid_i(beat_q && !known_q),
      .z_i    (row_q),
      .done_o (done),
      .m_o    (recip_m),
      .e_o    (recip_e)
  );

  logic [Lanes*16-1:0] lane_m;
  logic [ Lanes*9-1:0] lane_e;
  for (genvar k = 0; k < Lanes; k++) begin : g_lane
    pm_scale_lane u_lane (
        .clk_i,
        .en_i   (en),
        .a_i    (a[k*32+:32]),
        .row_m_i(row_m_q),
        .row_e_i(row_e_q),
        .m_i    (m[k*16+:16]),
        .e_i    (e[k*9+:9]),
        .bias_i (bias[k*16+:16]),
        .onto_i (onto[k*16+:16]),
        .m_o    (lane_m[k*16+:16]),
        .e_o    (lane_e[k*9+:9]),
        .y_o    (y_o[k*16+:16])
    );
  end
  if (Lanes > 1) begin : g_unused
    logic unused;
    assign unused = ^{lane_m[Lanes*16-1:16], lane_e[Lanes*9-1:9]};
  end

  assign above = $signed(lane_e[8:0]) > $signed(Top);
  always_comb begin
    {scale_m, scale_e} = {lane_m[15:0], lane_e[8:0]};
    if (scores_i && lane_m[15:0] == '0) scale_e = Top;
    else if (scores_i && above) {scale_m, scale_e} = {16'hFFFF, Top};
  end
  assign {m_o, e_o} = scale_q[(Depth-Scales-1)*25+:25];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_q  <= 1'b0;
      known_q <= 1'b0;
      valid_q <= '0;
    end else begin
      if (x_ready_o) beat_q <= x_valid_i;
      if (take) known_q <= !recip_i || !first_i;
      else if (done) known_q <= 1'b1;
      if (en) valid_q <= {valid_q[Depth-2:0], go};
    end
  end
  // The row's scale stands while its beats leave.
  always_ff @(posedge clk_i) begin
    if (take) begin
      row_q  <= row_i;
      data_q <= {a_i, m_i, e_i, bias_i, onto_i};
    end
    if (take && first_i && !recip_i) {row_m_q, row_e_q} <= {code_m, code_e};
    else if (done) {row_m_q, row_e_q} <= {recip_m, recip_e};
    if (en) scale_q <= {scale_q[(Depth-Scales-1)*25-1:0], scale_m, scale_e};
  end
`ifdef PERIMETER_FORMAL
  `include "pm_sfu_scale_fv.svh"
`endif
endmodule

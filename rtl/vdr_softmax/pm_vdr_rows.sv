// SPDX-License-Identifier: Apache-2.0
/// The rows of pm_vdr_softmax and pm_vdr_tile: Lanes logits a clock in and out, no bubble between rows. A row's maximum is
/// found while its beats are stored; its exponentials leave, once its descriptor is here, while the next row arrives. One
/// buffer of a row and a beat does both: it never fills while the output moves, because a whole row is then leaving.
module pm_vdr_rows #(
    /// Logits a beat, at least 1.
    parameter int unsigned Lanes = 16,
    /// Longest row, a multiple of Lanes, Lanes..4096.
    parameter int unsigned MaxN = 64,
    /// Bits of ne, at least 6; below -8 it is as at -8, above 15 as at 15.
    parameter int unsigned NeW = 8,
    /// Distances have an offset. What the buffers give, the offset's sum and a beat's maximum have registers of their own.
    parameter bit Tiled = 1'b0,
    localparam int unsigned ZW = 8 + $clog2(MaxN)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    /// Round to nearest, else truncate. Configuration: stable while a row is inside.
    input  logic                      round_i,
    /// The table of S0, see pm_vdr_row. Configuration, as round_i.
    input  logic        [   8*96-1:0] lut_i,
    /// Beats; a row has 1..MaxN/Lanes of them.
    input  logic                      x_valid_i,
    output logic                      x_ready_o,
    /// Logit i at [8i +: 8], signed.
    input  logic        [Lanes*8-1:0] x_i,
    /// Logit i takes part.
    input  logic        [  Lanes-1:0] keep_i,
    /// The row's last beat.
    input  logic                      x_last_i,
    /// With it, the row's exponent.
    input  logic signed [    NeW-1:0] ne_i,
    /// A row's last beat may be taken.
    input  logic                      row_ready_i,
    /// One was taken: the row's descriptor, to be returned.
    output logic                      row_valid_o,
    /// Its maximum, signed; where Tiled is 1, one clock after row_valid_o.
    output logic        [        7:0] row_max_o,
    /// 4 + ne limited to 0..19.
    output logic        [        4:0] row_shift_o,
    /// The oldest row that has none gets its descriptor: in the same clock or later, at most one a clock.
    input  logic                      row_valid_i,
    /// As above.
    input  logic        [        7:0] row_max_i,
    /// As above.
    input  logic        [        4:0] row_shift_i,
    /// Where Tiled is 1, what the row's distances are larger by, at the scale of ne = 7.
    input  logic        [       10:0] row_offset_i,
    /// The same beats.
    output logic                      a_valid_o,
    input  logic                      a_ready_i,
    /// Numerators, unsigned.
    output logic        [Lanes*8-1:0] a_o,
    /// The row's last beat.
    output logic                      a_last_o,
    /// With it, the sum of its numerators.
    output logic        [     ZW-1:0] z_o
);
  if (Lanes < 1 || MaxN < Lanes || MaxN % Lanes != 0 || MaxN > 4096) begin : g_range
    $error("pm_vdr_rows: MaxN must be a multiple of Lanes, Lanes..4096");
  end
  if (NeW < 6) begin : g_exponent_range
    $error("pm_vdr_rows: NeW must be at least 6");
  end

  // Where descriptors take up to eleven clocks, beats come meanwhile.
  localparam int unsigned Depth = MaxN / Lanes + (Tiled ? 11 : 1);

  localparam int unsigned RowW = Tiled ? 24 : 13;
  localparam int unsigned Stages = Tiled ? 6 : 4;

  logic en, take, accept, store;
  logic [7:0] beat_max, new_max, max_d, max_q;
  logic new_beat, new_last;
  logic [4:0] row_shift, lane_shift;
  logic [7:0] row_max;
  logic [10:0] row_offset;
  logic [Lanes*8-1:0] lane_x;
  logic [Lanes-1:0] lane_keep;
  logic [RowW-1:0] row_in, row;
  logic row_valid, row_ready, beat_valid, beat_ready, beat_last;
  logic [Lanes*8-1:0] beat_x;
  logic [  Lanes-1:0] beat_keep;
  logic [11:0] l, l2;
  logic [13:0] l3;
  logic [55:0] b;
  logic [27:0] k;
  logic [ 1:0] bc;
  logic [Lanes*8-1:0] a, a_q;
  logic [ZW-1:0] sum, z_q;
  logic [Stages-1:0] valid_q, last_q;
  logic first_q;

  // In: the buffer and the running maximum.
  pm_max_tree #(
      .N(Lanes),
      .W(8)
  ) u_max (
      .x_i,
      .keep_i,
      .max_o(beat_max)
  );
  assign max_d       = signed'(new_max) > signed'(max_q) ? new_max : max_q;
  assign accept      = row_ready_i || !x_last_i;
  assign x_ready_o   = store && accept;
  assign take        = x_valid_i && x_ready_o;
  assign row_valid_o = take && x_last_i;
  assign row_max_o   = max_d;
  assign row_shift_o = ne_i < NeW'(-4) ? 5'd0 : ne_i > NeW'(15) ? 5'd19 : ne_i[4:0] + 5'd4;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) max_q <= 8'h80;
    else if (new_beat) max_q <= new_last ? 8'h80 : max_d;
  end

  pm_fifo #(
      .Width(Lanes * 9 + 1),
      .Depth(Depth)
  ) u_beats (
      .clk_i,
      .rst_ni,
      .valid_i(x_valid_i && accept),
      .ready_o(store),
      .data_i ({x_last_i, keep_i, x_i}),
      .valid_o(beat_valid),
      .ready_i(beat_ready),
      .data_o ({beat_last, beat_keep, beat_x})
  );

  // A row is in the buffer as a whole once it has a descriptor; it never has more of them than beats.
  if (Tiled) begin : g_tiled
    logic [RowW-1:0] row_q;
    logic [4:0] shift_q;
    logic [Lanes*8-1:0] beat_q;
    logic [Lanes-1:0] keep_q;
    logic [7:0] new_q;
    logic taken_q, end_q;
    always_ff @(posedge clk_i) begin
      if (en) begin
        row_q   <= row;
        shift_q <= row_shift;
        beat_q  <= beat_x;
        keep_q  <= beat_keep;
      end
      if (take) begin
        new_q <= beat_max;
        end_q <= x_last_i;
      end
    end
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) taken_q <= 1'b0;
      else taken_q <= take;
    end
    assign row_in                           = {row_offset_i, row_max_i, row_shift_i};
    assign {row_offset, row_max, row_shift} = row_q;
    assign lane_shift                       = shift_q;
    assign {lane_x, lane_keep}              = {beat_q, keep_q};
    assign {new_beat, new_last, new_max}    = {taken_q, end_q, new_q};
  end else begin : g_whole
    assign row_in                        = {row_max_i, row_shift_i};
    assign {row_max, row_shift}          = row;
    assign row_offset                    = '0;
    assign lane_shift                    = row_shift;
    assign {lane_x, lane_keep}           = {beat_x, beat_keep};
    assign {new_beat, new_last, new_max} = {take, x_last_i, beat_max};
    logic unused_ok;
    assign unused_ok = ^row_offset_i;
  end

  pm_shift_fifo #(
      .Width(RowW),
      .Depth(Depth)
  ) u_rows (
      .clk_i,
      .rst_ni,
      .valid_i(row_valid_i),
      .ready_o(row_ready),
      .data_i (row_in),
      .valid_o(row_valid),
      .ready_i(beat_ready && beat_last),
      .data_o (row)
  );

  // Out: all stages advance together.
  assign en         = !valid_q[Stages-1] || a_ready_i;
  assign beat_ready = en && row_valid;

  pm_vdr_row u_row (
      .clk_i,
      .en_i   (en),
      .lut_i,
      .shift_i(lane_shift),
      .l_o    (l),
      .l2_o   (l2),
      .l3_o   (l3),
      .b_o    (b),
      .k_o    (k),
      .bc_o   (bc)
  );

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    pm_vdr_exp #(
        .Tiled(Tiled)
    ) u_exp (
        .clk_i,
        .en_i    (en),
        .round_i,
        .x_i     (lane_x[i*8+:8]),
        .keep_i  (lane_keep[i]),
        .max_i   (row_max),
        .shift_i (row_shift),
        .offset_i(row_offset),
        .l_i     (l),
        .l2_i    (l2),
        .l3_i    (l3),
        .b_i     (b),
        .k_i     (k),
        .bc_i    (bc),
        .a_o     (a[i*8+:8])
    );
  end

  always_comb begin
    sum = first_q ? '0 : z_q;
    for (int unsigned i = 0; i < Lanes; i++) sum = sum + ZW'(a[i*8+:8]);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
      first_q <= 1'b1;
    end else if (en) begin
      valid_q <= {valid_q[Stages-2:0], row_valid};
      if (valid_q[Stages-2]) first_q <= last_q[Stages-2];
    end
  end

  always_ff @(posedge clk_i) begin
    if (en) begin
      last_q <= {last_q[Stages-2:0], beat_last};
      a_q    <= a;
      if (valid_q[Stages-2]) z_q <= sum;
    end
  end

  assign a_valid_o = valid_q[Stages-1];
  assign a_last_o  = last_q[Stages-1];
  assign a_o       = a_q;
  assign z_o       = z_q;

  /* verilator coverage_off */  // constant
  logic unused_ok;
  /* verilator coverage_on */
  assign unused_ok = &{1'b0, row_ready, beat_valid};
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Bench of pm_vdr_tile and pm_tile_rescale: vdr_tile_rtl.c drives them and is what stands between, the product with the values.
module pm_vdr_tile_tb #(
    parameter int unsigned Lanes = 16,
    parameter int unsigned MaxN  = 512
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned ZW = 8 + $clog2(MaxN);

  import "DPI-C" function void pm_vdr_tile_config(
    input int lanes, input int max_n, output bit [767:0] lut, output bit round);
  import "DPI-C" function void pm_vdr_tile_step(
    input bit x_ready, output bit x_valid, output bit [Lanes*8-1:0] x, output bit [Lanes-1:0] keep, output bit x_last,
    output byte ne, output bit had, output int level);
  import "DPI-C" function void pm_vdr_tile_row(
    input bit valid, input bit had, input int level, input int shift, output bit ready);
  import "DPI-C" function void pm_vdr_tile_numerators(
    input bit valid, input bit [Lanes*8-1:0] a, input bit last, input int z, output bit ready);
  import "DPI-C" function void pm_vdr_tile_sums(
    input bit ready_in, output bit valid_in, output longint sum_in, output int part, output int shift, input bit valid_out,
    input longint sum_out, output bit ready_out);

  bit [767:0] lut;
  bit round;
  bit x_valid, x_valid_d, x_last, x_last_d, had, had_d, row_ready, row_ready_d, a_ready, a_ready_d;
  bit [Lanes*8-1:0] x, x_d;
  bit [Lanes-1:0] keep, keep_d;
  byte ne, ne_d;
  int level, level_d, part, part_d, shift, shift_d;
  longint sum, sum_d;
  bit sum_valid, sum_valid_d, sum_ready, sum_ready_d;
  wire x_ready, row_valid, had_out, a_valid, a_last, rescale_ready, rescaled;
  wire [23:0] level_out;
  wire [5:0] shift_out;
  wire [Lanes*8-1:0] a;
  wire [ZW-1:0] z;
  wire [39:0] sum_out;

  pm_vdr_tile #(
      .Lanes(Lanes),
      .MaxN (MaxN),
      .NeW  (8)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .round_i    (round),
      .lut_i      (lut),
      .x_valid_i  (x_valid),
      .x_ready_o  (x_ready),
      .x_i        (x),
      .keep_i     (keep),
      .x_last_i   (x_last),
      .ne_i       (ne),
      .had_i      (had),
      .reference_i(level[23:0]),
      .row_valid_o(row_valid),
      .row_ready_i(row_ready),
      .had_o      (had_out),
      .reference_o(level_out),
      .shift_o    (shift_out),
      .a_valid_o  (a_valid),
      .a_ready_i  (a_ready),
      .a_o        (a),
      .a_last_o   (a_last),
      .z_o        (z)
  );
  pm_tile_rescale #(
      .SumW (40),
      .PartW(32)
  ) u_rescale (
      .clk_i,
      .rst_ni,
      .valid_i(sum_valid),
      .ready_o(rescale_ready),
      .sum_i  (sum[39:0]),
      .part_i (part),
      .shift_i(shift[5:0]),
      .valid_o(rescaled),
      .ready_i(sum_ready),
      .sum_o  (sum_out)
  );

  initial pm_vdr_tile_config(Lanes, MaxN, lut, round);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_vdr_tile_row(row_valid, had_out, 32'(signed'(level_out)), 32'(shift_out), row_ready_d);
      pm_vdr_tile_numerators(a_valid, a, a_last, 32'(z), a_ready_d);
      pm_vdr_tile_sums(rescale_ready, sum_valid_d, sum_d, part_d, shift_d, rescaled, 64'(signed'(sum_out)), sum_ready_d);
      pm_vdr_tile_step(x_ready, x_valid_d, x_d, keep_d, x_last_d, ne_d, had_d, level_d);
      x_valid   <= x_valid_d;
      x         <= x_d;
      keep      <= keep_d;
      x_last    <= x_last_d;
      ne        <= ne_d;
      had       <= had_d;
      level <= level_d;
      row_ready <= row_ready_d;
      a_ready   <= a_ready_d;
      sum_valid <= sum_valid_d;
      sum       <= sum_d;
      part      <= part_d;
      shift     <= shift_d;
      sum_ready <= sum_ready_d;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// pm_sfu_scale behind DPI.
module pm_sfu_scale_tb #(
    parameter int unsigned Lanes = 8
) (
    input bit clk_i,
    input bit rst_ni
);
  import "DPI-C" function void pm_sfu_scale_elaborated(
    input int lanes,
    output bit recip,
    output bit scores
  );
  import "DPI-C" function void pm_sfu_scale_step(
    input bit x_ready,
    output bit x_valid,
    output bit first,
    output bit [31:0] row,
    output bit [Lanes*32-1:0] a,
    output bit [Lanes*16-1:0] m,
    output bit [Lanes*9-1:0] e,
    output bit [Lanes*16-1:0] bias,
    output bit [Lanes*16-1:0] onto,
    input bit y_valid,
    output bit y_ready,
    input bit [Lanes*16-1:0] y,
    input bit [15:0] scale_m,
    input bit [8:0] scale_e
  );

  bit recip, scores, x_valid, x_ready, first, y_valid, y_ready;
  bit [31:0] row;
  bit [Lanes*32-1:0] a;
  bit [Lanes*16-1:0] m, bias, onto, y;
  bit [Lanes*9-1:0] e;
  bit [15:0] scale_m;
  bit [8:0] scale_e;

  pm_sfu_scale #(
      .Lanes(Lanes)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .recip_i(recip),
      .scores_i(scores),
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .first_i(first),
      .row_i(row),
      .a_i(a),
      .m_i(m),
      .e_i(e),
      .bias_i(bias),
      .onto_i(onto),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y),
      .m_o(scale_m),
      .e_o(scale_e)
  );

  initial pm_sfu_scale_elaborated(Lanes, recip, scores);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      bit next_valid, next_ready, next_first;
      bit [31:0] next_row;
      bit [Lanes*32-1:0] next_a;
      bit [Lanes*16-1:0] next_m, next_bias, next_onto;
      bit [Lanes*9-1:0] next_e;
      pm_sfu_scale_step(x_ready, next_valid, next_first, next_row, next_a, next_m, next_e, next_bias, next_onto, y_valid,
                        next_ready, y, scale_m, scale_e);
      x_valid <= next_valid;
      first <= next_first;
      row <= next_row;
      a <= next_a;
      m <= next_m;
      e <= next_e;
      bias <= next_bias;
      onto <= next_onto;
      y_ready <= next_ready;
    end
  end
endmodule

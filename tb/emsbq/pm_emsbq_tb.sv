// SPDX-License-Identifier: Apache-2.0
/// pm_emsbq, pm_msb_parse and pm_emsb behind DPI: emsbq_rtl.c drives one of the two at a time.
module pm_emsbq_tb #(
    parameter int unsigned N = 64,
    parameter int unsigned W = 32,
    parameter int unsigned Q = 8,
    parameter int unsigned Bits = 10
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned SW = $clog2(W);

  /// Which of the two is driven in this run.
  import "DPI-C" function bit pm_emsbq_tb_parses();
  import "DPI-C" function void pm_emsbq_step(
    input int n, input int w, input int q, input bit x_ready, input bit y_valid, input bit [N*Q-1:0] y,
    input bit [SW-1:0] s, output bit is_signed, output bit round, output bit x_valid, output bit [N*W-1:0] x,
    output bit [N-1:0] keep, output bit y_ready);
  import "DPI-C" function void pm_msb_parse_step(
    input int n, input int w, input int bits, input bit [N*Bits-1:0] y, input bit [N-1:0] sat, output bit [N*W-1:0] x,
    output bit signed [6:0] m, output bit round);

  bit is_signed, round, x_valid, x_ready, y_valid, y_ready;
  bit [N*W-1:0] x;
  bit [N-1:0] keep;
  bit [N*Q-1:0] y;
  bit [SW-1:0] s;
  bit parse_round;
  bit [N*W-1:0] parse_x;
  bit signed [6:0] parse_m;
  bit [N*Bits-1:0] parse_y;
  bit [N-1:0] parse_sat;

  pm_emsbq #(
      .N(N),
      .W(W),
      .Q(Q)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .signed_i(is_signed),
      .round_i(round),
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .x_i(x),
      .keep_i(keep),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y),
      .s_o(s)
  );

  pm_msb_parse #(
      .N(N),
      .W(W),
      .Bits(Bits)
  ) u_parse (
      .x_i(parse_x),
      .m_i(parse_m),
      .round_i(parse_round),
      .y_o(parse_y),
      .sat_o(parse_sat)
  );

  always @(posedge clk_i) begin
    if (rst_ni && pm_emsbq_tb_parses()) begin
      bit [N*W-1:0] next_x;
      bit signed [6:0] next_m;
      bit next_round;
      pm_msb_parse_step(N, W, Bits, parse_y, parse_sat, next_x, next_m, next_round);
      parse_x <= next_x;
      parse_m <= next_m;
      parse_round <= next_round;
    end else if (rst_ni) begin
      bit next_signed, next_round, next_valid, next_ready;
      bit [N*W-1:0] next_x;
      bit [N-1:0] next_keep;
      pm_emsbq_step(N, W, Q, x_ready, y_valid, y, s, next_signed, next_round, next_valid, next_x, next_keep,
                    next_ready);
      is_signed <= next_signed;
      round <= next_round;
      x_valid <= next_valid;
      x <= next_x;
      keep <= next_keep;
      y_ready <= next_ready;
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// pm_sfu_fp16 behind DPI.
module pm_sfu_fp16_tb #(
    parameter int unsigned IntW = 32
) (
    input bit clk_i,
    input bit rst_ni
);
  import "DPI-C" function void pm_sfu_fp16_elaborated(
    input int int_w,
    output bit [2:0] f,
    output bit [15:0] m,
    output bit [8:0] e
  );
  import "DPI-C" function void pm_sfu_fp16_step(
    input bit x_ready,
    output bit x_valid,
    output bit [31:0] a,
    output bit [15:0] b,
    output bit [15:0] c,
    input bit y_valid,
    output bit y_ready,
    input bit [15:0] y,
    input bit nv,
    input bit of
  );

  bit [2:0] f;
  bit [15:0] m;
  bit [8:0] e;
  bit x_valid, x_ready, y_valid, y_ready, nv, of;
  bit [31:0] a;
  bit [15:0] b, c, y;

  pm_sfu_fp16 #(
      .IntW(IntW)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .f_i(f),
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .a_i(a[IntW-1:0]),
      .b_i(b),
      .c_i(c),
      .m_i(m),
      .e_i(e),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y),
      .nv_o(nv),
      .of_o(of)
  );

  initial pm_sfu_fp16_elaborated(IntW, f, m, e);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      bit next_valid, next_ready;
      bit [31:0] next_a;
      bit [15:0] next_b, next_c;
      pm_sfu_fp16_step(x_ready, next_valid, next_a, next_b, next_c, y_valid, next_ready, y, nv, of);
      x_valid <= next_valid;
      a <= next_a;
      b <= next_b;
      c <= next_c;
      y_ready <= next_ready;
    end
  end
endmodule

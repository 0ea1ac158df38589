// SPDX-License-Identifier: Apache-2.0
// Bench of pm_mix_gemv: three engines' dot products and the vectors' powers of two in, results out, all with stalls.
module pm_mix_gemv_tb #(
    parameter int unsigned Kernels = 64,
    parameter int unsigned PW = 10
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_mix_gemv_tables(
    input int kernels,
    input int power_bits,
    output bit is_float,
    output bit [2*Kernels-1:0] dest,
    output bit [Kernels*PW-1:0] pw
  );
  import "DPI-C" function void pm_mix_gemv_step(
    input bit px_ready,
    output bit px_valid,
    output bit [PW-1:0] px,
    input bit [2:0] ready,
    output bit [2:0] valid,
    output bit [119:0] dpv,
    input bit y_valid,
    output bit y_ready,
    input bit [39:0] y,
    input bit uf,
    input bit of
  );

  bit is_float, is_float_next, px_valid, px_valid_next, y_ready, y_ready_next;
  bit [2*Kernels-1:0] dest, dest_next;
  bit [Kernels*PW-1:0] pw, pw_next;
  bit [PW-1:0] px, px_next;
  bit [2:0] valid, valid_next;
  bit [119:0] dpv, dpv_next;
  logic px_ready, y_valid, uf, of;
  logic [2:0] ready;
  logic [39:0] y;

  pm_mix_gemv #(
      .Kernels(Kernels),
      .PW(PW)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .float_i(is_float),
      .dest_i(dest),
      .pw_i(pw),
      .px_valid_i(px_valid),
      .px_ready_o(px_ready),
      .px_i(px),
      .valid_i(valid),
      .ready_o(ready),
      .dpv_i(dpv),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y),
      .uf_o(uf),
      .of_o(of)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_mix_gemv_step(px_ready, px_valid_next, px_next, ready, valid_next, dpv_next, y_valid, y_ready_next, y, uf, of);
      px_valid <= px_valid_next;
      px       <= px_next;
      valid    <= valid_next;
      dpv      <= dpv_next;
      y_ready  <= y_ready_next;
    end else begin
      pm_mix_gemv_tables(Kernels, PW, is_float_next, dest_next, pw_next);
      is_float <= is_float_next;
      dest     <= dest_next;
      pw       <= pw_next;
    end
  end
endmodule

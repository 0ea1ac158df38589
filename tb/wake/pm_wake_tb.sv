// SPDX-License-Identifier: Apache-2.0
// Bench of pm_wake: the table is written, then it wakes.
module pm_wake_tb #(
    parameter int unsigned MaxLayers = 64,
    parameter int unsigned BitsW = 24,
    parameter int unsigned RunW = 32,
    localparam int unsigned LayerW = $clog2(MaxLayers),
    localparam int unsigned CountW = $clog2(MaxLayers + 1)
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_wake_step(
    input int max_layers,
    input int bits_width,
    input int run_width,
    output bit we,
    output int addr,
    output longint bits,
    output longint clocks,
    output int layers,
    output longint pwr,
    output int bus,
    output longint cap,
    output bit wake,
    input bit power,
    input bit beat,
    input int load,
    input bit run,
    input int layer,
    input bit done,
    input longint cycles
  );

  bit we, wake, we_next, wake_next;
  int addr_next, layers_next, bus_next;
  longint bits_next, clocks_next, pwr_next, cap_next;
  bit [LayerW-1:0] addr;
  bit [BitsW-1:0] bits, cap;
  bit [RunW-1:0] clocks, pwr;
  bit [CountW-1:0] layers;
  bit [3:0] bus;
  logic power, beat, run, done;
  logic [LayerW-1:0] load, layer;
  logic [39:0] cycles;

  pm_wake #(
      .MaxLayers(MaxLayers),
      .BitsW(BitsW),
      .RunW(RunW)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .we_i(we),
      .addr_i(addr),
      .bits_i(bits),
      .run_i(clocks),
      .layers_i(layers),
      .pwr_i(pwr),
      .bus_i(bus),
      .cap_i(cap),
      .wake_i(wake),
      .power_o(power),
      .beat_o(beat),
      .load_o(load),
      .run_o(run),
      .layer_o(layer),
      .done_o(done),
      .cycles_o(cycles)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_wake_step(MaxLayers, BitsW, RunW, we_next, addr_next, bits_next, clocks_next, layers_next, pwr_next, bus_next,
                   cap_next, wake_next, power, beat, 32'(load), run, 32'(layer), done, 64'(cycles));
      we <= we_next;
      addr <= addr_next[LayerW-1:0];
      bits <= bits_next[BitsW-1:0];
      clocks <= clocks_next[RunW-1:0];
      layers <= layers_next[CountW-1:0];
      pwr <= pwr_next[RunW-1:0];
      bus <= bus_next[3:0];
      cap <= cap_next[BitsW-1:0];
      wake <= wake_next;
    end
  end
endmodule

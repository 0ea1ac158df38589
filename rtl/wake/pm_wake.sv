// SPDX-License-Identifier: Apache-2.0
/// Sequencer from wake-up to response: power comes up, the layers' SRAM weights come over a bus from non-volatile memory in order,
/// and the layers run in order, while later ones are still being loaded. (Khwa et al., Nature 639, 617 (2025), Extended Data Fig. 1;
/// docs/numerics.md, "Wake-up".)
///
/// A layer of B bits takes max(1, ceil(B / 2^bus)) beats, one a clock, as soon as it has room beside the loaded layers that have not
/// run to their end; it runs for its number of clocks, as soon as it is loaded and the layer before is done. Clock 0, the first of
/// power, is the one after wake_i; done_o is high in clock cycles_o. Table, layers, pwr, bus and cap stand still from wake_i to
/// done_o; every layer fits the cap and runs at least a clock.
module pm_wake #(
    /// Layers of the table, at least 2.
    parameter int unsigned MaxLayers = 64,
    /// Bits of a layer's size and of the cap, at least 10.
    parameter int unsigned BitsW = 24,
    /// Bits of a layer's running clocks, at least 1.
    parameter int unsigned RunW = 32,
    localparam int unsigned LayerW = $clog2(MaxLayers),
    localparam int unsigned CountW = $clog2(MaxLayers + 1),
    localparam int unsigned CycleW = 40
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    /// Writes a layer of the table.
    input  logic              we_i,
    /// Its number.
    input  logic [LayerW-1:0] addr_i,
    /// Its bits in SRAM; 0: none, its weights are where it runs.
    input  logic [ BitsW-1:0] bits_i,
    /// Clocks that it runs, at least 1.
    input  logic [  RunW-1:0] run_i,
    /// Layers, 1..MaxLayers.
    input  logic [CountW-1:0] layers_i,
    /// Clocks until power is up.
    input  logic [  RunW-1:0] pwr_i,
    /// log2 of the bits of a beat, 0..10.
    input  logic [       3:0] bus_i,
    /// Bits that the SRAM holds; 0: any.
    input  logic [ BitsW-1:0] cap_i,
    /// Begins; ignored before done_o.
    input  logic              wake_i,
    /// Power is on: from clock 0 until done_o, with it.
    output logic              power_o,
    /// A beat of layer load_o.
    output logic              beat_o,
    /// The layer that is loaded or comes next.
    output logic [LayerW-1:0] load_o,
    /// Layer layer_o runs.
    output logic              run_o,
    /// The layer that runs or comes next.
    output logic [LayerW-1:0] layer_o,
    /// The response is there, for one clock.
    output logic              done_o,
    /// The clock, counted from 0; of the response until the next wake_i.
    output logic [CycleW-1:0] cycles_o
);
  if (MaxLayers < 2) begin : g_layers_range
    $error("pm_wake: MaxLayers must be at least 2");
  end
  if (BitsW < 10) begin : g_bits_range
    $error("pm_wake: BitsW must be at least 10");
  end
  if (RunW < 1) begin : g_run_range
    $error("pm_wake: RunW must be at least 1");
  end

  localparam int unsigned BeatW = BitsW + 1;

  // Entry l of the table: its bits, its clocks.
  logic [MaxLayers*BitsW-1:0] bits_q;
  logic [ MaxLayers*RunW-1:0] run_q;
  // Layers loaded and run so far, and the entries that come next, read ahead.
  logic [CountW-1:0] loaded_q, done_q;
  logic [BitsW-1:0] load_bits_q, free_bits_q, resident_q;
  logic [RunW-1:0] run_left_q, pwr_left_q;
  logic [BeatW-1:0] beats, beat_q;
  logic [BitsW:0] wanted;
  logic [9:0] bus_bits;
  logic [CycleW-1:0] cycles_q;
  logic busy_q, start, powered, last_beat, last_run;
  logic [LayerW-1:0] next_load, next_run;

  assign start     = wake_i && !busy_q;
  assign powered   = busy_q && pwr_left_q == '0;

  // ceil(bits / bus), 0 for a layer without.
  assign bus_bits  = (10'd1 << bus_i) - 10'd1;
  assign beats     = (BeatW'(load_bits_q) + BeatW'(bus_bits)) >> bus_i;
  assign wanted    = {1'b0, resident_q} + {1'b0, load_bits_q};
  assign beat_o    = powered && loaded_q != layers_i && (beat_q != '0 || cap_i == '0 || wanted <= {1'b0, cap_i});
  assign last_beat = beat_o && beat_q + 1'b1 >= beats;

  assign run_o     = powered && done_q != loaded_q;
  assign last_run  = run_o && run_left_q == RunW'(1);

  assign power_o   = busy_q;
  assign load_o    = LayerW'(loaded_q);
  assign layer_o   = LayerW'(done_q);
  assign done_o    = powered && done_q == layers_i;
  assign cycles_o  = cycles_q;

  assign next_load = start ? '0 : LayerW'(loaded_q + 1'b1);
  assign next_run  = start ? '0 : LayerW'(done_q + 1'b1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else busy_q <= start || (busy_q && !done_o);
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned l = 0; l < MaxLayers; l++) begin
      if (we_i && addr_i == LayerW'(l)) begin
        bits_q[l*BitsW+:BitsW] <= bits_i;
        run_q[l*RunW+:RunW] <= run_i;
      end
    end
    if (start) cycles_q <= '0;
    else if (busy_q && !done_o) cycles_q <= cycles_q + 1'b1;
    if (start) pwr_left_q <= pwr_i;
    else if (pwr_left_q != '0) pwr_left_q <= pwr_left_q - 1'b1;

    if (start || last_beat) begin
      loaded_q    <= start ? '0 : loaded_q + 1'b1;
      load_bits_q <= bits_q[next_load*BitsW+:BitsW];
      beat_q      <= '0;
    end else if (beat_o) beat_q <= beat_q + 1'b1;

    if (start || last_run) begin
      done_q      <= start ? '0 : done_q + 1'b1;
      run_left_q  <= run_q[next_run*RunW+:RunW];
      free_bits_q <= bits_q[next_run*BitsW+:BitsW];
    end else if (run_o) run_left_q <= run_left_q - 1'b1;

    // A layer has its room from its first beat to its last clock.
    if (start) resident_q <= '0;
    else resident_q <= resident_q + (beat_o && beat_q == '0 ? load_bits_q : '0) - (last_run ? free_bits_q : '0);
  end

`ifdef PERIMETER_FORMAL
  `include "pm_wake_fv.svh"
`endif
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Sequencer from wake-up to response: power comes up, the layers' SRAM weights come over a bus from non-volatile memory in
/// order, and the layers run in order, while later ones are still being loaded. (Khwa et al., Nature 639, 617 (2025),
/// Extended Data Fig. 1; docs/numerics.md, "Wake-up".)
///
/// A layer of B bits takes max(1, ceil(B / 2^bus)) beats, one a clock, as soon as it has room beside the loaded layers that
/// have not run to their end; it runs for its number of clocks, as soon as it is loaded and the layer before is done. Clock
/// 0, the first of power, is the one after wake_i; done_o is high in clock cycles_o. Table, layers, pwr, bus and cap stand
/// still from wake_i to done_o; every layer fits the cap and runs at least a clock.
module pm_wake #(
    /// Layers of the table, at least 2.
    parameter int unsigned MaxLayers = 64,
    /// Bits of a layer's size and of the cap, at least 11.
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
  if (BitsW < 11) begin : g_bits_range
    $error("pm_wake: BitsW must be at least 11");
  end
  if (RunW < 1) begin : g_run_range
    $error("pm_wake: RunW must be at least 1");
  end

  // Entry l of the table: its bits, its clocks.
  logic [MaxLayers*BitsW-1:0] bits_q;
  logic [ MaxLayers*RunW-1:0] run_q;
  // Layers loaded and run so far, and what the table has of the next of each, read ahead; bits that are left to load.
  logic [CountW-1:0] loaded_q, done_q;
  logic [BitsW-1:0] load_bits_q, left_q, free_bits_q;
  logic [RunW-1:0] run_left_q, pwr_left_q;
  logic [LayerW-1:0] next_load, next_run;
  // Room for more bits, and what it will be: each sum is there before it is known which one is wanted.
  logic [BitsW-1:0] room_q, room_freed, room_both, room_d;
  logic [BitsW:0] room_taken;
  logic [BitsW-1:0] beat_bits;
  logic [CycleW-1:0] cycles_q;
  logic busy_q, powered_q, begun_q, start, powered, first_beat, last_beat, last_run;

  assign start      = wake_i && !busy_q;
  assign powered    = busy_q && powered_q;

  assign room_taken = {1'b0, room_q} - {1'b0, load_bits_q};
  assign room_freed = room_q + free_bits_q;
  assign room_both  = room_taken[BitsW-1:0] + free_bits_q;
  assign beat_o     = powered && loaded_q != layers_i && (begun_q || cap_i == '0 || !room_taken[BitsW]);
  assign first_beat = beat_o && !begun_q;
  // At most a beat's bits are left.
  assign beat_bits  = BitsW'(1) << bus_i;
  assign last_beat  = beat_o && ((left_q & ~(beat_bits - 1'b1)) == '0 || left_q == beat_bits);

  assign run_o      = powered && done_q != loaded_q;
  assign last_run   = run_o && run_left_q == RunW'(1);
  // A layer has its room from its first beat to its last clock.
  assign room_d     = last_run ? (first_beat ? room_both : room_freed) : first_beat ? room_taken[BitsW-1:0] : room_q;

  assign power_o    = busy_q;
  assign load_o     = LayerW'(loaded_q);
  assign layer_o    = LayerW'(done_q);
  assign done_o     = powered && done_q == layers_i;
  assign cycles_o   = cycles_q;

  assign next_load  = start ? '0 : LayerW'(loaded_q + 1'b1);
  assign next_run   = start ? '0 : LayerW'(done_q + 1'b1);

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
    pwr_left_q <= start ? pwr_i : pwr_left_q - 1'b1;
    powered_q  <= start ? pwr_i == '0 : powered_q || pwr_left_q == RunW'(1);

    if (start || last_beat) begin
      loaded_q    <= start ? '0 : loaded_q + 1'b1;
      load_bits_q <= bits_q[next_load*BitsW+:BitsW];
      left_q      <= bits_q[next_load*BitsW+:BitsW];
      begun_q     <= 1'b0;
    end else if (beat_o) begin
      left_q  <= left_q - beat_bits;
      begun_q <= 1'b1;
    end

    if (start || last_run) begin
      done_q      <= start ? '0 : done_q + 1'b1;
      run_left_q  <= run_q[next_run*RunW+:RunW];
      free_bits_q <= bits_q[next_run*BitsW+:BitsW];
    end else if (run_o) run_left_q <= run_left_q - 1'b1;

    room_q <= start ? cap_i : room_d;
  end

`ifdef PERIMETER_FORMAL
  `include "pm_wake_fv.svh"
`endif
endmodule

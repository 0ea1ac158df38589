// SPDX-License-Identifier: Apache-2.0
// pm_wake against the formula of docs/numerics.md, by induction: for every table of up to MaxLayers layers, cap, bus and power-up
// time each layer is loaded and run in exactly the clocks that the formula says, and the response comes in clock end[layers-1].
// The formula is computed from the table at once; the registers are what it says of the present clock.
// Assumed: what the header asks for; layers of at most 7 bits, a bus of 1 or 2, to bound the arithmetic. Loops are for small tables,
// since Yosys reads the module with its defaults first.
localparam int unsigned FvL = MaxLayers <= 4 ? MaxLayers : 1;
localparam int unsigned FvW = 6;  // clocks: 3 + FvL * (7 + 3) at most, 33

logic fv_init_q = 1'b1;
logic [FvL*FvW-1:0] fv_start, fv_load, fv_end;
logic [FvW-1:0] fv_now, fv_beat, fv_left, fv_pwr_left;
logic [4:0] fv_resident;
logic [CountW-1:0] fv_loaded, fv_done;
logic [CountW-1:0] fv_layers_q;
logic [RunW-1:0] fv_pwr_q;
logic [3:0] fv_bus_q;
logic [BitsW-1:0] fv_cap_q;

always_comb begin
  logic [FvW-1:0] at, bits, sum;
  fv_start = '0;
  fv_load  = '0;
  fv_end   = '0;
  at = '0;
  bits = '0;
  sum = '0;
  for (int unsigned l = 0; l < FvL; l++) begin
    at = l == 0 ? FvW'(fv_pwr_q) : fv_load[(l-1)*FvW+:FvW];
    // Layers q..l together.
    sum = FvW'(bits_q[l*BitsW+:3]);
    for (int unsigned n = 1; n <= l; n++) begin
      sum = sum + FvW'(bits_q[(l-n)*BitsW+:3]);
      if (fv_cap_q != 0 && sum > FvW'(fv_cap_q[2:0]) && fv_end[(l-n)*FvW+:FvW] > at) at = fv_end[(l-n)*FvW+:FvW];
    end
    fv_start[l*FvW+:FvW] = at;
    bits = FvW'(bits_q[l*BitsW+:3]);
    if (fv_bus_q != 0) bits = (bits + 1'b1) >> 1;
    if (bits == '0) bits = FvW'(1);
    at = at + bits;
    fv_load[l*FvW+:FvW] = at;
    if (l > 0 && fv_end[(l-1)*FvW+:FvW] > at) at = fv_end[(l-1)*FvW+:FvW];
    fv_end[l*FvW+:FvW] = at + FvW'(run_q[l*RunW+:RunW]);
  end
end

// What the formula says of the present clock: layers loaded and run before it, beats of the layer that is being loaded, clocks that the
// layer at work has left, bits that are held.
always_comb begin
  logic [FvW-1:0] begun;
  fv_now      = cycles_q[FvW-1:0];
  fv_loaded   = '0;
  fv_done     = '0;
  fv_resident = '0;
  fv_beat     = '0;
  fv_left     = '0;
  fv_pwr_left = fv_now < FvW'(fv_pwr_q) ? FvW'(fv_pwr_q) - fv_now : '0;
  begun       = '0;
  for (int unsigned l = 0; l < FvL; l++) begin
    if (l < fv_layers_q) begin
      if (fv_load[l*FvW+:FvW] <= fv_now) fv_loaded = fv_loaded + 1'b1;
      if (fv_end[l*FvW+:FvW] <= fv_now) fv_done = fv_done + 1'b1;
      if (fv_start[l*FvW+:FvW] < fv_now) fv_resident = fv_resident + 5'(bits_q[l*BitsW+:3]);
      if (fv_end[l*FvW+:FvW] <= fv_now) fv_resident = fv_resident - 5'(bits_q[l*BitsW+:3]);
      if (fv_start[l*FvW+:FvW] < fv_now && fv_now < fv_load[l*FvW+:FvW]) fv_beat = fv_now - fv_start[l*FvW+:FvW];
      // The layer at work, or the one that comes next.
      begun = fv_end[l*FvW+:FvW] - FvW'(run_q[l*RunW+:RunW]);
      if (fv_now < fv_end[l*FvW+:FvW] && CountW'(l) == fv_done)
        fv_left = begun < fv_now ? fv_end[l*FvW+:FvW] - fv_now : FvW'(run_q[l*RunW+:RunW]);
    end
  end
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (start) {fv_layers_q, fv_pwr_q, fv_bus_q, fv_cap_q} <= {layers_i, pwr_i, bus_i, cap_i};
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (layers_i != 0 && layers_i <= CountW'(MaxLayers) && bus_i <= 4'd1 && cap_i < 8);
  for (int unsigned l = 0; l < FvL; l++) begin
    assume (run_q[l*RunW+:RunW] != 0);
    assume (bits_q[l*BitsW+:BitsW] < 8);
    assume (cap_i == 0 || bits_q[l*BitsW+:BitsW] <= cap_i);
  end
  if (start || busy_q) assume (!we_i);
  if (busy_q) assume ({layers_i, pwr_i, bus_i, cap_i} == {fv_layers_q, fv_pwr_q, fv_bus_q, fv_cap_q});
end

for (genvar l = 0; l < FvL; l++) begin : g_fv_layer
  // The entries that were read ahead.
  always_comb if (!fv_init_q && rst_ni && busy_q) begin
    if (loaded_q == CountW'(l)) begin
      assert (load_bits_q == bits_q[l*BitsW+:BitsW]);
      assert (left_q == load_bits_q - (BitsW'(fv_beat) << bus_i));
    end
    if (done_q == CountW'(l)) assert (free_bits_q == bits_q[l*BitsW+:BitsW]);
    // Clock by clock, as the formula has it.
    if (load_o == LayerW'(l) && loaded_q < layers_i)
      assert (beat_o == (fv_start[l*FvW+:FvW] <= fv_now && fv_now < fv_load[l*FvW+:FvW]));
    if (layer_o == LayerW'(l) && done_q < layers_i)
      assert (run_o == (fv_end[l*FvW+:FvW] - FvW'(run_q[l*RunW+:RunW]) <= fv_now && fv_now < fv_end[l*FvW+:FvW]));
    if (layers_i == CountW'(l + 1)) begin
      assert (fv_now <= fv_end[l*FvW+:FvW]);
      assert (done_o == (fv_now == fv_end[l*FvW+:FvW]));
    end
  end
end

always_comb begin
  if (!fv_init_q && rst_ni) begin
    assert (power_o == busy_q && (busy_q || (!beat_o && !run_o && !done_o)));
    if (busy_q) begin
      in_range : assert (cycles_q <= 40'd33);
      powering : assert (powered_q == (fv_pwr_left == '0) && (powered_q || FvW'(pwr_left_q) == fv_pwr_left));
      loads : assert (loaded_q == fv_loaded && begun_q == (fv_beat != '0));
      runs : assert (done_q == fv_done && (done_q == layers_i || FvW'(run_left_q) == fv_left));
      if (cap_i != 0) holds : assert (room_q == cap_i - BitsW'(fv_resident) && BitsW'(fv_resident) <= cap_i);
    end
    cover (done_o && layers_i == 2 && cap_i != 0);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(done_o && cycles_q == 40'd3));
`endif
end

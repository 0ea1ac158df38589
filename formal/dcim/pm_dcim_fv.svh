// SPDX-License-Identifier: Apache-2.0
// pm_dcim, by induction: every vector taken gives one result, in order, stable while it waits: the sum over its planes of the plane's dot product
// with the weights, in arithmetic that cannot wrap; planes follow each other without a gap, and only a result that nobody takes
// stops them. Weights and signedness stand still. Where the tree has registers it is taken at its word, the sum of what
// went in as many clocks ago, which its own proof in formal/common is about; without registers it is part of the proof.
// Yosys reads a module with its defaults first, whose properties nobody asks for: they would take it minutes.
localparam int unsigned FvRows = Rows <= 16 ? Rows : 0;
localparam int unsigned FvW = AccW + 3;
localparam int unsigned FvN = Outputs * FvW;

logic fv_init_q = 1'b1;
(* anyconst *) logic [Outputs*Rows*W-1:0] fv_w;
(* anyconst *) logic fv_signed;
logic [Rows*XBits-1:0] fv_x_q;  // the vector whose planes are at the multiplexers, as it came
logic [FvN-1:0] fv_dot, fv_run, fv_run_q, fv_acc_q;  // fv_run_q: of the planes before the present one
logic [(Stages+1)*FvN-1:0] fv_dots, fv_runs;
logic [(Stages+1)*PlaneW-1:0] fv_planes;
logic [PlaneW-1:0] fv_acc_plane_q;
logic fv_acc_valid_q;
logic [4:0] fv_in_q, fv_out_q, fv_inside;

// The definition: the dot product of the plane that is at the multiplexers, and the vector's sum up to it.
always_comb begin
  fv_dot = '0;
  fv_run = '0;
  for (int unsigned m = 0; m < Outputs; m++) begin
    logic signed [FvW-1:0] dot, term;
    dot = '0;
    for (int unsigned r = 0; r < FvRows; r++)
      if (fv_x_q[r*XBits+plane_q]) dot = dot + $signed(w_i[(m*Rows+r)*W+:W]);
    term = dot <<< plane_q;
    if (signed_i && last_plane) term = -term;
    fv_dot[m*FvW+:FvW] = dot;
    fv_run[m*FvW+:FvW] = (plane_q == '0 ? '0 : fv_run_q[m*FvW+:FvW]) + term;
  end
end

// The same, in step with the tree's registers.
assign fv_dots[FvN-1:0] = fv_dot;
assign fv_runs[FvN-1:0] = fv_run;
assign fv_planes[PlaneW-1:0] = plane_q;
if (Stages > 0) begin : g_fv_tag
  logic [Stages*FvN-1:0] dots_q, runs_q;
  logic [Stages*PlaneW-1:0] planes_q;
  always_ff @(posedge clk_i) if (move) begin
    dots_q   <= fv_dots[Stages*FvN-1:0];
    runs_q   <= fv_runs[Stages*FvN-1:0];
    planes_q <= fv_planes[Stages*PlaneW-1:0];
  end
  assign fv_dots[FvN+:Stages*FvN] = dots_q;
  assign fv_runs[FvN+:Stages*FvN] = runs_q;
  assign fv_planes[PlaneW+:Stages*PlaneW] = planes_q;
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    fv_in_q <= '0;
    fv_out_q <= '0;
    fv_acc_valid_q <= 1'b0;
  end else begin
    fv_in_q  <= fv_in_q + 5'(take);
    fv_out_q <= fv_out_q + 5'(y_valid_o && y_ready_i);
    if (move && tail_valid) fv_acc_valid_q <= 1'b1;
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (take) fv_x_q <= x_i;
  if (move && busy_q) fv_run_q <= fv_run;
  if (move && tail_valid) begin
    fv_acc_q       <= fv_runs[Stages*FvN+:FvN];
    fv_acc_plane_q <= fv_planes[Stages*PlaneW+:PlaneW];
  end
  if (!fv_init_q && $past(rst_ni)) begin
    if ($past(y_valid_o && !y_ready_i)) assert (y_valid_o && $stable(y_o));
  end
end

// The plane in stage s follows the one in stage s + 1; behind the last stage are the accumulators.
for (genvar s = 0; s <= Stages; s++) begin : g_fv_stage
  logic valid, first, last, next_valid;
  logic [PlaneW-1:0] plane, next_plane;
  logic [FvN-1:0] next_run;
  assign {valid, first, last} = tag[3*s+:3];
  assign plane = fv_planes[s*PlaneW+:PlaneW];
  if (s < Stages) begin : g_inner
    assign next_valid = tag[3*s+5];
    assign next_plane = fv_planes[(s+1)*PlaneW+:PlaneW];
    assign next_run   = fv_runs[(s+1)*FvN+:FvN];
  end else begin : g_last
    assign next_valid = fv_acc_valid_q;
    assign next_plane = fv_acc_plane_q;
    assign next_run   = fv_acc_q;
  end
  always_comb if (!fv_init_q && rst_ni && valid) begin
    assert (plane < XBits && first == (plane == '0) && last == (plane == PlaneW'(XBits - 1)));
    if (!first) assert (next_valid && next_plane == plane - 1'b1);
    for (int unsigned m = 0; m < Outputs; m++) begin
      logic signed [FvW-1:0] run, dot, term;
      run  = fv_runs[s*FvN+m*FvW+:FvW];
      dot  = fv_dots[s*FvN+m*FvW+:FvW];
      term = dot <<< plane;
      if (signed_i && last) term = -term;
      assert (run == (first ? '0 : $signed(next_run[m*FvW+:FvW])) + term);
      assert (dot <= $signed(FvW'(127 * Rows)) && dot >= -$signed(FvW'(128 * Rows)));
    end
  end
end

for (genvar m = 0; m < Outputs; m++) begin : g_fv_output
  logic signed [FvW-1:0] acc, top, want;
  logic signed [SumW-1:0] tree;
  assign want = fv_dots[Stages*FvN+m*FvW+:FvW];
  assign acc  = fv_acc_q[m*FvW+:FvW];
  // Before plane p comes, the accumulator holds the sum XBits - p places up.
  assign top  = acc <<< (XBits - 1 - fv_acc_plane_q);
  assign tree = g_output[m].tree[SumW-1:0];
  always_comb if (!fv_init_q && rst_ni) begin
    if (Stages > 0) assume (!tail_valid || tree == want);
    else assert (!tail_valid || tree == want);
    if (fv_acc_valid_q) assert ($signed({{(FvW - AccW) {acc_q[m*AccW+AccW-1]}}, acc_q[m*AccW+:AccW]}) == top);
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (w_i == fv_w && signed_i == fv_signed);
  if (XBits == 1) assume (!signed_i);
  fv_inside = 5'(busy_q) + 5'(y_valid_o);
  for (int unsigned s = 1; s <= Stages; s++) fv_inside = fv_inside + 5'(tag[3*s+2] && tag[3*s]);
  if (!fv_init_q && rst_ni) begin
    assert (fv_in_q == fv_out_q + fv_inside);
    if (y_valid_o) is_last : assert (fv_acc_valid_q && fv_acc_plane_q == PlaneW'(XBits - 1));
    if (busy_q) begin
      for (int unsigned r = 0; r < FvRows; r++) assert (x_q[r*XBits+:XBits] == fv_x_q[r*XBits+:XBits] >> plane_q);
      assert (plane_q < XBits);
      if (plane_q != '0) assert (fv_run_q == (Stages > 0 ? fv_runs[(Stages>0?1:0)*FvN+:FvN] : fv_acc_q));
    end
    // A vector waits for the planes of another, or for a result.
    waits : assert (x_ready_o || (busy_q && (!last_plane || (y_valid_o && !y_ready_i))));
    cover (y_valid_o && !y_ready_i && busy_q);
    cover (take && busy_q);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(y_valid_o && y_o[AccW-1:0] == AccW'(5)));
`endif
end

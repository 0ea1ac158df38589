// The streams of pm_vdr_softmax: order, row ends, stable stalled outputs, sums, and no stall of the input while the
// output moves. Rows of every length up to the longest, in any order, with every stall. Logits are -2..1: what the lanes
// compute is pm_vdr_lane_fv's business.
module pm_vdr_stream_fv #(
    parameter int unsigned Lanes = 2,
    parameter int unsigned MaxN  = 6
) (
    input logic                    clk_i,
    input logic                    rst_ni,
    input logic                    x_valid_i,
    input logic [     Lanes*2-1:0] small_i,
    input logic [       Lanes-1:0] keep_i,
    input logic                    x_last_i,
    input logic                    a_ready_i
);
  `include "pm_vdr_tables.svh"
  localparam int unsigned ZW = 8 + $clog2(MaxN);
  localparam int unsigned Beats = MaxN / Lanes;

  (* anyconst *) logic always_ready;
  (* anyconst *) logic [3:0] tracked;
  logic x_ready, a_valid, a_ready, a_last;
  logic [Lanes*8-1:0] a;
  logic [ZW-1:0] z;

  logic [Lanes*8-1:0] x;
  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) x[i*8+:8] = {{6{small_i[i*2+1]}}, small_i[i*2+:2]};
  end

  pm_vdr_softmax #(
      .Lanes(Lanes),
      .MaxN (MaxN),
      .NeW  (6)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .round_i  (1'b1),
      .lut_i    (Table0),
      .x_valid_i,
      .x_ready_o(x_ready),
      .x_i      (x),
      .keep_i,
      .x_last_i,
      .ne_i     (6'sd2),
      .a_valid_o(a_valid),
      .a_ready_i(a_ready),
      .a_o      (a),
      .a_last_o (a_last),
      .z_o      (z)
  );
  assign a_ready = a_ready_i || always_ready;

  // Rows no longer than allowed; stalled inputs are stable.
  logic [3:0] length_q, in_q, out_q;
  logic stalled_q, x_last_q;
  logic a_stalled_q, a_last_q, tracked_last_q;
  logic [Lanes-1:0] tracked_keep_q;
  logic [Lanes*8-1:0] a_q;
  logic [ZW-1:0] z_q, sum, sum_q;
  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb assume (rst_ni == !init_q);
  always_comb if (length_q == 4'(Beats - 1)) assume (x_last_i);
  always_comb if (stalled_q) assume (x_valid_i && x_last_i == x_last_q);

  logic leaks;
  always_comb begin
    sum   = sum_q;
    leaks = 1'b0;
    for (int unsigned i = 0; i < Lanes; i++) begin
      sum = sum + {{ZW - 8{1'b0}}, a[i*8+:8]};
      if (!tracked_keep_q[i] && a[i*8+:8] != 0) leaks = 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      length_q    <= '0;
      in_q        <= '0;
      out_q       <= '0;
      stalled_q   <= 1'b0;
      a_stalled_q <= 1'b0;
      sum_q       <= '0;
    end else begin
      stalled_q   <= x_valid_i && !x_ready;
      a_stalled_q <= a_valid && !a_ready;
      if (x_valid_i && x_ready) begin
        length_q <= x_last_i ? '0 : length_q + 1'b1;
        in_q     <= in_q + 1'b1;
      end
      if (a_valid && a_ready) begin
        out_q <= out_q + 1'b1;
        sum_q <= a_last ? '0 : sum;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    x_last_q <= x_last_i;
    a_q      <= a;
    a_last_q <= a_last;
    z_q      <= z;
    if (x_valid_i && x_ready && in_q == tracked) begin
      tracked_last_q <= x_last_i;
      tracked_keep_q <= keep_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      never_stalls : assert (!always_ready || x_ready);
      stable : assert (!a_stalled_q || (a_valid && a == a_q && a_last == a_last_q && z == z_q));
      not_from_nothing : assert (!a_valid || out_q != in_q);
      sum_of_row : assert (!(a_valid && a_last) || z == sum);
      if (a_valid && out_q == tracked) begin
        row_ends_here : assert (a_last == tracked_last_q);
        masked_is_zero : assert (!leaks);
      end
`ifdef CANARY
      canary : assert (!(a_valid && out_q == 1 && a_last));
`endif
      long_row : cover (a_valid && a_last && out_q == 4'(Beats - 1));
      full : cover (x_valid_i && !x_ready);
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Lossless matrix-vector product beside an SRAM's cells: y = sum_r x_r * w_r for each output, exactly. (Khwa et al., Nature
/// 639, 617 (2025), the SRAM-CIM; docs/numerics.md, "Digital SRAM-CIM".)
///
/// A bit plane of x a clock, the lowest first -> G rows share a multiplexer over the sums of their weights -> adder tree ->
/// accumulator, which is the output: it moves down one place a plane and takes the plane's sum at the top; plane XBits-1 of a
/// signed x is subtracted. A vector takes XBits clocks, the next one follows without a gap, and the result is there XBits +
/// ceil(clog2(ceil(Rows/G)) / Every) clocks after the vector was taken. Only a result that nobody takes stops it.
module pm_dcim #(
    /// Rows of the array, 1..1024. Rows that a matrix lacks have x = 0.
    parameter int unsigned Rows = 128,
    /// Outputs, at least 1.
    parameter int unsigned Outputs = 8,
    /// Bits of an input, 1..16.
    parameter int unsigned XBits = 8,
    /// Rows that share a multiplexer, 1..3.
    parameter int unsigned G = 2,
    /// Levels of the adder tree a register, at least 0; 0: none.
    parameter int unsigned Every = 2,
    localparam int unsigned W = 8,
    localparam int unsigned AccW = XBits + W + $clog2(Rows)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    /// The cells, as long as anything is inside: weight of row r and output m, two's complement, at [(m*Rows + r)*8 +: 8].
    input  logic [Outputs*Rows*W-1:0] w_i,
    /// x is two's complement, else unsigned. Stands still while anything is inside; 0 where XBits is 1.
    input  logic                      signed_i,
    /// Vectors. Ready follows y_ready_i within the clock.
    input  logic                      x_valid_i,
    output logic                      x_ready_o,
    /// Row r's input at [r*XBits +: XBits].
    input  logic [    Rows*XBits-1:0] x_i,
    /// Results.
    output logic                      y_valid_o,
    input  logic                      y_ready_i,
    /// Output m at [m*AccW +: AccW], signed; stable while it waits.
    output logic [  Outputs*AccW-1:0] y_o
);
  if (Rows < 1 || Rows > 1024) begin : g_rows_range
    $error("pm_dcim: Rows must be 1..1024");
  end
  if (Outputs < 1) begin : g_outputs_range
    $error("pm_dcim: Outputs must be at least 1");
  end
  if (XBits < 1 || XBits > 16) begin : g_bits_range
    $error("pm_dcim: XBits must be 1..16");
  end
  if (G < 1 || G > 3) begin : g_mux_range
    $error("pm_dcim: G must be 1..3");
  end

  localparam int unsigned Groups = (Rows + G - 1) / G;
  localparam int unsigned MuxW = W + $clog2(G);
  localparam int unsigned TreeW = MuxW + $clog2(Groups);
  localparam int unsigned SumW = W + $clog2(Rows);  // what a plane's sum needs
  localparam int unsigned Stages = Every > 0 ? ($clog2(Groups) + Every - 1) / Every : 0;
  localparam int unsigned PlaneW = XBits > 1 ? $clog2(XBits) : 1;

  logic [Rows*XBits-1:0] x_q;
  logic [PlaneW-1:0] plane_q;
  logic busy_q, y_valid_q, move, last_plane, take;
  logic [Groups*G-1:0] bits;
  // In each stage of the tree: whether it holds a plane, a vector's first, its last. Stage 0 is the multiplexers'.
  logic [3*(Stages+1)-1:0] tag;
  logic tail_valid, tail_first, tail_last;
  logic [Outputs*AccW-1:0] acc_q;

  assign move       = !y_valid_q || y_ready_i;
  assign last_plane = plane_q == PlaneW'(XBits - 1);
  assign x_ready_o  = !busy_q || (move && last_plane);
  assign take       = x_valid_i && x_ready_o;
  assign y_valid_o  = y_valid_q;
  assign y_o        = acc_q;

  // The last group's missing rows are 0.
  always_comb begin
    bits = '0;
    for (int unsigned r = 0; r < Rows; r++) bits[r] = x_q[r*XBits];
  end

  assign tag[2:0] = {busy_q, plane_q == '0, last_plane};
  if (Stages > 0) begin : g_tag
    logic [3*Stages-1:0] tag_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) tag_q <= '0;
      else if (move) tag_q <= tag[3*Stages-1:0];
    end
    assign tag[3*(Stages+1)-1:3] = tag_q;
  end
  assign {tail_valid, tail_first, tail_last} = tag[3*Stages+:3];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q    <= 1'b0;
      y_valid_q <= 1'b0;
    end else begin
      if (x_ready_o) busy_q <= x_valid_i;
      if (move) y_valid_q <= tail_valid && tail_last;
    end
  end
  always_ff @(posedge clk_i) begin
    if (take) plane_q <= '0;
    else if (move) plane_q <= plane_q + 1'b1;
    for (int unsigned r = 0; r < Rows; r++) begin
      if (take) x_q[r*XBits+:XBits] <= x_i[r*XBits+:XBits];
      else if (move) x_q[r*XBits+:XBits] <= x_q[r*XBits+:XBits] >> 1;
    end
  end

  for (genvar m = 0; m < Outputs; m++) begin : g_output
    logic [Groups*G*W-1:0] weights;
    logic [Groups*MuxW-1:0] picked;
    /* verilator lint_off UNUSEDSIGNAL */  // above SumW there are copies of the sign
    logic [TreeW-1:0] tree;
    /* verilator lint_on UNUSEDSIGNAL */
    logic [AccW-1:0] sum, term;

    assign weights = (Groups * G * W)'(w_i[m*Rows*W+:Rows*W]);
    for (genvar k = 0; k < Groups; k++) begin : g_mux
      pm_dcim_mux #(
          .G(G),
          .W(W)
      ) u_mux (
          .x_i  (bits[k*G+:G]),
          .w_i  (weights[k*G*W+:G*W]),
          .sum_o(picked[k*MuxW+:MuxW])
      );
    end
    pm_adder_tree #(
        .N(Groups),
        .W(MuxW),
        .Signed(1'b1),
        .Every(Every)
    ) u_tree (
        .clk_i,
        .en_i (move),
        .x_i  (picked),
        .sum_o(tree)
    );

    // -v is ~v + 1 above the places that are 0.
    assign sum  = AccW'($signed(tree[SumW-1:0]));
    assign term = signed_i && tail_last ? -sum : sum;
    always_ff @(posedge clk_i) begin
      if (move && tail_valid)
        acc_q[m*AccW+:AccW] <= (tail_first ? '0 : AccW'($signed(acc_q[m*AccW+:AccW]) >>> 1)) + (term << (XBits - 1));
    end
  end

`ifdef PERIMETER_FORMAL
  `include "pm_dcim_fv.svh"
`endif
endmodule

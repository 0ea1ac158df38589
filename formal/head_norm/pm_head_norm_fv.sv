// pm_head_norm against the formula with a division, narrow: a tracked beat, any other beats before and after it,
// every stall; the sticky flag against its definition.
module pm_head_norm_fv #(
    parameter int unsigned OW = 5,
    parameter int unsigned ZW = 5
) (
    input logic                 clk_i,
    input logic                 rst_ni,
    input logic                 clear_i,
    input logic                 o_valid_i,
    input logic signed [OW-1:0] o_i,
    input logic        [ZW-1:0] z_i,
    input logic                 y_ready_i
);
  (* anyconst *) logic [3:0] tracked;
  logic o_ready, y_valid, z_zero;
  logic signed [31:0] y;

  pm_head_norm #(
      .Lanes(1),
      .OW(OW),
      .ZW(ZW)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .clear_i,
      .o_valid_i,
      .o_ready_o(o_ready),
      .o_i,
      .z_i,
      .y_valid_o(y_valid),
      .y_ready_i,
      .y_o(y),
      .z_zero_o(z_zero)
  );

  logic init_q = 1'b1;
  logic [3:0] in_q, out_q;
  logic stalled_q, flag_q;
  logic signed [31:0] y_q;
  logic signed [OW-1:0] o_q;
  logic [ZW-1:0] z_q;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb assume (rst_ni == !init_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      in_q      <= '0;
      out_q     <= '0;
      stalled_q <= 1'b0;
      flag_q    <= 1'b0;
    end else begin
      stalled_q <= y_valid && !y_ready_i;
      flag_q    <= (flag_q && !clear_i) || (o_valid_i && o_ready && z_i == 0);
      if (o_valid_i && o_ready) in_q <= in_q + 1'b1;
      if (y_valid && y_ready_i) out_q <= out_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    y_q <= y;
    if (o_valid_i && o_ready && in_q == tracked) begin
      o_q <= o_i;
      z_q <= z_i;
    end
  end

  // The formula; its parts are proven at full width by pm_norm_recip_fv and pm_norm_shift_fv.
  logic [5:0] k;
  logic [63:0] aligned;
  logic [31:0] twice, rec;
  logic signed [63:0] product, want;
  always_comb begin
    k = 0;
    for (int unsigned i = 0; i < ZW; i++) if ({{64 - ZW{1'b0}}, z_q} >= 64'd1 << i) k = 6'(i);
    aligned = {{59 - ZW{1'b0}}, z_q, 5'd0} >> k;
    twice   = 32'd65 + {26'd0, aligned[4:0], 1'b0};
    rec     = (32'd32768 + twice) / (twice << 1);
    product = {{64 - OW{o_q[OW-1]}}, o_q} * {32'd0, rec};
    want    = z_q == 0 ? 0 : product >>> (k + 4);
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      if (y_valid && out_q == tracked) begin
        equals_formula : assert (y == want[31:0]);
      end
      stable : assert (!stalled_q || (y_valid && y == y_q));
      flag : assert (z_zero == flag_q);
      not_from_nothing : assert (!y_valid || out_q != in_q);
`ifdef CANARY
      canary : assert (!(y_valid && out_q == 1 && y == 32'sd5));
`endif
      three_deep : cover (y_valid && !y_ready_i && in_q == 2 && out_q == 0);
      cleared : cover (!z_zero && out_q == 2 && in_q == 3);
    end
  end
endmodule

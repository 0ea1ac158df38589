// SPDX-License-Identifier: Apache-2.0
/// Operations on binary16, correctly rounded, with subnormals and both zeros (HyFlexPIM section 5.1): one a clock, quotients and
/// roots one by one. Its modules are there on their own, too: pipelines that move on en_i, and serial streams.
///
/// x_ready_o depends on y_ready_i in the same clock where the unit is full.
module pm_sfu_fp16 #(
    /// Bits of an integer operand, signed, 17..32.
    parameter int unsigned IntW = 32
) (
    input  logic            clk_i,
    input  logic            rst_ni,
    /// What is done: 0 add, 1 subtract, 2 multiply, 3 a * b + c, 4 divide, 5 square root, 6 maximum, 7 integer times scale.
    /// Configuration: stable while anything is inside.
    input  logic [     2:0] f_i,
    /// Operands.
    input  logic            x_valid_i,
    output logic            x_ready_o,
    /// The first, a code in the low half; with f_i = 7 a signed integer.
    input  logic [IntW-1:0] a_i,
    /// The second code.
    input  logic [    15:0] b_i,
    /// The third code.
    input  logic [    15:0] c_i,
    /// The scale m * 2^e: m. Configuration, as f_i.
    input  logic [    15:0] m_i,
    /// Its e, signed, -200..200. Configuration, as f_i.
    input  logic [     8:0] e_i,
    /// Results, in order.
    output logic            y_valid_o,
    input  logic            y_ready_i,
    /// Code.
    output logic [    15:0] y_o,
    /// It is NaN.
    output logic            nv_o,
    /// It is infinite and no operand was.
    output logic            of_o
);
  if (IntW < 17 || IntW > 32) begin : g_range
    $error("pm_sfu_fp16: IntW must be 17..32");
  end

  // The longest pipeline's registers.
  localparam int unsigned Most = 6;

  logic [Most:1] valid_q, used;  // of a pipeline with fewer
  logic en, y_valid;
  logic [15:0] add, mul, fma, div, root, max, scaled, max_q;
  logic [6:0] nv, of;  // add, mul, fma, div, sqrt, max, scale
  logic nv_max_q, div_ready, div_valid, root_ready, root_valid;

  pm_fp16_add #(
      .Cut(1'b1)
  ) u_add (
      .clk_i,
      .en_i(en),
      .a_i (a_i[15:0]),
      .b_i (b_i ^ {f_i[0], 15'd0}),
      .y_o (add),
      .nv_o(nv[0]),
      .of_o(of[0])
  );
  pm_fp16_mul #(
      .Cut(1'b1)
  ) u_mul (
      .clk_i,
      .en_i(en),
      .a_i (a_i[15:0]),
      .b_i,
      .y_o (mul),
      .nv_o(nv[1]),
      .of_o(of[1])
  );
  pm_fp16_fma #(
      .Cut(1'b1)
  ) u_fma (
      .clk_i,
      .en_i(en),
      .a_i (a_i[15:0]),
      .b_i,
      .c_i,
      .y_o (fma),
      .nv_o(nv[2]),
      .of_o(of[2])
  );
  pm_fp16_div u_div (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && f_i == 3'd4),
      .x_ready_o(div_ready),
      .a_i      (a_i[15:0]),
      .b_i,
      .y_valid_o(div_valid),
      .y_ready_i,
      .y_o      (div),
      .nv_o     (nv[3]),
      .of_o     (of[3])
  );
  pm_fp16_sqrt u_sqrt (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid_i && f_i == 3'd5),
      .x_ready_o(root_ready),
      .a_i      (a_i[15:0]),
      .y_valid_o(root_valid),
      .y_ready_i,
      .y_o      (root),
      .nv_o     (nv[4])
  );
  assign of[4] = 1'b0;
  pm_fp16_max u_max (
      .a_i (a_i[15:0]),
      .b_i,
      .y_o (max),
      .nv_o(nv[5])
  );
  assign of[5] = 1'b0;
  pm_fp16_i2f #(
      .IntW(IntW),
      .Cut (1'b1)
  ) u_i2f (
      .clk_i,
      .en_i(en),
      .a_i,
      .m_i,
      .e_i,
      .y_o (scaled),
      .of_o(of[6])
  );
  assign nv[6] = 1'b0;

  assign en = !y_valid || y_ready_i;

  always_comb begin
    case (f_i)
      3'd0, 3'd1: {used, y_valid, y_o, nv_o, of_o} = {6'h1F, valid_q[5], add, nv[0], of[0]};
      3'd2: {used, y_valid, y_o, nv_o, of_o} = {6'h0F, valid_q[4], mul, nv[1], of[1]};
      3'd3: {used, y_valid, y_o, nv_o, of_o} = {6'h1F, valid_q[5], fma, nv[2], of[2]};
      3'd4: {used, y_valid, y_o, nv_o, of_o} = {6'h00, div_valid, div, nv[3], of[3]};
      3'd5: {used, y_valid, y_o, nv_o, of_o} = {6'h00, root_valid, root, nv[4], of[4]};
      3'd6: {used, y_valid, y_o, nv_o, of_o} = {6'h01, valid_q[1], max_q, nv_max_q, of[5]};
      default: {used, y_valid, y_o, nv_o, of_o} = {6'h3F, valid_q[6], scaled, nv[6], of[6]};
    endcase
  end
  assign y_valid_o = y_valid;
  assign x_ready_o = f_i == 3'd4 ? div_ready : f_i == 3'd5 ? root_ready : en;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (en) valid_q <= {valid_q[Most-1:1], x_valid_i} & used;
  end
  always_ff @(posedge clk_i) if (en) {max_q, nv_max_q} <= {max, nv[5]};
endmodule

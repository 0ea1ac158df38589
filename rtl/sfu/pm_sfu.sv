// SPDX-License-Identifier: Apache-2.0
/// HyFlexPIM's special function unit (sections 3.1, 3.3): rows of scores or of binary16 through one function at a time, Lanes
/// elements a clock. Sums are exact integers, so that Lanes changes no bit. What a unit does not need can be left out.
///
/// x_ready_o and b_ready_o depend on y_ready_i in the same clock, of the functions without a sum.
module pm_sfu #(
    /// Elements a beat, at least 4.
    parameter int unsigned Lanes = 8,
    /// Most elements of a row, Lanes..8192.
    parameter int unsigned MaxN = 512,
    /// Bits of a score, signed, 17..32.
    parameter int unsigned AW = 32,
    /// Functions that are there, one bit each by their number, 1..63.
    parameter int unsigned Functions = 63,
    localparam int unsigned Depth = (MaxN + Lanes - 1) / Lanes + 64,
    localparam int unsigned AddrW = $clog2(Depth),
    localparam int unsigned RowW = Lanes * (AW + 1) + 1,
    localparam int unsigned HalfW = Lanes * 16 + 1
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// 0 exponential, 1 softmax, 2 normalisation, 3 activation, 4 rotary positions, 5 quantisation. Configuration, as all up to
    /// n_i: stable while anything is inside.
    input  logic [         2:0] f_i,
    /// Softmax: 1, divided. Normalisation: 1, without mean and beta. Activation: 0 gelu, 1 gelu by tanh, 2 silu.
    input  logic [         1:0] kind_i,
    /// Activation: b multiplies the result.
    input  logic                gate_i,
    /// Softmax: a weight's, 8..16.
    input  logic [         4:0] bits_i,
    /// Softmax: c log2(e) = m * 2^e. Normalisation: epsilon. 0 or with the top bit set.
    input  logic [        15:0] m_i,
    /// Signed, -200..200.
    input  logic [         8:0] e_i,
    /// Normalisation: elements of a row, 1..MaxN.
    input  logic [        13:0] n_i,
    /// Beats; a row has 1..ceil(MaxN/Lanes), lowest elements first.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Element i at [i*AW +: AW]: a score, signed, or a code in the low 16 bits; 0 past the row's end.
    input  logic [Lanes*AW-1:0] x_i,
    /// Softmax: score i takes part.
    input  logic [   Lanes-1:0] keep_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// Second operands, a beat for each of x, where the function has them.
    input  logic                b_valid_i,
    output logic                b_ready_o,
    /// Element i at [32i +: 32], in the low half: normalisation, gamma, with beta in the high half; activation, what multiplies;
    /// rotary, the cosine where i is even, the sine where it is odd.
    input  logic [Lanes*32-1:0] b_i,
    /// The same beats as x.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Element i at [16i +: 16]: a code, a weight, a number with its sign.
    output logic [Lanes*16-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o,
    /// With it, softmax: the sum of its integer weights; quantisation: the code of its largest magnitude.
    output logic [        28:0] side_o,
    /// A memory of rows, as pm_sfu_rows has it, Depth words: it writes.
    output logic                mem_we_o,
    /// Where.
    output logic [   AddrW-1:0] mem_waddr_o,
    /// What.
    output logic [    RowW-1:0] mem_wdata_o,
    /// It reads.
    output logic                mem_re_o,
    /// Where.
    output logic [   AddrW-1:0] mem_raddr_o,
    /// What was read last.
    input  logic [    RowW-1:0] mem_rdata_i,
    /// A second one, for what is read twice: it writes.
    output logic                half_we_o,
    /// Where.
    output logic [   AddrW-1:0] half_waddr_o,
    /// What.
    output logic [   HalfW-1:0] half_wdata_o,
    /// It reads.
    output logic                half_re_o,
    /// Where.
    output logic [   AddrW-1:0] half_raddr_o,
    /// What was read last.
    input  logic [   HalfW-1:0] half_rdata_i
);
  if (Lanes < 4 || MaxN < Lanes || MaxN > 8192 || AW < 17 || AW > 32) begin : g_range
    $error("pm_sfu: Lanes must be at least 4, MaxN Lanes..8192, AW 17..32");
  end
  if (Functions < 1 || Functions > 63) begin : g_functions_range
    $error("pm_sfu: Functions must be 1..63");
  end

  // By function.
  localparam int unsigned YW = Lanes * 16;
  logic [5:0] x_valid, x_ready, b_ready, y_valid, y_last;
  logic [6*YW-1:0] y;
  logic [6*29-1:0] side;
  logic [YW-1:0] codes;
  logic [2:0] f;
  // The memories of softmax, normalisation, quantisation; the second one's of the first two.
  logic [2:0] mem_we, mem_re;
  logic [3*AddrW-1:0] mem_waddr, mem_raddr;
  logic [3*RowW-1:0] mem_wdata;
  logic [1:0] half_we, half_re;
  logic [2*AddrW-1:0] half_waddr, half_raddr;
  logic [2*HalfW-1:0] half_wdata;

  assign f = f_i > 3'd5 ? 3'd0 : f_i;
  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) codes[i*16+:16] = x_i[i*AW+:16];
    x_valid = 6'(x_valid_i) << f;
  end
  assign x_ready_o = x_ready[f];
  assign b_ready_o = b_ready[f];
  assign y_valid_o = y_valid[f];
  assign y_last_o  = y_last[f];
  assign y_o       = y[f*YW+:YW];
  assign side_o    = side[f*29+:29];

  if (Functions[0]) begin : g_exp
    logic en;
    pm_sfu_valid #(
        .Stages(11),
        .W     (1)
    ) u_valid (
        .clk_i,
        .rst_ni,
        .valid_i(x_valid[0]),
        .side_i (x_last_i),
        .ready_i(y_ready_i),
        .en_o   (en),
        .valid_o(y_valid[0]),
        .side_o (y_last[0])
    );
    assign x_ready[0] = en;
    for (genvar i = 0; i < Lanes; i++) begin : g_lane
      pm_sfu_exp u_exp (
          .clk_i,
          .en_i(en),
          .x_i (codes[i*16+:16]),
          .y_o (y[i*16+:16])
      );
    end
  end else begin : g_no_exp
    assign {x_ready[0], y_valid[0], y_last[0], y[0+:YW]} = '0;
  end
  assign b_ready[0]  = 1'b0;
  assign side[0+:29] = '0;

  if (Functions[1]) begin : g_softmax
    logic [8:0] shift;
    assign shift = -(e_i + 9'd19);
    pm_sfu_softmax #(
        .Lanes(Lanes),
        .MaxN (MaxN),
        .AW   (AW)
    ) u_softmax (
        .clk_i,
        .rst_ni,
        .divide_i     (kind_i[0]),
        .bits_i,
        .m_i,
        .shift_i      (shift > 9'd63 ? 6'd63 : shift[5:0]),
        .x_valid_i    (x_valid[1]),
        .x_ready_o    (x_ready[1]),
        .x_i,
        .keep_i,
        .x_last_i,
        .y_valid_o    (y_valid[1]),
        .y_ready_i,
        .y_o          (y[YW+:YW]),
        .y_last_o     (y_last[1]),
        .z_o          (side[29+:29]),
        .mem_we_o     (mem_we[0]),
        .mem_waddr_o  (mem_waddr[0+:AddrW]),
        .mem_wdata_o  (mem_wdata[0+:RowW]),
        .mem_re_o     (mem_re[0]),
        .mem_raddr_o  (mem_raddr[0+:AddrW]),
        .mem_rdata_i,
        .share_we_o   (half_we[0]),
        .share_waddr_o(half_waddr[0+:AddrW]),
        .share_wdata_o(half_wdata[0+:HalfW]),
        .share_re_o   (half_re[0]),
        .share_raddr_o(half_raddr[0+:AddrW]),
        .share_rdata_i(half_rdata_i)
    );
  end else begin : g_no_softmax
    assign {x_ready[1], y_valid[1], y_last[1], y[YW+:YW], side[29+:29]} = '0;
    assign {mem_we[0], mem_waddr[0+:AddrW], mem_wdata[0+:RowW], mem_re[0], mem_raddr[0+:AddrW]} = '0;
    assign {half_we[0], half_waddr[0+:AddrW], half_wdata[0+:HalfW], half_re[0], half_raddr[0+:AddrW]} = '0;
  end
  assign b_ready[1] = 1'b0;

  if (Functions[2]) begin : g_norm
    pm_sfu_norm #(
        .Lanes(Lanes),
        .MaxN (MaxN)
    ) u_norm (
        .clk_i,
        .rst_ni,
        .rms_i       (kind_i[0]),
        .m_i,
        .e_i,
        .n_i,
        .x_valid_i   (x_valid[2]),
        .x_ready_o   (x_ready[2]),
        .x_i         (codes),
        .x_last_i,
        .b_valid_i   (b_valid_i && f == 3'd2),
        .b_ready_o   (b_ready[2]),
        .b_i,
        .y_valid_o   (y_valid[2]),
        .y_ready_i,
        .y_o         (y[2*YW+:YW]),
        .y_last_o    (y_last[2]),
        .mem_we_o    (mem_we[1]),
        .mem_waddr_o (mem_waddr[AddrW+:AddrW]),
        .mem_wdata_o (mem_wdata[RowW+:HalfW]),
        .mem_re_o    (mem_re[1]),
        .mem_raddr_o (mem_raddr[AddrW+:AddrW]),
        .mem_rdata_i (mem_rdata_i[HalfW-1:0]),
        .half_we_o   (half_we[1]),
        .half_waddr_o(half_waddr[AddrW+:AddrW]),
        .half_wdata_o(half_wdata[HalfW+:HalfW]),
        .half_re_o   (half_re[1]),
        .half_raddr_o(half_raddr[AddrW+:AddrW]),
        .half_rdata_i
    );
    assign mem_wdata[RowW+HalfW+:RowW-HalfW] = '0;
  end else begin : g_no_norm
    assign {x_ready[2], b_ready[2], y_valid[2], y_last[2], y[2*YW+:YW]} = '0;
    assign {mem_we[1], mem_waddr[AddrW+:AddrW], mem_wdata[RowW+:RowW], mem_re[1], mem_raddr[AddrW+:AddrW]} = '0;
    assign {half_we[1], half_waddr[AddrW+:AddrW], half_wdata[HalfW+:HalfW], half_re[1], half_raddr[AddrW+:AddrW]} = '0;
  end
  assign side[2*29+:29] = '0;

  if (Functions[3]) begin : g_act
    logic en, gate_en, plain_valid, plain_last, plain_ready, gated_valid, gated_last;
    logic [YW-1:0] plain, gated;
    logic [2*Lanes-1:0] unused_flags;
    pm_sfu_valid #(
        .Stages(25),
        .W     (1)
    ) u_valid (
        .clk_i,
        .rst_ni,
        .valid_i(x_valid[3]),
        .side_i (x_last_i),
        .ready_i(plain_ready),
        .en_o   (en),
        .valid_o(plain_valid),
        .side_o (plain_last)
    );
    pm_sfu_valid #(
        .Stages(4),
        .W     (1)
    ) u_gated (
        .clk_i,
        .rst_ni,
        .valid_i(plain_valid && gate_i && b_valid_i),
        .side_i (plain_last),
        .ready_i(y_ready_i),
        .en_o   (gate_en),
        .valid_o(gated_valid),
        .side_o (gated_last)
    );
    assign x_ready[3]  = en;
    assign b_ready[3]  = gate_i && plain_valid && gate_en;
    assign plain_ready = gate_i ? b_valid_i && gate_en : y_ready_i;
    assign y_valid[3]  = gate_i ? gated_valid : plain_valid;
    assign y_last[3]   = gate_i ? gated_last : plain_last;
    assign y[3*YW+:YW] = gate_i ? gated : plain;
    for (genvar i = 0; i < Lanes; i++) begin : g_lane
      pm_sfu_act u_act (
          .clk_i,
          .en_i(en),
          .kind_i,
          .x_i (codes[i*16+:16]),
          .y_o (plain[i*16+:16])
      );
      pm_fp16_mul #(
          .Cut(1'b1)
      ) u_mul (
          .clk_i,
          .en_i(gate_en),
          .a_i (plain[i*16+:16]),
          .b_i (b_i[i*32+:16]),
          .y_o (gated[i*16+:16]),
          .nv_o(unused_flags[2*i]),
          .of_o(unused_flags[2*i+1])
      );
    end
  end else begin : g_no_act
    assign {x_ready[3], b_ready[3], y_valid[3], y_last[3], y[3*YW+:YW]} = '0;
  end
  assign side[3*29+:29] = '0;

  if (Functions[4]) begin : g_rope
    logic en;
    pm_sfu_valid #(
        .Stages(9),
        .W     (1)
    ) u_valid (
        .clk_i,
        .rst_ni,
        .valid_i(x_valid[4] && b_valid_i),
        .side_i (x_last_i),
        .ready_i(y_ready_i),
        .en_o   (en),
        .valid_o(y_valid[4]),
        .side_o (y_last[4])
    );
    assign x_ready[4] = en && b_valid_i;
    assign b_ready[4] = en && x_valid[4];
    for (genvar i = 0; i < Lanes / 2; i++) begin : g_pair
      pm_sfu_rope u_rope (
          .clk_i,
          .en_i(en),
          .x0_i(codes[2*i*16+:16]),
          .x1_i(codes[(2*i+1)*16+:16]),
          .c_i (b_i[2*i*32+:16]),
          .s_i (b_i[(2*i+1)*32+:16]),
          .y0_o(y[4*YW+2*i*16+:16]),
          .y1_o(y[4*YW+(2*i+1)*16+:16])
      );
    end
    if (Lanes % 2 != 0) begin : g_odd
      assign y[5*YW-16+:16] = '0;
    end
  end else begin : g_no_rope
    assign {x_ready[4], b_ready[4], y_valid[4], y_last[4], y[4*YW+:YW]} = '0;
  end
  assign side[4*29+:29] = '0;

  if (Functions[5]) begin : g_quant
    logic [Lanes*8-1:0] q;
    logic [14:0] amax;
    pm_sfu_quant #(
        .Lanes(Lanes),
        .MaxN (MaxN)
    ) u_quant (
        .clk_i,
        .rst_ni,
        .x_valid_i  (x_valid[5]),
        .x_ready_o  (x_ready[5]),
        .x_i        (codes),
        .x_last_i,
        .y_valid_o  (y_valid[5]),
        .y_ready_i,
        .y_o        (q),
        .y_last_o   (y_last[5]),
        .amax_o     (amax),
        .mem_we_o   (mem_we[2]),
        .mem_waddr_o(mem_waddr[2*AddrW+:AddrW]),
        .mem_wdata_o(mem_wdata[2*RowW+:HalfW]),
        .mem_re_o   (mem_re[2]),
        .mem_raddr_o(mem_raddr[2*AddrW+:AddrW]),
        .mem_rdata_i(mem_rdata_i[HalfW-1:0])
    );
    assign side[5*29+:29] = 29'(amax);
    assign mem_wdata[2*RowW+HalfW+:RowW-HalfW] = '0;
    always_comb for (int unsigned i = 0; i < Lanes; i++) y[5*YW+i*16+:16] = 16'(signed'(q[i*8+:8]));
  end else begin : g_no_quant
    assign {x_ready[5], y_valid[5], y_last[5], y[5*YW+:YW], side[5*29+:29]} = '0;
    assign {mem_we[2], mem_waddr[2*AddrW+:AddrW], mem_wdata[2*RowW+:RowW], mem_re[2], mem_raddr[2*AddrW+:AddrW]} = '0;
  end
  assign b_ready[5] = 1'b0;

  // One function at a time uses a memory.
  logic [1:0] user;
  assign user         = f == 3'd5 ? 2'd2 : f == 3'd2 ? 2'd1 : 2'd0;
  assign mem_we_o     = mem_we[user];
  assign mem_waddr_o  = mem_waddr[user*AddrW+:AddrW];
  assign mem_wdata_o  = mem_wdata[user*RowW+:RowW];
  assign mem_re_o     = mem_re[user];
  assign mem_raddr_o  = mem_raddr[user*AddrW+:AddrW];
  assign half_we_o    = half_we[user[0]];
  assign half_waddr_o = half_waddr[user[0]*AddrW+:AddrW];
  assign half_wdata_o = half_wdata[user[0]*HalfW+:HalfW];
  assign half_re_o    = half_re[user[0]];
  assign half_raddr_o = half_raddr[user[0]*AddrW+:AddrW];

  // Of functions that are not there.
  logic unused_inputs, unused_words;
  assign unused_inputs = ^{x_i, keep_i, b_valid_i, b_i, codes, x_valid, kind_i, gate_i, bits_i, m_i, e_i, n_i};
  assign unused_words  = ^{mem_rdata_i, half_rdata_i};
endmodule

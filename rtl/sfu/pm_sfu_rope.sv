// SPDX-License-Identifier: Apache-2.0
/// Rotary positions: pairs of codes of binary16 turned, pm_sfu with this function alone. y0 = x0 c - x1 s, y1 = x0 s + x1 c, each
/// product with x1 rounded, each sum fused. A beat a clock.
///
/// x_ready_o and c_ready_o depend on y_ready_i, and on c_valid_i and x_valid_i, in the same clock.
module pm_sfu_rope #(
    /// Codes a beat, even, at least 4.
    parameter int unsigned Lanes = 8
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    /// Beats.
    input  logic                x_valid_i,
    output logic                x_ready_o,
    /// Code i at [16i +: 16]; a pair is 2i and 2i + 1.
    input  logic [Lanes*16-1:0] x_i,
    /// The row's last beat.
    input  logic                x_last_i,
    /// A beat for each of x.
    input  logic                c_valid_i,
    output logic                c_ready_o,
    /// The cosine's code of a pair where its x0 is, the sine's where its x1 is.
    input  logic [Lanes*16-1:0] c_i,
    /// The same beats as x.
    output logic                y_valid_o,
    input  logic                y_ready_i,
    /// Code i at [16i +: 16].
    output logic [Lanes*16-1:0] y_o,
    /// The row's last beat.
    output logic                y_last_o
);
  if (Lanes < 4 || Lanes % 2 != 0) begin : g_range
    $error("pm_sfu_rope: Lanes must be even, at least 4");
  end

  localparam int unsigned AW = 17;
  localparam int unsigned AddrW = $clog2(73);

  // No row is stored.
  logic [1:0] unused_we, unused_re;
  logic [4*AddrW-1:0] unused_addr;
  logic [Lanes*(AW+1):0] unused_wdata;
  logic [Lanes*16:0] unused_half;
  logic [28:0] unused_side;
  logic [Lanes*AW-1:0] x;
  logic [Lanes*32-1:0] b;

  always_comb begin
    for (int unsigned i = 0; i < Lanes; i++) begin
      x[i*AW+:AW] = AW'(x_i[i*16+:16]);
      b[i*32+:32] = 32'(c_i[i*16+:16]);
    end
  end
  pm_sfu #(
      .Lanes    (Lanes),
      .MaxN     (Lanes),
      .AW       (AW),
      .Functions(16)
  ) u_sfu (
      .clk_i,
      .rst_ni,
      .f_i         (3'd4),
      .kind_i      ('0),
      .gate_i      (1'b0),
      .bits_i      ('0),
      .m_i         ('0),
      .e_i         ('0),
      .n_i         ('0),
      .x_valid_i,
      .x_ready_o,
      .x_i         (x),
      .keep_i      ('0),
      .x_last_i,
      .b_valid_i   (c_valid_i),
      .b_ready_o   (c_ready_o),
      .b_i         (b),
      .y_valid_o,
      .y_ready_i,
      .y_o,
      .y_last_o,
      .side_o      (unused_side),
      .mem_we_o    (unused_we[0]),
      .mem_waddr_o (unused_addr[0+:AddrW]),
      .mem_wdata_o (unused_wdata),
      .mem_re_o    (unused_re[0]),
      .mem_raddr_o (unused_addr[AddrW+:AddrW]),
      .mem_rdata_i ('0),
      .half_we_o   (unused_we[1]),
      .half_waddr_o(unused_addr[2*AddrW+:AddrW]),
      .half_wdata_o(unused_half),
      .half_re_o   (unused_re[1]),
      .half_raddr_o(unused_addr[3*AddrW+:AddrW]),
      .half_rdata_i('0)
  );
endmodule

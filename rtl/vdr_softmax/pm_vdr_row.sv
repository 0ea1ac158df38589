// SPDX-License-Identifier: Apache-2.0
/// The constants of a row, shared by its lanes: the table's entry at the scale of ne = 7, the multiples of l that the
/// quotients need, and 4c - b^2, which makes a square of VDR-Softmax's polynomial. In step with pm_vdr_exp's stages.
module pm_vdr_row (
    input  logic            clk_i,
    /// Advances all stages.
    input  logic            en_i,
    /// The table: entry e at [e*96+:96], l in bits 31:0, b in 63:32, c in 95:64. As the host computes it for an S0 in
    /// [1/2, 1): 1408 <= l << (7-e) <= 2848, 2l < b, b << (7-e) <= 11136, 2^23 <= c << 2*(7-e) < 2^26, 4c > b^2.
    input  logic [8*96-1:0] lut_i,
    /// 4 + ne limited to 0..19.
    input  logic [     4:0] shift_i,
    /// In the same clock: l.
    output logic [    11:0] l_o,
    /// One stage later: l.
    output logic [    11:0] l2_o,
    /// With it: 3*l.
    output logic [    13:0] l3_o,
    /// With it: b + 2*i*l for i = 0..3 at [i*14+:14], modulo 2^14.
    output logic [    55:0] b_o,
    /// Two stages later: 4c - b^2.
    output logic [    27:0] k_o,
    /// With it: bl(c) - 24.
    output logic [     1:0] bc_o
);
  logic [2:0] entry;
  logic [11:0] l, l_q;
  logic [13:0] b, l3_q;
  logic [55:0] b_q;
  logic [25:0] c, c_q;
  logic [27:0] square, k_q;
  logic [1:0] bc_q;

  assign entry = shift_i < 5'd4 ? 3'd0 : shift_i > 5'd11 ? 3'd7 : 3'(shift_i - 5'd4);

  always_comb begin
    l = '0;
    b = '0;
    c = '0;
    for (int unsigned e = 0; e < 8; e++) begin
      if (entry == 3'(e)) begin
        l = lut_i[e*96+:12] << (7 - e);
        b = lut_i[e*96+32+:14] << (7 - e);
        c = lut_i[e*96+64+:26] << (14 - 2 * e);
      end
    end
  end

  pm_vdr_square #(
      .W(14)
  ) u_square (
      .u_i     (b_q[13:0]),
      .square_o(square)
  );

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      l_q  <= l;
      l3_q <= {2'b0, l} + {1'b0, l, 1'b0};
      for (int unsigned i = 0; i < 4; i++) b_q[i*14+:14] <= b + 14'(2 * i) * {2'b0, l};
      c_q  <= c;
      k_q  <= {c_q, 2'b0} - square;
      bc_q <= c_q[25] ? 2'd2 : {1'b0, c_q[24]};
    end
  end

  assign l_o  = l;
  assign l2_o = l_q;
  assign l3_o = l3_q;
  assign b_o  = b_q;
  assign k_o  = k_q;
  assign bc_o = bc_q;

  // A table entry is three words of which 12, 14 and 26 bits are ever used.
  /* verilator coverage_off */  // bits that no table has
  logic [7:0] unused;
  /* verilator coverage_on */
  always_comb begin
    for (int unsigned e = 0; e < 8; e++) begin
      unused[e] = ^{lut_i[e*96+12+:20], lut_i[e*96+46+:18], lut_i[e*96+90+:6]};
    end
  end
  /* verilator coverage_off */  // the same
  logic unused_ok;
  /* verilator coverage_on */
  assign unused_ok = ^unused;
endmodule

// SPDX-License-Identifier: Apache-2.0
/// What a row's operand columns are written with: the complements of one array's operands, of M8 multiplications of 8 x 8 bits,
/// or of M12 of 12 x 8. Combinational.
///
/// Partial products of eight bits of a are a slot of 64 lanes, of four bits half a slot. The first M12 slots hold the low eight
/// bits of a in both forms; behind them are whole multiplications, or the top four bits of each.
module pm_nor_lanes #(
    /// Columns of the array, three a lane, at least 288.
    parameter int unsigned Cols = 1024,
    localparam int unsigned Lanes = Cols / 3,
    localparam int unsigned M8 = Lanes / 64,
    localparam int unsigned M12 = Lanes / 96,
    localparam int unsigned AW = 8 * M8 > 12 * M12 ? 8 * M8 : 12 * M12
) (
    /// 12 x 8 bits; else 8 x 8.
    input  logic             wide_i,
    /// Columns of b are written; else those of a.
    input  logic             b_columns_i,
    /// Bit m: multiplication m has operands; else a is taken as 0.
    input  logic [   M8-1:0] used_i,
    /// Multiplication m's a at [8m +: 8], of 12 bits at [12m +: 12].
    input  logic [   AW-1:0] a_i,
    /// Multiplication m's b at [8m +: 8].
    input  logic [ M8*8-1:0] b_i,
    /// Lane k's data; 1 in lanes without operands.
    output logic [Lanes-1:0] data_o
);
  if (Cols < 288) begin : g_range
    $error("pm_nor_lanes: Cols must be at least 288");
  end

  localparam int unsigned Halves = 2 * (M8 - M12) > M12 ? 2 * (M8 - M12) : M12;

  logic [  M8*8-1:0] a8;
  logic [M12*12-1:0] a12;

  always_comb begin
    for (int unsigned m = 0; m < M8; m++) a8[m*8+:8] = used_i[m] ? a_i[m*8+:8] : '0;
    for (int unsigned m = 0; m < M12; m++) a12[m*12+:12] = used_i[m] ? a_i[m*12+:12] : '0;
    data_o = '1;
    for (int unsigned m = 0; m < M12; m++) begin
      for (int unsigned i = 0; i < 8; i++) begin
        data_o[m*64+i*8+:8] = b_columns_i ? ~b_i[m*8+:8] : {8{wide_i ? !a12[m*12+i] : !a8[m*8+i]}};
      end
    end
    for (int unsigned g = 0; g < Halves; g++) begin
      for (int unsigned i = 0; i < 4; i++) begin
        if (wide_i) begin
          if (g < M12) data_o[M12*64+g*32+i*8+:8] = b_columns_i ? ~b_i[g%M12*8+:8] : {8{!a12[g%M12*12+8+i]}};
        end else if (M12 + g / 2 < M8)
          data_o[M12*64+g*32+i*8+:8] = b_columns_i ? ~b_i[(M12+g/2)%M8*8+:8] : {8{!a8[(M12+g/2)%M8*8+g%2*4+i]}};
      end
    end
  end
endmodule

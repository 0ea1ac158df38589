// SPDX-License-Identifier: Apache-2.0
/// Flash code of every column of an array: how many of its eight comparators are on. Their order does not matter, so
/// that a wrong one costs one LSB. Combinational. (FLARE names no converter; docs/numerics.md, "Column readout".)
///
/// A population count halves the lanes three times: pairs of bits, nibbles, bytes. The masks keep each lane's upper bits
/// zero, so that no carry crosses a lane and the adders are 1, 2 and 3 bits wide. Eight columns make a word.
module pm_therm_enc #(
    /// Columns of the array, at least 1.
    parameter int unsigned Columns = 64
) (
    /// Comparators: column c's are [c*8 +: 8], bit k on where the column is at least k + 1/2 LSB.
    input  logic [Columns*8-1:0] cmp_i,
    /// Codes 0..8: column c's is [c*4 +: 4].
    output logic [Columns*4-1:0] code_o
);
  if (Columns < 1) begin : g_range
    $error("pm_therm_enc: Columns must be at least 1");
  end

  localparam int unsigned Words = (Columns + 7) / 8;

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  function logic [31:0] count_ones(input logic [63:0] therm);
    logic [63:0] pair, nibble, sum;
    pair       = (therm & 64'h5555555555555555) + (therm >> 1 & 64'h5555555555555555);
    nibble     = (pair & 64'h3333333333333333) + (pair >> 2 & 64'h3333333333333333);
    sum        = (nibble & 64'h0f0f0f0f0f0f0f0f) + (nibble >> 4 & 64'h0f0f0f0f0f0f0f0f);
    // Bytes to nibbles: wires.
    sum        = (sum | sum >> 4) & 64'h00ff00ff00ff00ff;
    sum        = (sum | sum >> 8) & 64'h0000ffff0000ffff;
    count_ones = sum[31:0] | sum[47:16];
  endfunction
  /* verilator lint_on VARHIDDEN */

  logic [Words*64-1:0] cmp;
  logic [Words*32-1:0] code;

  assign cmp    = (Words * 64)'(cmp_i);
  assign code_o = code[Columns*4-1:0];

  always_comb begin
    for (int unsigned w = 0; w < Words; w++) code[w*32+:32] = count_ones(cmp[w*64+:64]);
  end

  if (Words * 8 > Columns) begin : g_unused
    logic unused_code;
    assign unused_code = ^code[Words*32-1:Columns*4];
  end
endmodule

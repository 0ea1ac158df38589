// SPDX-License-Identifier: Apache-2.0
/// Reciprocal of a softmax sum as factor / 2^shift with 4 fraction bits: leading one of Z and a table over the five bits
/// below it, zero-filled where there are fewer. For 0 < Z < 2^28, |factor * Z - 2^(shift+4)| < 2^(shift+4) / 59.
module pm_norm_recip #(
    /// Bits of Z, 1..32.
    parameter int unsigned ZW = 15
) (
    /// The sum Z.
    input  logic [ZW-1:0] z_i,
    /// 129..252, or 0 where Z = 0.
    output logic [   7:0] factor_o,
    /// bl(Z) + 3, at most 31.
    output logic [   4:0] shift_o
);
  if (ZW < 1 || ZW > 32) begin : g_range
    $error("pm_norm_recip: ZW must be 1..32");
  end

  /* verilator lint_off VARHIDDEN */  // it looks for a function's names in the modules above, a user's too
  /// round(256*32 / (32 + i + 1/2)): 1.0 over the middle of the interval that i stands for, less 128.
  function logic [6:0] reciprocal(input logic [4:0] i);
    reciprocal = '0;
    for (int unsigned entry = 0; entry < 32; entry++) begin
      if (i == 5'(entry)) reciprocal = 7'((32768 + 65 + 2 * entry) / (2 * (65 + 2 * entry)) - 128);
    end
  endfunction
  /* verilator lint_on VARHIDDEN */

  logic [4:0] position, below;

  always_comb begin
    position = '0;
    below    = '0;
    for (int unsigned p = 0; p < ZW; p++) begin
      if (z_i[p]) begin
        position = 5'(p);
        below    = 5'({z_i, 5'b0} >> p);
      end
    end
  end

  assign factor_o = z_i == '0 ? '0 : {1'b1, reciprocal(below)};
  assign shift_o  = position > 5'd27 ? 5'd31 : position + 5'd4;
endmodule

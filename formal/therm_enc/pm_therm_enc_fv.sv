// SPDX-License-Identifier: Apache-2.0
/// pm_therm_enc against a count of each column's comparators, one after the other, for every input.
module pm_therm_enc_fv #(
    parameter int unsigned Columns = 16
) (
    input logic [Columns*8-1:0] cmp_i
);
  logic [Columns*4-1:0] code, count;

  pm_therm_enc #(
      .Columns(Columns)
  ) u_dut (
      .cmp_i,
      .code_o(code)
  );

  always_comb begin
    count = '0;
    for (int unsigned c = 0; c < Columns; c++)
      for (int unsigned k = 0; k < 8; k++) count[c*4+:4] = count[c*4+:4] + 4'(cmp_i[c*8+k]);
  end

  always_comb begin
    assert (code == count);
    for (int unsigned c = 0; c < Columns; c++) assert (code[c*4+:4] <= 4'd8);
`ifdef CANARY
    canary : assert (code[Columns*4-1-:4] != 4'd5);
`endif
  end
endmodule

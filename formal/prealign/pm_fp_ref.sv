// SPDX-License-Identifier: Apache-2.0
// FP32 of dpv * 2^p by its definition: the highest one of the magnitude by search, what stands below its 24 bits compared with half
// of the last place, then the exponent's range.
module pm_fp_ref #(
    parameter int unsigned DpvW = 40,
    parameter int unsigned PW = 10
) (
    input  logic [DpvW-1:0] dpv_i,
    input  logic [  PW-1:0] p_i,
    output logic [    31:0] y_o,
    output logic            uf_o,
    output logic            of_o
);
  localparam int unsigned EW = PW + 9;
  logic [DpvW-1:0] m;
  logic [DpvW+23:0] wide, rest;
  logic [24:0] kept;
  logic signed [EW-1:0] e;
  always_comb begin
    m = dpv_i[DpvW-1] ? -dpv_i : dpv_i;
    kept = '0;
    e = '0;
    rest = '0;
    wide = '0;
    for (int unsigned t = 0; t < DpvW; t++) begin
      if (m[t]) begin
        wide = {m, 24'd0} >> (t + 1);
        kept = {1'b0, wide[23:0]};
        rest = {m, 24'd0} - (((DpvW + 24)'(wide[23:0])) << (t + 1));
        // Against half of the last place, 2^t.
        if (rest > (DpvW + 24)'(1) << t || (rest == (DpvW + 24)'(1) << t && kept[0])) kept = kept + 1'b1;
        e = EW'(signed'(p_i)) + EW'(t);
      end
    end
    if (kept[24]) begin
      kept = kept >> 1;
      e = e + 1'b1;
    end
    uf_o = m != '0 && e < -126;
    of_o = m != '0 && e > 127;
    y_o = {dpv_i[DpvW-1], 8'(e + 127), kept[22:0]};
    if (of_o) y_o = {dpv_i[DpvW-1], 8'hFF, 23'd0};
    if (m == '0 || uf_o) y_o = '0;
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// The beat's maximum: no kept logit is larger, and it is one of them, or -128 where none is kept.
module pm_vdr_max_fv #(
    parameter int unsigned Lanes = 16
) (
    input logic [Lanes*8-1:0] x_i,
    input logic [  Lanes-1:0] keep_i
);
  logic [7:0] max;
  logic larger, present;
  pm_vdr_max #(.Lanes(Lanes)) u_dut (.x_i, .keep_i, .max_o(max));
  always_comb begin
    larger  = 1'b0;
    present = 1'b0;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (keep_i[i] && $signed(x_i[i*8+:8]) > $signed(max)) larger = 1'b1;
      if (keep_i[i] && x_i[i*8+:8] == max) present = 1'b1;
    end
    none_larger : assert (!larger);
    is_one : assert (present || (keep_i == '0 && max == 8'h80));
`ifdef CANARY
    canary : assert (!(max == 8'h05 && x_i[7:0] == 8'h04 && keep_i[0]));
`endif
  end
endmodule

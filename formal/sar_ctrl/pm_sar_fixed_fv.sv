// SPDX-License-Identifier: Apache-2.0
// The fixed converter is the flexible one in 6-bit mode, whatever its own mode input, at any starts and comparisons.
module pm_sar_fixed_fv (
    input logic clk_i,
    input logic rst_ni,
    input logic start_i,
    input logic mode6_i,
    input logic cmp_i
);
  logic [1:0] c7_en, busy, valid;
  logic [13:0] dac, code;
  for (genvar f = 0; f < 2; f++) begin : g_form
    pm_sar_ctrl #(
        .Flexible(f == 1)
    ) u_dut (
        .clk_i,
        .rst_ni,
        .start_i,
        .mode6_i(f == 1 || mode6_i),
        .cmp_i,
        .dac_o  (dac[f*7+:7]),
        .c7_en_o(c7_en[f]),
        .busy_o (busy[f]),
        .code_o (code[f*7+:7]),
        .valid_o(valid[f])
    );
  end

  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb assume (rst_ni == !init_q);
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      same : assert ({dac[6:0], c7_en[0], busy[0], valid[0]} == {dac[13:7], c7_en[1], busy[1], valid[1]});
      same_code : assert (!valid[0] || code[6:0] == code[13:7]);
`ifdef CANARY
      canary : assert (!(valid[0] && code[6:0] == 7'd5));
`endif
      converted : cover (valid[0] && mode6_i != 1'b1);
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// A code's size is its scale, exactly, and the top bit of the mantissa is set.
module pm_scale_code_fv (
    input logic [15:0] x_i
);
  logic [15:0] m;
  logic [8:0] e, up;
  logic [39:0] fixed;  // in 2^-24
  pm_scale_code u_code (.x_i(x_i), .m_o(m), .e_o(e));
  assign fixed = x_i[14:10] == '0 ? 40'(x_i[9:0]) : 40'({1'b1, x_i[9:0]}) << (x_i[14:10] - 5'd1);
  assign up = e + 9'd39;

  always_comb begin
    if (x_i[14:10] != '1) begin
      exact : assert (56'(m) << up == {1'b0, fixed, 15'd0});
      normal : assert (m[15] || (x_i[14:0] == '0 && m == '0 && e == '0));
      range : assert (x_i[14:0] == '0 || up <= 9'd39);
    end
`ifdef CANARY
    canary : assert (!(m == 16'hC000 && e == 9'd0 - 9'd20));
`endif
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// The combinational primitives at every width From..To, each against the naive form that stands in its own file. Their inputs are the
// low bits of the same free word.
module pm_popcount_fv #(
    parameter int unsigned From = 1,
    parameter int unsigned To = 24
) (
    input logic [To-1:0] x_i
);
  for (genvar n = From; n <= To; n++) begin : g_n
    logic [$clog2(n+1)-1:0] count;
    pm_popcount #(.N(n)) u_dut (.x_i(x_i[n-1:0]), .count_o(count));
`ifdef CANARY
    if (n == To) begin : g_canary
      always_comb canary : assert (count != n - 1);
    end
`endif
  end
endmodule

module pm_lead_one_fv #(
    parameter int unsigned From = 1,
    parameter int unsigned To = 128
) (
    input logic [To-1:0] x_i
);
  for (genvar n = From; n <= To; n++) begin : g_n
    logic [(n > 1 ? $clog2(n) : 1)-1:0] pos;
    logic none;
    pm_lead_one #(.W(n)) u_dut (.x_i(x_i[n-1:0]), .pos_o(pos), .none_o(none));
`ifdef CANARY
    if (n == To) begin : g_canary
      always_comb canary : assert (none || pos != n - 2);
    end
`endif
  end
endmodule

module pm_add_halves_fv #(
    parameter int unsigned From = 2,
    parameter int unsigned To = 64
) (
    input logic [To-1:0] a_i,
    input logic [To-1:0] b_i,
    input logic          c_i
);
  for (genvar n = From; n <= To; n++) begin : g_n
    logic [n-1:0] sum;
    pm_add_halves #(.W(n)) u_dut (.a_i(a_i[n-1:0]), .b_i(b_i[n-1:0]), .c_i(c_i), .s_o(sum));
`ifdef CANARY
    if (n == To) begin : g_canary
      always_comb canary : assert (sum != n - 2);
    end
`endif
  end
endmodule

module pm_add_size_fv #(
    parameter int unsigned From = 3,
    parameter int unsigned To = 42
) (
    input logic [To-1:0] a_i,
    input logic [To-1:0] b_i,
    input logic          minus_i
);
  for (genvar n = From; n <= To; n++) begin : g_n
    logic [n-1:0] size;
    logic turned;
    pm_add_size #(.W(n)) u_dut (.a_i(a_i[n-1:0]), .b_i(b_i[n-1:0]), .minus_i(minus_i), .size_o(size), .turned_o(turned));
`ifdef CANARY
    if (n == To) begin : g_canary
      always_comb canary : assert (size != n - 2);
    end
`endif
  end
endmodule

module pm_max_tree_fv #(
    parameter int unsigned From = 1,
    parameter int unsigned To = 12,
    parameter int unsigned W = 8
) (
    input logic [To*W-1:0] x_i,
    input logic [  To-1:0] keep_i
);
  for (genvar n = From; n <= To; n++) begin : g_n
    logic [W-1:0] max;
    pm_max_tree #(.N(n), .W(W)) u_dut (.x_i(x_i[n*W-1:0]), .keep_i(keep_i[n-1:0]), .max_o(max));
`ifdef CANARY
    if (n == To) begin : g_canary
      always_comb canary : assert (keep_i[0] && max != x_i[W-1:0] + 1);
    end
`endif
  end
endmodule

module pm_adder_tree_fv #(
    parameter int unsigned From = 1,
    parameter int unsigned To = 8,
    parameter int unsigned W = 4,
    parameter bit Signed = 0,
    parameter int unsigned Every = 0
) (
    input logic            clk_i,
    input logic            en_i,
    input logic [To*W-1:0] x_i
);
  for (genvar n = From; n <= To; n++) begin : g_n
    logic [W+$clog2(n)-1:0] sum;
    pm_adder_tree #(.N(n), .W(W), .Signed(Signed), .Every(Every)) u_dut (.clk_i, .en_i, .x_i(x_i[n*W-1:0]), .sum_o(sum));
`ifdef CANARY
    if (n == To) begin : g_canary
      always_comb canary : assert (sum != 3);
    end
`endif
  end
endmodule

// Every input width up to To, to OutW bits.
module pm_shift_sat_fv #(
    parameter int unsigned From = 1,
    parameter int unsigned To = 40,
    parameter int unsigned OutW = 32,
    parameter int unsigned ShiftW = 5
) (
    input logic [    To-1:0] x_i,
    input logic [ShiftW-1:0] shift_i
);
  for (genvar n = From; n <= To; n++) begin : g_n
    logic [OutW-1:0] y;
    pm_shift_sat #(.InW(n), .OutW(OutW), .ShiftW(ShiftW)) u_dut (.x_i(x_i[n-1:0]), .shift_i, .y_o(y));
`ifdef CANARY
    if (n == To) begin : g_canary
      always_comb canary : assert (shift_i == 0 || y != 1);
    end
`endif
  end
endmodule

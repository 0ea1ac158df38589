// SPDX-License-Identifier: Apache-2.0
// The prefix tree against a count row by row: popcount, detector and marker of one slice and of a bank of two.
module pm_lpc_fv #(
  parameter int unsigned Slice = 16,
  parameter int unsigned Slices = 1
) (
  input logic [Slice*Slices-1:0] v_i,
  input logic [Slices*4-1:0]     k_i
);
  localparam int unsigned PopW = $clog2(Slice + 1);
  logic [Slices*PopW-1:0] pop;
  logic [Slices-1:0] full;
  logic [Slice*Slices-1:0] mark;
  pm_lpc #(.Slice(Slice), .Slices(Slices)) u_dut (.v_i, .k_i, .pop_o(pop), .full_o(full), .mark_o(mark));

  logic [7:0] count;
  always_comb begin
    count = 0;
    for (int unsigned j = 0; j < Slices; j++) begin
      count = 0;
      for (int unsigned r = 0; r < Slice; r++) begin
        if (k_i[j*4 +: 4] <= 8) assert (mark[j*Slice + r] == (v_i[j*Slice + r] && count < k_i[j*4 +: 4]));
        count = count + {7'd0, v_i[j*Slice + r]};
      end
      assert (pop[j*PopW +: PopW] == count);
      assert (full[j] == (count >= 8));
    end
  end
`ifdef CANARY
  always_comb canary: assert (!(full[0] && k_i[3:0] == 3 && mark[Slice-1]) && pop != Slice - 1);
`endif
endmodule

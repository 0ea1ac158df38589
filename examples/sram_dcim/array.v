// SPDX-License-Identifier: Apache-2.0
// A stand-in for the array in simulations of the netlist.
module sram_dcim9 (
    input wire ck,
    output reg [143:0] w
);
  integer seed;
  initial begin
    seed = 5;
    w = {5{$random(seed)}};
  end
endmodule

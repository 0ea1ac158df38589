// SPDX-License-Identifier: Apache-2.0
// A stand-in for the array in simulations of the netlist.
module mram16x16 (
    input wire ck,
    input wire en,
    input wire [15:0] wl,
    input wire [6:0] dwl,
    output reg done,
    output reg [127:0] cmp
);
  // Answers when it likes, with anything.
  integer seed;
  initial seed = 5;
  initial done = 1'b0;
  always @(posedge ck) begin
    done <= $random(seed);
    cmp  <= {4{$random(seed)}};
  end
endmodule

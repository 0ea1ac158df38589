// SPDX-License-Identifier: Apache-2.0
// A stand-in for the array in simulations of the netlist.
module rram17x6 (
    input wire ck,
    input wire en,
    input wire [16:0] wl,
    input wire [1:0] plane,
    input wire [2:0] slice,
    output reg done,
    output reg [23:0] d
);
  // Answers when it likes, with anything.
  integer seed;
  initial seed = 5;
  initial done = 1'b0;
  always @(posedge ck) begin
    done <= $random(seed);
    d    <= $random(seed);
  end
endmodule

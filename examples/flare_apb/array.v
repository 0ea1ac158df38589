// SPDX-License-Identifier: Apache-2.0
// A stand-in for the engine in simulations of the netlist.
module flare_engine (
    input wire ck,
    input wire rst,
    input wire [4:0] n_tokens,
    input wire append,
    input wire causal,
    input wire [15:0] keep,
    input wire round,
    input wire [2:0] sign,
    input wire [4:0] mk,
    input wire [4:0] mv,
    input wire [15:0] e0,
    input wire [767:0] lut,
    input wire [511:0] bias,
    input wire x_valid,
    input wire [31:0] x,
    input wire [15:0] ex,
    input wire y_ready,
    output reg x_ready,
    output reg y_valid,
    output reg [31:0] y,
    output reg [15:0] e,
    output reg pass2,
    output reg [2:0] flags
);
  // Takes tokens and has results when it likes, any.
  integer seed;
  initial seed = 5;
  always @(posedge ck or negedge rst)
    if (!rst) {x_ready, y_valid, pass2, flags} <= 6'b0;
    else begin
      {x_ready, y_valid, pass2, flags} <= $random(seed);
      {e, y} <= {2{$random(seed)}};
    end
endmodule

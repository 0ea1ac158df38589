// SPDX-License-Identifier: Apache-2.0
// The stream primitives in every size of a range; each has its properties inside. Their inputs are free.
module pm_row_stream_fv #(
    parameter int unsigned ToN = 5,
    parameter int unsigned ToLanes = 3,
    parameter int unsigned W = 2
) (
    input logic                           clk_i,
    input logic                           rst_ni,
    input logic [      ToN*ToLanes-1:0]   valid_i,
    input logic [      ToN*ToLanes-1:0]   ready_i,
    input logic [ToN*ToLanes*ToN*W-1:0]   row_i
);
  // Each has inputs of its own: a row stays until its own last beat.
  for (genvar n = 1; n <= ToN; n++) begin : g_n
    for (genvar l = 1; l <= ToLanes; l++) begin : g_lanes
      localparam int unsigned I = (n - 1) * ToLanes + l - 1;
      pm_row_stream #(.N(n), .Lanes(l), .W(W)) u_dut (
          .clk_i, .rst_ni, .valid_i(valid_i[I]), .ready_o(), .row_i(row_i[I*ToN*W+:n*W]), .valid_o(), .ready_i(ready_i[I]),
          .beat_o(), .last_o()
      );
    end
  end
endmodule

module pm_row_collect_fv #(
    parameter int unsigned ToN = 5,
    parameter int unsigned ToLanes = 3,
    parameter int unsigned W = 2
) (
    input logic                 clk_i,
    input logic                 rst_ni,
    input logic                 valid_i,
    input logic                 ready_i,
    input logic [ToLanes*W-1:0] beat_i
);
  for (genvar n = 1; n <= ToN; n++) begin : g_n
    for (genvar l = 1; l <= ToLanes; l++) begin : g_lanes
      pm_row_collect #(.N(n), .Lanes(l), .W(W)) u_dut (
          .clk_i, .rst_ni, .valid_i, .ready_o(), .beat_i(beat_i[l*W-1:0]), .valid_o(), .ready_i, .row_o()
      );
    end
  end
endmodule

module pm_skid_buffer_fv #(
    parameter int unsigned ToWidth = 8
) (
    input logic               clk_i,
    input logic               rst_ni,
    input logic               valid_i,
    input logic               ready_i,
    input logic [ToWidth-1:0] data_i
);
  for (genvar w = 1; w <= ToWidth; w++) begin : g_width
    pm_skid_buffer #(.Width(w)) u_dut (
        .clk_i, .rst_ni, .valid_i, .ready_o(), .data_i(data_i[w-1:0]), .valid_o(), .ready_i, .data_o()
    );
  end
endmodule

module pm_fifo_fv #(
    parameter int unsigned ToDepth = 5,
    parameter int unsigned Width = 3
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             valid_i,
    input logic             ready_i,
    input logic [Width-1:0] data_i
);
  for (genvar d = 1; d <= ToDepth; d++) begin : g_depth
    pm_fifo #(.Width(Width), .Depth(d)) u_dut (.clk_i, .rst_ni, .valid_i, .ready_o(), .data_i, .valid_o(), .ready_i, .data_o());
  end
endmodule

module pm_shift_fifo_fv #(
    parameter int unsigned ToDepth = 5,
    parameter int unsigned Width = 3
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             valid_i,
    input logic             ready_i,
    input logic [Width-1:0] data_i
);
  for (genvar d = 1; d <= ToDepth; d++) begin : g_depth
    pm_shift_fifo #(.Width(Width), .Depth(d)) u_dut (
        .clk_i, .rst_ni, .valid_i, .ready_o(), .data_i, .valid_o(), .ready_i, .data_o()
    );
  end
endmodule

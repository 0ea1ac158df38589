// SPDX-License-Identifier: Apache-2.0
// A bench of one's own: pm_flare_gemv, an array of one's own at its pins, and the sum that must come out.
module tb;
  localparam int unsigned Rows = 32, Outputs = 4, WBits = 4, XBits = 4, Vectors = 200;
  localparam int unsigned Columns = Outputs * WBits, AccW = XBits + WBits + $clog2(Rows);

  import "DPI-C" function void macro_program(input int row, input int column, input bit on);
  import "DPI-C" function void macro_read(input bit [Rows-1:0] wordlines, output bit [Columns*8-1:0] comparators);
  import "DPI-C" function int macro_reads();

  bit clk = 0, rst_n = 0;
  always #5 clk = !clk;

  logic x_valid = 0, x_ready, wl_valid, y_valid;
  logic [Rows*XBits-1:0] x, drawn;
  logic [Rows-1:0] wl;
  bit [Columns*8-1:0] cmp;
  logic [Outputs*AccW-1:0] y;

  pm_flare_gemv #(
      .Rows(Rows), .Outputs(Outputs), .WBits(WBits), .XBits(XBits)
  ) u_gemv (
      .clk_i(clk), .rst_ni(rst_n),
      .x_valid_i(x_valid), .x_ready_o(x_ready), .x_i(x),
      .signed_i(1'b1), .sign_coding_i(1'b1), .eplanes_i(1'b0),
      .wl_valid_o(wl_valid), .wl_ready_i(1'b1), .wl_o(wl), .dwl_o(), .wl_plane_o(), .wl_neg_o(), .wl_last_plane_o(), .wl_last_o(),
      .cmp_i(cmp),
      .y_valid_o(y_valid), .y_ready_i(1'b1), .y_o(y)
  );

  // The array settles within the clock.
  always @(negedge clk) if (rst_n && wl_valid) macro_read(wl, cmp);

  int w[Rows][Outputs];
  int expected[$];
  int unsigned sent = 0, received = 0, wrong = 0;

  function automatic void next_vector();
    int sum[Outputs];
    for (int unsigned m = 0; m < Outputs; m++) sum[m] = 0;
    for (int d = 0; d < Rows; d++) begin
      int v;
      v = int'($urandom_range(15)) - 8;
      drawn[d*XBits+:XBits] = XBits'(v);
      for (int unsigned m = 0; m < Outputs; m++) sum[m] += v * w[d][m];
    end
    for (int unsigned m = 0; m < Outputs; m++) expected.push_back(sum[m]);
  endfunction

  initial begin
    for (int d = 0; d < Rows; d++) begin
      for (int m = 0; m < Outputs; m++) begin
        w[d][m] = int'($urandom_range(15)) - 8;
        for (int b = 0; b < WBits; b++) macro_program(d, m * WBits + b, w[d][m][b]);
      end
    end
    repeat (3) @(posedge clk);
    rst_n <= 1;
    while (received < Vectors) begin
      @(posedge clk);
      if (x_valid && x_ready) sent++;
      if (sent < Vectors && (!x_valid || x_ready)) begin
        next_vector();
        x <= drawn;
      end
      x_valid <= sent < Vectors;
      if (y_valid) begin
        for (int m = 0; m < Outputs; m++) begin
          int want;
          want = expected.pop_front();
          if (int'($signed(y[m*AccW+:AccW])) != want) wrong++;
        end
        received++;
      end
    end
    $display("%0d vectors, %0d sums, %0d wrong; %0d reads of the array, %0d in fixed windows of eight rows", received,
             received * Outputs, wrong, macro_reads(), received * XBits * Rows / 8);
    if (wrong != 0) $fatal(1, "sums are wrong");
    $finish;
  end

  initial begin
    repeat (100000) @(posedge clk);
    $fatal(1, "nothing comes any more");
  end
endmodule

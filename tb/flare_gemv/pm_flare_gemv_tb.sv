// SPDX-License-Identifier: Apache-2.0
// Bench of pm_flare_gemv: vectors in, results out, the array in C at its pins; all three with stalls.
module pm_flare_gemv_tb #(
    parameter int unsigned Rows = 64,
    parameter int unsigned Outputs = 64,
    parameter int unsigned WBits = 8,
    parameter int unsigned XBits = 8,
    parameter int unsigned Slice = 16,
    parameter bit Scan = 0,
    parameter int unsigned Arrays = 1,
    localparam int unsigned PlaneW = $clog2(XBits),
    localparam int unsigned Columns = Arrays * Outputs * WBits,
    localparam int unsigned AccW = XBits + WBits + $clog2(Arrays * Rows),
    localparam int unsigned PinsW = Arrays * (Rows + 8) + PlaneW + 1  // of an access; wl_last may rise with wl_valid
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_flare_gemv_elaborated(
    input int rows,
    input int outputs,
    input int wbits,
    input int xbits,
    input int slice,
    input int scan,
    input int arrays,
    output bit [2:0] modes
  );
  import "DPI-C" function void pm_flare_gemv_step(
    input bit x_ready,
    output bit x_valid,
    output bit [Arrays*Rows*XBits-1:0] x,
    output bit wl_ready,
    input bit y_valid,
    output bit y_ready,
    input bit [Outputs*AccW-1:0] y
  );
  import "DPI-C" function void pm_flare_gemv_access(
    input bit [Arrays*Rows-1:0] wl,
    input bit [7*Arrays-1:0] dwl,
    input int plane,
    input bit neg,
    input bit [Arrays-1:0] last_plane,
    input bit last,
    output bit [Columns*8-1:0] cmp
  );
  import "DPI-C" function void pm_flare_gemv_skip();
  import "DPI-C" function void pm_flare_gemv_unstable();

  bit x_valid, wl_ready, y_ready, x_valid_next, wl_ready_next, y_ready_next;
  bit [Arrays*Rows*XBits-1:0] x, x_next;
  bit [Columns*8-1:0] cmp, cmp_next;
  bit [2:0] modes;  // eplanes, sign coding, signed
  logic x_ready, wl_valid, wl_neg, wl_last, y_valid;
  logic [Arrays-1:0] wl_last_plane;
  logic [Arrays*Rows-1:0] wl;
  logic [7*Arrays-1:0] dwl;
  logic [PlaneW-1:0] wl_plane;
  logic [Outputs*AccW-1:0] y;

  initial pm_flare_gemv_elaborated(Rows, Outputs, WBits, XBits, Slice, 32'(Scan), Arrays, modes);

  pm_flare_gemv #(
      .Rows   (Rows),
      .Outputs(Outputs),
      .WBits  (WBits),
      .XBits  (XBits),
      .Slice  (Slice),
      .Scan   (Scan),
      .Arrays (Arrays)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .x_valid_i      (x_valid),
      .x_ready_o      (x_ready),
      .x_i            (x),
      .signed_i       (modes[0]),
      .sign_coding_i  (modes[1]),
      .eplanes_i      (modes[2]),
      .wl_valid_o     (wl_valid),
      .wl_ready_i     (wl_ready),
      .wl_o           (wl),
      .dwl_o          (dwl),
      .wl_plane_o     (wl_plane),
      .wl_neg_o       (wl_neg),
      .wl_last_plane_o(wl_last_plane),
      .wl_last_o      (wl_last),
      .cmp_i          (cmp),
      .y_valid_o      (y_valid),
      .y_ready_i      (y_ready),
      .y_o            (y)
  );

  // A waiting access stays as it is.
  bit held;
  bit [PinsW-1:0] pins_held;
  logic [PinsW-1:0] pins;
  assign pins = {wl, dwl, wl_plane, wl_neg, wl_last_plane};

  always @(posedge clk_i) begin
    if (rst_ni) begin
      pm_flare_gemv_step(x_ready, x_valid_next, x_next, wl_ready_next, y_valid, y_ready_next, y);
      x_valid   <= x_valid_next;
      x         <= x_next;
      wl_ready  <= wl_ready_next;
      y_ready   <= y_ready_next;
      held      <= wl_valid && !wl_ready;
      pins_held <= pins;
      if (held && (!wl_valid || pins != pins_held)) pm_flare_gemv_unstable();
    end
  end

  // The array answers in the same clock; while it does not, its comparators are all on.
  always @(negedge clk_i) begin
    if (rst_ni) begin
      if (wl_valid && wl_ready) begin
        pm_flare_gemv_access(wl, dwl, 32'(wl_plane), wl_neg, wl_last_plane, wl_last, cmp_next);
        cmp <= cmp_next;
      end else begin
        cmp <= '1;
        if (wl_last && !wl_valid) pm_flare_gemv_skip();
      end
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// Banks of pm_col_scan with converters, array and stalls that do as they like: a bank that still has columns to convert is never
// tracked or held again, only held banks are scanned, columns come in order, and every plane is scanned once.
module pm_col_scan_fv #(
    parameter int unsigned Cols = 16,
    parameter int unsigned Sars = 2
) (
    input logic              clk_i,
    input logic              rst_ni,
    input logic              plane_valid_i,
    input logic              tag_i,
    input logic              read_done_i,
    input logic [  Sars-1:0] sar_busy_i,
    input logic [  Sars-1:0] sar_valid_i,
    input logic [Sars*7-1:0] sar_code_i,
    input logic              stall_i
);
  localparam int unsigned ColW = $clog2(Cols);
  logic ready, read, track, hold, scan, next_valid, next_tag, code_valid, code_tag;
  logic [ColW-1:0] column, code_column;
  logic [Sars-1:0] start;
  logic [6:0] code;

  pm_col_scan #(
      .Cols(Cols),
      .Sars(Sars),
      .TagW(1)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .plane_valid_i,
      .plane_ready_o(ready),
      .tag_i,
      .read_o(read),
      .read_done_i,
      .track_bank_o(track),
      .hold_o(hold),
      .scan_bank_o(scan),
      .column_o(column),
      .start_o(start),
      .sar_busy_i,
      .sar_valid_i,
      .sar_code_i,
      .stall_i,
      .next_valid_o(next_valid),
      .next_tag_o(next_tag),
      .code_valid_o(code_valid),
      .code_o(code),
      .code_column_o(code_column),
      .code_tag_o(code_tag)
  );

  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);

  // Which banks hold columns that no conversion has begun for, and the column that is due.
  logic [1:0] held_q;
  logic [ColW-1:0] due_q;
  logic scan_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q <= '0;
      due_q  <= '0;
      scan_q <= 1'b0;
    end else begin
      if (hold) held_q[track] <= 1'b1;
      if (start != '0) begin
        due_q <= due_q + 1'b1;
        if (due_q == ColW'(Cols - 1)) begin
          held_q[scan_q] <= 1'b0;
          scan_q         <= !scan_q;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      reads_free_bank: assert (!read || !held_q[track]);
      holds_at_end: assert (hold == (read && read_done_i) && ready == hold);
      scans_held_bank: assert (start == '0 || (held_q[scan] && scan == scan_q));
      columns_in_order: assert (start == '0 || column == due_q);
      its_converter: assert (start == '0 || start == Sars'(1) << (32'(due_q) % Sars));
      free_converter: assert ((start & sar_busy_i) == '0);
      stalls: assert (!(stall_i && start != '0 && due_q == 0));
      same_banks: assert (next_valid == (held_q[scan_q] && due_q == 0));
      same_scan: assert (scan == scan_q && column == due_q && (track == scan) == (held_q[0] == held_q[1]));
      alternate: assert (due_q == 0 || held_q[scan_q]);
      next_first: assert (held_q == '0 || held_q[scan_q]);
`ifdef CANARY
      canary: assert (held_q != 2'b11);
`endif
      overlap: cover (read && start != '0);
      both_full: cover (held_q == 2'b11);
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
// Bench of pm_flare_attention: streams, array pins and stages go to flare_attention_rtl.c through DPI.
module pm_flare_attention_tb #(
    parameter int unsigned D = 64,
    parameter int unsigned Heads = 4,
    parameter int unsigned Kvb = 10,
    parameter int unsigned MaxTokens = 64,
    parameter int unsigned MaxShl = 31,
    parameter int unsigned Lanes = 16,
    parameter int unsigned NormLanes = 4,
    localparam int unsigned Dk = D / Heads,
    localparam int unsigned XRows = (D + 15) / 16 * 16,
    localparam int unsigned QRows = (Dk + 15) / 16 * 16,
    localparam int unsigned TW = $clog2(MaxTokens),
    localparam int unsigned ZW = 8 + $clog2(MaxTokens)
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_fa_elaborated(input int d, input int heads, input int kvb, input int max_tokens,
                                                input int max_shl);
  import "DPI-C" function void pm_fa_config(output bit [31:0] n_tokens, output bit append,
      output bit [MaxTokens-1:0] keep, output bit [4:0] modes, output bit [9:0] m, output bit [Heads*16-1:0] e0, output bit [Heads*768-1:0] lut,
      output bit [4*D*32-1:0] bias);
  import "DPI-C" function void pm_fa_step(input bit x_ready, output bit x_valid, output bit [D*8-1:0] x,
      output bit [15:0] ex, input bit wr_valid, output bit wr_ready, input bit [31:0] wr_token,
      input bit [D*Kvb-1:0] wr_k, input bit [D*Kvb-1:0] wr_v, input bit y_valid, output bit y_ready,
      input bit [D*8-1:0] y, input bit [15:0] e, input bit [2:0] flags, output bit [2:0] w_ready,
      output bit [31:0] k_ready, output bit [31:0] v_ready, output bit [31:0] n_tokens, output bit append,
      output bit [MaxTokens-1:0] keep);
  import "DPI-C" function void pm_fa_read_w(input int m, input bit access, input bit [XRows-1:0] wl,
      input bit [6:0] dwl, input bit [5:0] side, output bit [D*64-1:0] cmp);
  import "DPI-C" function void pm_fa_read_k(input int h, input bit access, input bit [QRows-1:0] wl,
      input bit [6:0] dwl, input bit [5:0] side, output bit [MaxTokens*Kvb*8-1:0] cmp);
  import "DPI-C" function void pm_fa_read_v(input int h, input bit access, input bit [MaxTokens-1:0] wl,
      input bit [6:0] dwl, input bit [5:0] side, output bit [Dk*Kvb*8-1:0] cmp);
  import "DPI-C" function void pm_fa_stage_q(input bit [D*8-1:0] q);
  import "DPI-C" function void pm_fa_stage_logit(input int h, input bit [MaxTokens*8-1:0] row);
  import "DPI-C" function void pm_fa_stage_a(input int h, input bit [MaxTokens*8-1:0] row, input bit [31:0] z);
  import "DPI-C" function void pm_fa_stage_o(input bit [D*32-1:0] o);
  import "DPI-C" function void pm_fa_stage_o8(input bit [D*8-1:0] o8);

  bit [31:0] n_tokens;
  bit append;
  bit [MaxTokens-1:0] keep;
  bit [4:0] modes;
  bit [9:0] m;
  bit [Heads*16-1:0] e0;
  bit [Heads*768-1:0] lut;
  bit [4*D*32-1:0] bias;
  initial begin
    pm_fa_elaborated(D, Heads, Kvb, MaxTokens, MaxShl);
    pm_fa_config(n_tokens, append, keep, modes, m, e0, lut, bias);
  end

  bit x_valid, y_ready, wr_ready;
  bit [D*8-1:0] x;
  bit [15:0] ex;
  bit [2:0] w_ready;
  bit [31:0] k_ready, v_ready;
  bit [4*D*64-1:0] w_cmp;
  bit [Heads*MaxTokens*Kvb*8-1:0] k_cmp;
  bit [D*Kvb*8-1:0] v_cmp;

  logic x_ready, wr_valid, y_valid, pass2, z_zero, k_sat, v_sat;
  logic [2:0] w_valid;
  logic [3*XRows-1:0] w_wl;
  logic [20:0] w_dwl;
  logic [17:0] w_side;
  logic [Heads-1:0] k_valid, v_valid;
  logic [Heads*QRows-1:0] k_wl;
  logic [Heads*MaxTokens-1:0] v_wl;
  logic [Heads*7-1:0] k_dwl, v_dwl;
  logic [Heads*6-1:0] k_side, v_side;
  logic [TW-1:0] wr_token;
  logic [D*Kvb-1:0] wr_k, wr_v;
  logic [D*8-1:0] y;
  logic signed [15:0] e;

  pm_flare_attention #(
      .D(D),
      .Heads(Heads),
      .Kvb(Kvb),
      .MaxTokens(MaxTokens),
      .MaxShl(MaxShl),
      .Lanes(Lanes),
      .NormLanes(NormLanes)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .n_tokens_i(n_tokens[TW:0]),
      .append_i  (append),
      .causal_i  (modes[4]),
      .keep_i    (keep),
      .round_i   (modes[0]),
      .sign_x_i  (modes[1]),
      .sign_q_i  (modes[2]),
      .sign_o_i  (modes[3]),
      .mk_i      (m[4:0]),
      .mv_i      (m[9:5]),
      .e0_i      (e0),
      .lut_i     (lut),
      .bias_i    (bias),
      .x_valid_i (x_valid),
      .x_ready_o (x_ready),
      .x_i       (x),
      .ex_i      (ex),
      .w_valid_o (w_valid),
      .w_ready_i (w_ready),
      .w_wl_o    (w_wl),
      .w_dwl_o   (w_dwl),
      .w_side_o  (w_side),
      .w_cmp_i   (w_cmp),
      .k_valid_o (k_valid),
      .k_ready_i (k_ready[Heads-1:0]),
      .k_wl_o    (k_wl),
      .k_dwl_o   (k_dwl),
      .k_side_o  (k_side),
      .k_cmp_i   (k_cmp),
      .v_valid_o (v_valid),
      .v_ready_i (v_ready[Heads-1:0]),
      .v_wl_o    (v_wl),
      .v_dwl_o   (v_dwl),
      .v_side_o  (v_side),
      .v_cmp_i   (v_cmp),
      .wr_valid_o(wr_valid),
      .wr_ready_i(wr_ready),
      .wr_token_o(wr_token),
      .wr_k_o    (wr_k),
      .wr_v_o    (wr_v),
      .y_valid_o (y_valid),
      .y_ready_i (y_ready),
      .y_o       (y),
      .e_o       (e),
      .pass2_o   (pass2),
      .z_zero_o  (z_zero),
      .k_sat_o   (k_sat),
      .v_sat_o   (v_sat)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      bit n_x_valid, n_y_ready, n_wr_ready;
      bit [D*8-1:0] n_x;
      bit [15:0] n_ex;
      bit [2:0] n_w_ready;
      bit [31:0] n_k_ready, n_v_ready, n_n_tokens;
      bit n_append;
      bit [MaxTokens-1:0] n_keep;
      if (u_dut.q_valid && u_dut.q_ready) pm_fa_stage_q(u_dut.q);
      if (&u_dut.o_valid_h && u_dut.o_ready) pm_fa_stage_o(u_dut.o);
      if (u_dut.u_out.q_valid && u_dut.u_out.q_ready) pm_fa_stage_o8(u_dut.u_out.q);
      pm_fa_step(x_ready, n_x_valid, n_x, n_ex, wr_valid, n_wr_ready, 32'(wr_token), wr_k, wr_v, y_valid, n_y_ready, y,
                 e, {v_sat, k_sat, z_zero}, n_w_ready, n_k_ready, n_v_ready, n_n_tokens, n_append,
                 n_keep);
      x_valid  <= n_x_valid;
      x        <= n_x;
      ex       <= n_ex;
      wr_ready <= n_wr_ready;
      y_ready  <= n_y_ready;
      w_ready  <= n_w_ready;
      k_ready  <= n_k_ready;
      v_ready  <= n_v_ready;
      n_tokens <= n_n_tokens;
      append   <= n_append;
      keep     <= n_keep;
    end
  end

  // Arrays are read at the falling edge: once an access, in the clock in which the macro is ready. side[5] without an access:
  // a vector that has none passes.
  // Arrays 0 and 1, K and V, share the wordlines of port 0.
  for (genvar a = 0; a < 4; a++) begin : g_w
    localparam int unsigned Port = a == 0 ? 0 : a - 1;
    always @(negedge clk_i) begin
      if (rst_ni && (w_valid[Port] ? w_ready[Port] : w_side[Port*6+5])) begin
        bit [D*64-1:0] cmp;
        pm_fa_read_w(a, w_valid[Port], w_wl[Port*XRows+:XRows], w_dwl[Port*7+:7], w_side[Port*6+:6], cmp);
        w_cmp[a*D*64+:D*64] <= cmp;
      end
    end
  end
  for (genvar h = 0; h < Heads; h++) begin : g_kv
    always @(negedge clk_i) begin
      if (rst_ni && (k_valid[h] ? k_ready[h] : k_side[h*6+5])) begin
        bit [MaxTokens*Kvb*8-1:0] cmp;
        pm_fa_read_k(h, k_valid[h], k_wl[h*QRows+:QRows], k_dwl[h*7+:7], k_side[h*6+:6], cmp);
        k_cmp[h*MaxTokens*Kvb*8+:MaxTokens*Kvb*8] <= cmp;
      end
    end
    always @(negedge clk_i) begin
      if (rst_ni && (v_valid[h] ? v_ready[h] : v_side[h*6+5])) begin
        bit [Dk*Kvb*8-1:0] cmp;
        pm_fa_read_v(h, v_valid[h], v_wl[h*MaxTokens+:MaxTokens], v_dwl[h*7+:7], v_side[h*6+:6], cmp);
        v_cmp[h*Dk*Kvb*8+:Dk*Kvb*8] <= cmp;
      end
    end
    // What the head's stages hand on. A netlist has names like a generate block's, but no blocks; two heads are enough there.
    logic row_valid, row_ready, a_row_valid, a_row_ready;
    logic [MaxTokens*8-1:0] row, a_row;
    logic [ZW-1:0] z;
`ifdef PM_NETLIST
    if (Heads > 2) $error("pm_flare_attention_tb: netlists have one or two heads here");
    if (h == 0) begin : g_first
      assign {row_valid, row_ready, row} = {u_dut.\g_head[0].u_head .row_valid, u_dut.\g_head[0].u_head .row_ready, u_dut.\g_head[0].u_head .row};
      assign {a_row_valid, a_row_ready, a_row} = {u_dut.\g_head[0].u_head .a_row_valid, u_dut.\g_head[0].u_head .a_row_ready, u_dut.\g_head[0].u_head .a_row};
      assign z = u_dut.\g_head[0].u_head .z_q;
    end else begin : g_second
      assign {row_valid, row_ready, row} = {u_dut.\g_head[1].u_head .row_valid, u_dut.\g_head[1].u_head .row_ready, u_dut.\g_head[1].u_head .row};
      assign {a_row_valid, a_row_ready, a_row} = {u_dut.\g_head[1].u_head .a_row_valid, u_dut.\g_head[1].u_head .a_row_ready, u_dut.\g_head[1].u_head .a_row};
      assign z = u_dut.\g_head[1].u_head .z_q;
    end
`else
    assign {row_valid, row_ready, row} = {u_dut.g_head[h].u_head.row_valid, u_dut.g_head[h].u_head.row_ready, u_dut.g_head[h].u_head.row};
    assign {a_row_valid, a_row_ready, a_row} = {u_dut.g_head[h].u_head.a_row_valid, u_dut.g_head[h].u_head.a_row_ready, u_dut.g_head[h].u_head.a_row};
    assign z = u_dut.g_head[h].u_head.z_q;
`endif
    always @(posedge clk_i) begin
      if (rst_ni && row_valid && row_ready) pm_fa_stage_logit(h, row);
      if (rst_ni && a_row_valid && a_row_ready) pm_fa_stage_a(h, a_row, 32'(z));
    end
  end

  logic unused;
  assign unused = pass2;
endmodule

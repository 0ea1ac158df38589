// SPDX-License-Identifier: Apache-2.0
// Bench of pm_flare_apb: the bus and the array pins go to flare_apb_rtl.c through DPI.
module pm_flare_apb_tb #(
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
    localparam int unsigned TW = $clog2(MaxTokens)
) (
    input logic clk_i,
    input logic rst_ni
);
  import "DPI-C" function void pm_fp_elaborated(input int d, input int heads, input int kvb, input int max_tokens,
                                                input int max_shl);
  import "DPI-C" function void pm_fp_step(input bit pready, input bit [31:0] prdata, input bit pslverr, input bit irq,
      output bit psel, output bit penable, output bit pwrite, output bit [14:0] paddr, output bit [3:0] pstrb,
      output bit [31:0] pwdata, input bit wr_valid, output bit wr_ready, input bit [31:0] wr_token,
      input bit [D*Kvb-1:0] wr_k, input bit [D*Kvb-1:0] wr_v, output bit [2:0] w_ready,
      output bit [31:0] k_ready, output bit [31:0] v_ready);
  import "DPI-C" function void pm_fp_token(input bit [D*8-1:0] x, input bit [15:0] ex, input bit [Heads*16-1:0] e0,
      input bit [MaxTokens-1:0] keep, input bit [Heads*768-1:0] lut, input bit [4*D*32-1:0] bias);
  import "DPI-C" function void pm_fp_read_w(input int m, input bit access, input bit [XRows-1:0] wl,
      input bit [6:0] dwl, input bit [5:0] side, output bit [D*64-1:0] cmp);
  import "DPI-C" function void pm_fp_read_k(input int h, input bit access, input bit [QRows-1:0] wl,
      input bit [6:0] dwl, input bit [5:0] side, output bit [MaxTokens*Kvb*8-1:0] cmp);
  import "DPI-C" function void pm_fp_read_v(input int h, input bit access, input bit [MaxTokens-1:0] wl,
      input bit [6:0] dwl, input bit [5:0] side, output bit [Dk*Kvb*8-1:0] cmp);

  initial pm_fp_elaborated(D, Heads, Kvb, MaxTokens, MaxShl);

  bit psel, penable, pwrite, wr_ready;
  bit [14:0] paddr;
  bit [3:0] pstrb;
  bit [31:0] pwdata;
  bit [2:0] w_ready;
  bit [31:0] k_ready, v_ready;
  bit [4*D*64-1:0] w_cmp;
  bit [Heads*MaxTokens*Kvb*8-1:0] k_cmp;
  bit [D*Kvb*8-1:0] v_cmp;

  logic pready, pslverr, irq, wr_valid;
  logic [31:0] prdata;
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

  pm_flare_apb #(
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
      .psel_i    (psel),
      .penable_i (penable),
      .pwrite_i  (pwrite),
      .paddr_i   (paddr),
      .pstrb_i   (pstrb),
      .pwdata_i  (pwdata),
      .pready_o  (pready),
      .prdata_o  (prdata),
      .pslverr_o (pslverr),
      .irq_o     (irq),
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
      .wr_v_o    (wr_v)
  );

  always @(posedge clk_i) begin
    if (rst_ni) begin
      bit n_psel, n_penable, n_pwrite, n_wr_ready;
      bit [14:0] n_paddr;
      bit [3:0] n_pstrb;
      bit [31:0] n_pwdata, n_k_ready, n_v_ready;
      bit [2:0] n_w_ready;
      if (u_dut.x_valid && u_dut.x_ready) pm_fp_token(u_dut.x, u_dut.ex, u_dut.e0, u_dut.keep, u_dut.lut, u_dut.bias);
      pm_fp_step(pready, prdata, pslverr, irq, n_psel, n_penable, n_pwrite, n_paddr, n_pstrb, n_pwdata, wr_valid, n_wr_ready,
                 32'(wr_token), wr_k, wr_v, n_w_ready, n_k_ready, n_v_ready);
      psel     <= n_psel;
      penable  <= n_penable;
      pwrite   <= n_pwrite;
      paddr    <= n_paddr;
      pstrb    <= n_pstrb;
      pwdata   <= n_pwdata;
      wr_ready <= n_wr_ready;
      w_ready  <= n_w_ready;
      k_ready  <= n_k_ready;
      v_ready  <= n_v_ready;
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
        pm_fp_read_w(a, w_valid[Port], w_wl[Port*XRows+:XRows], w_dwl[Port*7+:7], w_side[Port*6+:6], cmp);
        w_cmp[a*D*64+:D*64] <= cmp;
      end
    end
  end
  for (genvar h = 0; h < Heads; h++) begin : g_kv
    always @(negedge clk_i) begin
      if (rst_ni && (k_valid[h] ? k_ready[h] : k_side[h*6+5])) begin
        bit [MaxTokens*Kvb*8-1:0] cmp;
        pm_fp_read_k(h, k_valid[h], k_wl[h*QRows+:QRows], k_dwl[h*7+:7], k_side[h*6+:6], cmp);
        k_cmp[h*MaxTokens*Kvb*8+:MaxTokens*Kvb*8] <= cmp;
      end
    end
    always @(negedge clk_i) begin
      if (rst_ni && (v_valid[h] ? v_ready[h] : v_side[h*6+5])) begin
        bit [Dk*Kvb*8-1:0] cmp;
        pm_fp_read_v(h, v_valid[h], v_wl[h*MaxTokens+:MaxTokens], v_dwl[h*7+:7], v_side[h*6+:6], cmp);
        v_cmp[h*Dk*Kvb*8+:Dk*Kvb*8] <= cmp;
      end
    end
  end
endmodule

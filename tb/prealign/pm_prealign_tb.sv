// SPDX-License-Identifier: Apache-2.0
/// pm_prealign and pm_fp_norm behind DPI: prealign_rtl.c drives one of the two at a time.
module pm_prealign_tb #(
    parameter int unsigned E = 8,
    parameter int unsigned M = 7,
    parameter int unsigned B = 12,
    parameter int unsigned Lanes = 16,
    parameter int unsigned MaxK = 64,
    parameter int unsigned DpvW = 40,
    parameter int unsigned PW = 10
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned W = 1 + E + M;

  /// Which of the two is driven in this run.
  import "DPI-C" function bit pm_prealign_tb_norms();
  import "DPI-C" function void pm_prealign_elaborated(
    input  int e,
    input  int m,
    input  int b,
    input  int lanes,
    input  int max_k,
    input  int dpv_w,
    input  int p_w,
    output bit round
  );
  import "DPI-C" function void pm_prealign_step(
    input bit u_ready,
    output bit u_valid,
    output bit [Lanes*W-1:0] u,
    output bit u_last,
    input bit q_valid,
    output bit q_ready,
    input bit [Lanes*B-1:0] q,
    input bit [E-1:0] emax,
    input bit q_last,
    input bit inexact,
    input bit special
  );
  import "DPI-C" function void pm_fp_norm_step(
    input bit x_ready,
    output bit x_valid,
    output bit [DpvW-1:0] dpv,
    output bit [PW-1:0] p,
    input bit y_valid,
    output bit y_ready,
    input bit [31:0] y,
    input bit uf,
    input bit of
  );

  bit round, u_valid, u_ready, u_last, q_valid, q_ready, q_last, inexact, special;
  bit [Lanes*W-1:0] u;
  bit [Lanes*B-1:0] q;
  bit [E-1:0] emax;
  bit x_valid, x_ready, y_valid, y_ready, uf, of;
  bit [DpvW-1:0] dpv;
  bit [PW-1:0] p;
  bit [31:0] y;

  pm_prealign #(
      .E(E),
      .M(M),
      .B(B),
      .Lanes(Lanes),
      .MaxK(MaxK)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .round_i(round),
      .u_valid_i(u_valid),
      .u_ready_o(u_ready),
      .u_i(u),
      .u_last_i(u_last),
      .q_valid_o(q_valid),
      .q_ready_i(q_ready),
      .q_o(q),
      .emax_o(emax),
      .q_last_o(q_last),
      .inexact_o(inexact),
      .special_o(special)
  );

  pm_fp_norm #(
      .DpvW(DpvW),
      .PW  (PW)
  ) u_norm (
      .clk_i,
      .rst_ni,
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .dpv_i(dpv),
      .p_i(p),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y),
      .uf_o(uf),
      .of_o(of)
  );

  initial pm_prealign_elaborated(E, M, B, Lanes, MaxK, DpvW, PW, round);

  always @(posedge clk_i) begin
    if (rst_ni && pm_prealign_tb_norms()) begin
      bit next_valid, next_ready;
      bit [DpvW-1:0] next_dpv;
      bit [  PW-1:0] next_p;
      pm_fp_norm_step(x_ready, next_valid, next_dpv, next_p, y_valid, next_ready, y, uf, of);
      x_valid <= next_valid;
      dpv <= next_dpv;
      p <= next_p;
      y_ready <= next_ready;
    end else if (rst_ni) begin
      bit next_valid, next_last, next_ready;
      bit [Lanes*W-1:0] next_u;
      pm_prealign_step(u_ready, next_valid, next_u, next_last, q_valid, next_ready, q, emax, q_last, inexact, special);
      u_valid <= next_valid;
      u <= next_u;
      u_last <= next_last;
      q_ready <= next_ready;
    end
  end
endmodule

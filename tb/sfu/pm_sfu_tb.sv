// SPDX-License-Identifier: Apache-2.0
/// pm_sfu and its two memories behind DPI.
module pm_sfu_tb #(
    parameter int unsigned Lanes = 8,
    parameter int unsigned MaxN = 512,
    parameter int unsigned AW = 32,
    parameter int unsigned Functions = 63
) (
    input bit clk_i,
    input bit rst_ni
);
  localparam int unsigned Depth = (MaxN + Lanes - 1) / Lanes + 72;
  localparam int unsigned AddrW = $clog2(Depth);
  localparam int unsigned RowW = Lanes * (AW + 1) + 1;
  localparam int unsigned HalfW = Lanes * 16 + 1;

  import "DPI-C" function void pm_sfu_elaborated(
    input int lanes,
    input int max_n,
    input int a_w,
    input int functions,
    output bit [2:0] f,
    output bit [1:0] kind,
    output bit gate,
    output bit [4:0] bits,
    output bit [15:0] m,
    output bit [8:0] e,
    output bit [13:0] n
  );
  import "DPI-C" function void pm_sfu_step(
    input bit x_ready,
    output bit x_valid,
    output bit [Lanes*AW-1:0] x,
    output bit [Lanes-1:0] keep,
    output bit x_last,
    input bit b_ready,
    output bit b_valid,
    output bit [Lanes*32-1:0] b,
    input bit y_valid,
    output bit y_ready,
    input bit [Lanes*16-1:0] y,
    input bit y_last,
    input bit [28:0] side
  );

  bit [2:0] f;
  bit [1:0] kind;
  bit gate;
  bit [4:0] bits;
  bit [15:0] m;
  bit [8:0] e;
  bit [13:0] n;
  bit x_valid, x_ready, x_last, b_valid, b_ready, y_valid, y_ready, y_last;
  bit [Lanes*AW-1:0] x;
  bit [Lanes-1:0] keep;
  bit [Lanes*32-1:0] b;
  bit [Lanes*16-1:0] y;
  bit [28:0] side;
  bit mem_we, mem_re, half_we, half_re;
  bit [AddrW-1:0] mem_waddr, mem_raddr, half_waddr, half_raddr;
  bit [RowW-1:0] mem_wdata, mem_rdata, mem[Depth];
  bit [HalfW-1:0] half_wdata, half_rdata, half[Depth];

  pm_sfu #(
      .Lanes(Lanes),
      .MaxN(MaxN),
      .AW(AW),
      .Functions(Functions)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .f_i(f),
      .kind_i(kind),
      .gate_i(gate),
      .bits_i(bits),
      .m_i(m),
      .e_i(e),
      .n_i(n),
      .x_valid_i(x_valid),
      .x_ready_o(x_ready),
      .x_i(x),
      .keep_i(keep),
      .x_last_i(x_last),
      .b_valid_i(b_valid),
      .b_ready_o(b_ready),
      .b_i(b),
      .y_valid_o(y_valid),
      .y_ready_i(y_ready),
      .y_o(y),
      .y_last_o(y_last),
      .side_o(side),
      .mem_we_o(mem_we),
      .mem_waddr_o(mem_waddr),
      .mem_wdata_o(mem_wdata),
      .mem_re_o(mem_re),
      .mem_raddr_o(mem_raddr),
      .mem_rdata_i(mem_rdata),
      .half_we_o(half_we),
      .half_waddr_o(half_waddr),
      .half_wdata_o(half_wdata),
      .half_re_o(half_re),
      .half_raddr_o(half_raddr),
      .half_rdata_i(half_rdata)
  );

  always @(posedge clk_i) begin
    if (mem_we) mem[mem_waddr] <= mem_wdata;
    if (mem_re) mem_rdata <= mem[mem_raddr];
    if (half_we) half[half_waddr] <= half_wdata;
    if (half_re) half_rdata <= half[half_raddr];
  end

  initial pm_sfu_elaborated(Lanes, MaxN, AW, Functions, f, kind, gate, bits, m, e, n);

  always @(posedge clk_i) begin
    if (rst_ni) begin
      bit next_x_valid, next_last, next_b_valid, next_ready;
      bit [Lanes*AW-1:0] next_x;
      bit [Lanes-1:0] next_keep;
      bit [Lanes*32-1:0] next_b;
      pm_sfu_step(x_ready, next_x_valid, next_x, next_keep, next_last, b_ready, next_b_valid, next_b, y_valid, next_ready, y, y_last,
                  side);
      x_valid <= next_x_valid;
      x <= next_x;
      keep <= next_keep;
      x_last <= next_last;
      b_valid <= next_b_valid;
      b <= next_b;
      y_ready <= next_ready;
    end
  end
endmodule

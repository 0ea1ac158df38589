// SPDX-License-Identifier: Apache-2.0
/// Multiplication in a digital RRAM array by NOR: micro-sequencer and reduction (HyFlexPIM's digital module, after FloatPIM).
///
/// Partial product a_i b_j = NOR(~a_i, ~b_j) takes a lane of three columns: ~a_i, ~b_j, result. A row of the array takes five
/// clocks: write ~a, write ~b, preset the results to 1, NOR, read; the source says four for writing and one for reading, their
/// order is chosen here. Where a row has lanes for several
/// multiplications they go side by side; where it has fewer than ABits*BBits, one multiplication goes over several rows. Full
/// throughput: 5 * Rows clocks for Mults products, the next operands are taken in the last read.
module pm_nor_pim #(
    /// Bits of a, 4..16.
    parameter int unsigned ABits = 8,
    /// Bits of b, 4..16.
    parameter int unsigned BBits = 8,
    /// Columns of the array, at least 3.
    parameter int unsigned Cols = 192,
    localparam int unsigned Lanes = Cols / 3,
    localparam int unsigned Products = ABits * BBits,
    localparam int unsigned Mults = Lanes >= Products ? Lanes / Products : 1,
    localparam int unsigned Rows = (Products + Lanes - 1) / Lanes,
    localparam int unsigned RowW = Rows > 1 ? $clog2(Rows) : 1,
    localparam int unsigned PW = ABits + BBits
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    /// Operands of Mults multiplications. Ready follows p_ready_i within the clock.
    input  logic                   valid_i,
    output logic                   ready_o,
    /// Multiplication m's a at [m*ABits +: ABits].
    input  logic [Mults*ABits-1:0] a_i,
    /// Multiplication m's b at [m*BBits +: BBits].
    input  logic [Mults*BBits-1:0] b_i,
    /// a is two's complement.
    input  logic                   a_signed_i,
    /// b is two's complement.
    input  logic                   b_signed_i,
    /// Strobe, of which one at most is 1: write operand a.
    output logic                   write_a_o,
    /// Strobe: write operand b.
    output logic                   write_b_o,
    /// Strobe: preset the result columns to 1.
    output logic                   preset_o,
    /// Strobe: NOR.
    output logic                   nor_o,
    /// Strobe: read.
    output logic                   read_o,
    /// The row of the array.
    output logic [       RowW-1:0] row_o,
    /// Data of lane k for its a or b column; 1 in lanes that are not in use.
    output logic [      Lanes-1:0] data_o,
    /// Result columns, in the clock of read_o.
    input  logic [      Lanes-1:0] result_i,
    /// Products.
    output logic                   p_valid_o,
    input  logic                   p_ready_i,
    /// ABits+BBits bits each, signed where one operand is.
    output logic [   Mults*PW-1:0] p_o
);
  if (ABits < 4 || ABits > 16 || BBits < 4 || BBits > 16 || Cols < 3) begin : g_range
    $error("pm_nor_pim: ABits and BBits must be 4..16, Cols at least 3");
  end

  localparam int unsigned Used = Mults * Products;

  logic [4:0] step_q, step;  // one-hot, in the order of the strobes
  logic [RowW-1:0] row_q;
  logic [Mults*ABits-1:0] a_q;
  logic [Mults*BBits-1:0] b_q;
  logic a_signed_q, b_signed_q, busy, read_wait, last_row, done, accept, p_valid_q;
  logic [Rows*Lanes-1:0] not_a, not_b, product;
  logic [Mults*PW-1:0] p_d, p_q;

  assign busy      = step_q != '0;
  assign last_row  = row_q == RowW'(Rows - 1);
  // The last read waits for the result register.
  assign read_wait = step_q[4] && last_row && p_valid_q && !p_ready_i;
  assign step      = read_wait ? '0 : step_q;
  assign done      = step[4] && last_row;
  assign ready_o   = !busy || done;
  assign accept    = valid_i && ready_o;

  always_comb {read_o, nor_o, preset_o, write_b_o, write_a_o} = step;
  assign row_o     = row_q;
  assign p_valid_o = p_valid_q;
  assign p_o       = p_q;

  // Partial product n = i * BBits + j of multiplication m is in lane m * Products + n, counted over all rows.
  always_comb begin
    not_a = '1;
    not_b = '1;
    for (int unsigned k = 0; k < Used; k++) begin
      not_a[k] = !a_q[k/Products*ABits+k%Products/BBits];
      not_b[k] = !b_q[k/Products*BBits+k%BBits];
    end
    data_o = write_b_o ? not_b[row_q*Lanes+:Lanes] : not_a[row_q*Lanes+:Lanes];
  end

  // Earlier rows' products wait for the last row's.
  if (Rows > 1) begin : g_rows
    logic [(Rows-1)*Lanes-1:0] earlier_q;
    always_ff @(posedge clk_i) begin
      for (int unsigned r = 0; r < Rows - 1; r++) begin
        if (step[4] && row_q == RowW'(r)) earlier_q[r*Lanes+:Lanes] <= result_i;
      end
    end
    assign product = {result_i, earlier_q};
  end else begin : g_row
    assign product = result_i;
  end

  for (genvar m = 0; m < Mults; m++) begin : g_mult
    pm_nor_reduce #(
        .ABits(ABits),
        .BBits(BBits)
    ) u_reduce (
        .product_i (product[m*Products+:Products]),
        .a_signed_i(a_signed_q),
        .b_signed_i(b_signed_q),
        .p_o       (p_d[m*PW+:PW])
    );
  end
  if (Rows * Lanes > Used) begin : g_unused
    logic unused;
    assign unused = ^product[Rows*Lanes-1:Used];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      step_q    <= '0;
      row_q     <= '0;
      p_valid_q <= 1'b0;
    end else begin
      if (accept) begin
        step_q <= 5'd1;
        row_q  <= '0;
      end else if (done) step_q <= '0;
      else if (!read_wait) begin
        step_q <= {step_q[3:0], step_q[4]};
        if (step_q[4]) row_q <= row_q + 1'b1;
      end
      if (done) p_valid_q <= 1'b1;
      else if (p_ready_i) p_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      a_q        <= a_i;
      b_q        <= b_i;
      a_signed_q <= a_signed_i;
      b_signed_q <= b_signed_i;
    end
    if (done) p_q <= p_d;
  end

`ifdef PERIMETER_FORMAL
  `include "pm_nor_pim_fv.svh"
`endif
endmodule

// pm_nor_pim with an array whose NOR can only clear a preset result: every product is the product, for all operands and
// signednesses; strobes come in order, one at a time. Requests and results stall as they like.
module pm_nor_pim_fv #(
    parameter int unsigned ABits = 4,
    parameter int unsigned BBits = 4,
    parameter int unsigned Cols = 48
) (
    input logic             clk_i,
    input logic             rst_ni,
    input logic             valid_i,
    input logic             p_ready_i,
    input logic [ABits-1:0] a_i,
    input logic [BBits-1:0] b_i,
    input logic             a_signed_i,
    input logic             b_signed_i
);
  localparam int unsigned Lanes = Cols / 3;
  localparam int unsigned Rows = (ABits * BBits + Lanes - 1) / Lanes;
  localparam int unsigned RowW = Rows > 1 ? $clog2(Rows) : 1;
  localparam int unsigned PW = ABits + BBits;
  logic ready, p_valid;
  logic [4:0] strobes;
  logic [RowW-1:0] row;
  logic [Lanes-1:0] data, ca_q, cb_q, cr_q;
  logic [PW-1:0] p;

  pm_nor_pim #(
      .ABits(ABits),
      .BBits(BBits),
      .Cols (Cols)
  ) u_dut (
      .clk_i,
      .rst_ni,
      .valid_i,
      .ready_o(ready),
      .a_i,
      .b_i,
      .a_signed_i,
      .b_signed_i,
      .write_a_o(strobes[0]),
      .write_b_o(strobes[1]),
      .preset_o(strobes[2]),
      .nor_o(strobes[3]),
      .read_o(strobes[4]),
      .row_o(row),
      .data_o(data),
      .result_i(cr_q),
      .p_valid_o(p_valid),
      .p_ready_i,
      .p_o(p)
  );

  logic init_q = 1'b1;
  always_ff @(posedge clk_i) init_q <= 1'b0;
  always_comb if (init_q) assume (!rst_ni);
  always_comb if (!init_q) assume (rst_ni);

  // One row of cells serves: each row is written, preset and read before the next begins.
  always_ff @(posedge clk_i) begin
    if (strobes[0]) ca_q <= data;
    if (strobes[1]) cb_q <= data;
    if (strobes[2]) cr_q <= '1;
    if (strobes[3]) cr_q <= cr_q & ~(ca_q | cb_q);
  end

  // The operands that were taken; the next come no earlier than the result.
  logic signed [PW+1:0] a_q, b_q, want_q;
  logic [4:0] due_q;
  logic [7:0] row_due_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      due_q     <= 5'd1;
      row_due_q <= '0;
    end else if (strobes != '0) begin
      due_q <= {due_q[3:0], due_q[4]};
      if (strobes[4]) row_due_q <= row_due_q == 8'(Rows - 1) ? 8'd0 : row_due_q + 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (valid_i && ready) begin
      a_q <= $signed({{BBits + 2{a_signed_i && a_i[ABits-1]}}, a_i});
      b_q <= $signed({{ABits + 2{b_signed_i && b_i[BBits-1]}}, b_i});
    end
    if (strobes[4]) want_q <= a_q * b_q;
  end

  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      in_order: assert (strobes == '0 || (strobes == due_q && 8'(row) == row_due_q));
      // A result that waits is overtaken by no read but the one that replaces it.
      is_product: assert (!p_valid || row_due_q != 0 || p == want_q[PW-1:0]);
`ifdef CANARY
      canary: assert (!(p_valid && p == PW'(15)));
`endif
      back_to_back: cover (p_valid && strobes[4]);
    end
  end
endmodule

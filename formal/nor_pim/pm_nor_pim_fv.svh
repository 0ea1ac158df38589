// SPDX-License-Identifier: Apache-2.0
// pm_nor_pim with an array whose NOR can only clear a preset result, by induction: every multiplication taken gives its product, once,
// in order, stable while it waits, for all operands and signednesses; strobes come in order, one at a time, five a row.
// Requests and results stall as they like.
logic fv_init_q = 1'b1;
// One row of cells serves: each row is written, preset and read before the next begins.
logic [Lanes-1:0] fv_a_q, fv_b_q, fv_result_q;
// The operands as they came, their partial products lane by lane, the product that the array works on and the one that is offered.
logic [Mults*ABits-1:0] fv_op_a_q;
logic [Mults*BBits-1:0] fv_op_b_q;
logic fv_a_signed_q, fv_b_signed_q;
logic [Rows*Lanes-1:0] fv_not_a, fv_not_b;
logic [Mults*PW-1:0] fv_want, fv_want_q;
logic [3:0] fv_in_q, fv_out_q;

always_comb begin
  logic signed [PW+1:0] a, b;
  fv_not_a = '1;
  fv_not_b = '1;
  a = '0;
  b = '0;
  for (int unsigned m = 0; m < Mults; m++) begin
    for (int unsigned i = 0; i < ABits; i++) begin
      for (int unsigned j = 0; j < BBits; j++) begin
        fv_not_a[(m*ABits+i)*BBits+j] = !fv_op_a_q[m*ABits+i];
        fv_not_b[(m*ABits+i)*BBits+j] = !fv_op_b_q[m*BBits+j];
      end
    end
    a = {{BBits + 2{fv_a_signed_q && fv_op_a_q[m*ABits+ABits-1]}}, fv_op_a_q[m*ABits+:ABits]};
    b = {{ABits + 2{fv_b_signed_q && fv_op_b_q[m*BBits+BBits-1]}}, fv_op_b_q[m*BBits+:BBits]};
    a = a * b;
    fv_want[m*PW+:PW] = a[PW-1:0];
  end
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (write_a_o) fv_a_q <= data_o;
  if (write_b_o) fv_b_q <= data_o;
  if (preset_o) fv_result_q <= '1;
  if (nor_o) fv_result_q <= fv_result_q & ~(fv_a_q | fv_b_q);
  if (valid_i && ready_o) {fv_op_a_q, fv_op_b_q, fv_a_signed_q, fv_b_signed_q} <= {a_i, b_i, a_signed_i, b_signed_i};
  if (read_o && row_o == RowW'(Rows - 1)) fv_want_q <= fv_want;
  fv_in_q  <= rst_ni ? fv_in_q + 4'(valid_i && ready_o) : '0;
  fv_out_q <= rst_ni ? fv_out_q + 4'(p_valid_o && p_ready_i) : '0;
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(p_valid_o && !p_ready_i)) assert (p_valid_o && $stable(p_o));
    if ($past({read_o, nor_o, preset_o, write_b_o, write_a_o}) != 0 && !$past(read_o && row_o == RowW'(Rows - 1)))
      in_order : assert ({read_o, nor_o, preset_o, write_b_o, write_a_o} == {$past({nor_o, preset_o, write_b_o, write_a_o}), $past(read_o)} || step == 0);
    if ($past(valid_i && ready_o)) begins : assert (write_a_o && row_o == 0);
  end
end

for (genvar r = 0; r < Rows; r++) begin : g_fv_row
  logic [Lanes-1:0] products;
  assign products = ~(fv_not_a[r*Lanes+:Lanes] | fv_not_b[r*Lanes+:Lanes]);
  always_comb if (!fv_init_q && rst_ni && busy && row_q == RowW'(r)) begin
    if (!step_q[0]) assert (fv_a_q == fv_not_a[r*Lanes+:Lanes]);
    if (step_q[4:2] != 0) assert (fv_b_q == fv_not_b[r*Lanes+:Lanes]);
    if (step_q[3]) assert (fv_result_q == '1);
    if (step_q[4]) assert (fv_result_q == products);
  end
  if (r < Rows - 1) begin : g_earlier
    always_comb if (!fv_init_q && rst_ni && busy && row_q > RowW'(r))
      assert (g_rows.earlier_q[r*Lanes+:Lanes] == products);
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  assume (result_i == fv_result_q);
  if (!fv_init_q && rst_ni) begin
    one_at_a_time : assert ((step_q & (step_q - 5'd1)) == 0);
    row_in_range : assert (row_q <= RowW'(Rows - 1));
    if (busy) operands : assert (a_q == fv_op_a_q && b_q == fv_op_b_q && a_signed_q == fv_a_signed_q && b_signed_q == fv_b_signed_q);
    each_once : assert (fv_in_q == fv_out_q + 4'(busy) + 4'(p_valid_o));
    if (p_valid_o) is_product : assert (p_o == fv_want_q);
    // Only a result that waits holds the sequence.
    if (step != step_q) waits : assert (p_valid_o && !p_ready_i && step_q[4]);
    cover (p_valid_o && !p_ready_i && step_q[4]);
    cover (p_valid_o && fv_out_q == 1);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(p_valid_o && p_o[PW-1:0] == PW'(15)));
`endif
end

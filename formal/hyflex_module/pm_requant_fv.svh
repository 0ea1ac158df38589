// SPDX-License-Identifier: Apache-2.0
// By induction, for sums of four bits, multipliers of two bits in each byte, every shift: a beat that is taken comes once, in order, with its tag, rounded and limited as
// long division by 2^s in more bits has it.
`ifdef TOP_pm_requant  // in a chain its tags are not the beats' numbers
logic fv_init_q = 1'b1;
logic [3:0] fv_in_q, fv_out_q;
logic [2:0] fv_inside;
logic [15:0] fv_m_q;
logic [5:0] fv_s_q;
// The y of each register, and the tag's number.
logic signed [63:0] fv_product;
logic [7:0] fv_want, fv_want1_q, fv_want_q;

// Sums of four bits.
function logic fv_small(input logic [31:0] y);
  fv_small = y[31:3] == '0 || y[31:3] == '1;
endfunction
assign fv_inside = 3'(valid_q[0]) + 3'(valid_q[1]) + 3'(valid_q[2]) + 3'(valid_q[3]) + 3'(valid_q[4]) + 3'(valid_q[5]);
always_comb begin
  logic signed [63:0] y, half;
  y = 64'($signed(y4_q[31:0]));
  half = s_i == '0 ? '0 : 64'd1 << (s_i - 1'b1);
  fv_product = y * $signed({48'd0, m_i}) + half;
  fv_product = fv_product >>> s_i;
  fv_want = fv_product > 127 ? 8'd127 : fv_product < -128 ? 8'h80 : fv_product[7:0];
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_in_q   <= rst_ni ? fv_in_q + 4'(valid_i && ready_o) : '0;
  fv_out_q  <= rst_ni ? fv_out_q + 4'(valid_o && ready_i) : '0;
  fv_m_q    <= m_i;
  fv_s_q    <= s_i;
  if (move) {fv_want_q, fv_want1_q} <= {fv_want1_q, fv_want};
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(valid_o && !ready_i)) stable : assert (valid_o && $stable(q_o) && $stable(y_o) && $stable(tag_o));
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  // Tags are the beats' numbers.
  assume (tag_i == TagW'(fv_in_q));
  if (!fv_init_q) assume (m_i == fv_m_q && s_i == fv_s_q);
  assume (s_i <= 47 && (m_i & 16'hFCFC) == '0 && $signed(y_i[31:0]) >= -8 && $signed(y_i[31:0]) < 8);
  if (!fv_init_q && rst_ni) begin
    no_loss : assert (fv_in_q == fv_out_q + 4'(fv_inside));
    if (valid_q[5]) in_order : assert (tag_o == TagW'(fv_out_q) && q_o == fv_want_q);
    if (valid_q[4]) assert (tag5_q == TagW'(fv_out_q + 4'(valid_q[5])) && q == fv_want1_q);
    if (valid_q[3]) assert (tag4_q == TagW'(fv_out_q + 4'(valid_q[4]) + 4'(valid_q[5])) && fv_small(y4_q) &&
        $signed(product_q) == 49'($signed(y4_q[31:0])) * 49'($signed({1'b0, m_i})));
    if (valid_q[2]) assert (tag3_q == TagW'(fv_in_q - 4'(valid_q[0]) - 4'(valid_q[1]) - 1'b1) && fv_small(y3_q) &&
        half_q[31:0] == {16'd0, y3_q[15:0]} * 32'(m_i) && half_q[63:32] == 32'($signed(y3_q[31:16])) * 32'(m_i));
    if (valid_q[1]) assert (tag2_q == TagW'(fv_in_q - 4'(valid_q[0]) - 1'b1) && fv_small(y2_q));
    if (valid_q[0]) assert (tag1_q == TagW'(fv_in_q - 1'b1) && fv_small(y1_q));
    for (int unsigned i = 0; i < 2; i++)
      if (valid_q[1]) assert (pair_q[i*24+:24] == {8'd0, y2_q[15:0]} * 24'(m_i[i*8+:8]) && pair_q[48+i*24+:24] == 24'($signed(y2_q[31:16])) * 24'(m_i[i*8+:8]));
    for (int unsigned i = 0; i < 4; i++)
      if (valid_q[0]) assert (part_q[i*20+:20] == {4'd0, y1_q[15:0]} * 20'(m_i[i*4+:4]) && part_q[80+i*20+:20] == 20'($signed(y1_q[31:16])) * 20'(m_i[i*4+:4]));
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(valid_o && q_o == 8'd5));
`endif
end
`endif

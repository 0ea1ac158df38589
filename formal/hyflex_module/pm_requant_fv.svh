// SPDX-License-Identifier: Apache-2.0
// By induction, for sums of four bits, multipliers of two bits in each byte, every shift: a beat that is taken comes once, in order, with its tag, rounded and limited as
// long division by 2^s in more bits has it.
logic fv_init_q = 1'b1;
logic [3:0] fv_in_q, fv_out_q;
logic [1:0] fv_inside;
logic [15:0] fv_m_q;
logic [5:0] fv_s_q;
// The y of each register, and the tag's number.
logic signed [63:0] fv_product;
logic [7:0] fv_want, fv_want_q;

assign fv_inside = 2'(valid_q[0]) + 2'(valid_q[1]) + 2'(valid_q[2]);
always_comb begin
  logic signed [63:0] y, half;
  y = 64'($signed(y2_q[31:0]));
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
  if (move) fv_want_q <= fv_want;
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
    if (valid_q[2]) in_order : assert (tag_o == TagW'(fv_out_q) && q_o == fv_want_q);
    if (valid_q[1]) assert (tag2_q == TagW'(fv_out_q + 4'(valid_q[2])));
    if (valid_q[0]) assert (tag1_q == TagW'(fv_in_q - 1'b1));
    if (valid_q[1]) assert ($signed(product_q) == 49'($signed(y2_q[31:0])) * 49'($signed({1'b0, m_i})) && $signed(y2_q[31:0]) >= -8 && $signed(y2_q[31:0]) < 8);
    if (valid_q[0]) assert (low_q == 40'($signed(y1_q[31:0])) * 40'(m_i[7:0]) && high_q == 40'($signed(y1_q[31:0])) * 40'(m_i[15:8]) && $signed(y1_q[31:0]) >= -8 && $signed(y1_q[31:0]) < 8);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(valid_o && q_o == 8'd5));
`endif
end

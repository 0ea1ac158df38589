// SPDX-License-Identifier: Apache-2.0
// Against a queue of two words, which shows its oldest: what is offered, given and held is the same in every clock.
logic fv_init_q = 1'b1;
logic [1:0] fv_count_q;
logic [2*Width-1:0] fv_words_q;

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) fv_count_q <= '0;
  else fv_count_q <= fv_count_q + 2'(valid_i && ready_o) - 2'(valid_o && ready_i);
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (valid_o && ready_i) fv_words_q <= fv_count_q == 2'd1 ? {fv_words_q[2*Width-1:Width], data_i} : {data_i, fv_words_q[2*Width-1:Width]};
  else if (fv_count_q == 0) fv_words_q[Width-1:0] <= data_i;
  else if (fv_count_q == 2'd1) fv_words_q[2*Width-1:Width] <= data_i;
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q && rst_ni) begin
    offers : assert (valid_o == (fv_count_q != 0));
    takes : assert (ready_o == (fv_count_q != 2'd2));
    oldest : assert (fv_count_q == 0 || data_o == fv_words_q[Width-1:0]);
    next : assert (fv_count_q < 2'd2 || skid_q == fv_words_q[2*Width-1:Width]);
    two_at_most : assert (fv_count_q <= 2'd2 && (skid_valid_q == (fv_count_q == 2'd2)));
  end
end
`ifdef TARGET_common
always_comb if (!fv_init_q && rst_ni) begin
  cover (fv_count_q == 2'd2 && ready_i && valid_i);
`ifdef CANARY
  canary : assert (!(fv_count_q == 2'd2 && data_o == '1));
`endif
end
`endif

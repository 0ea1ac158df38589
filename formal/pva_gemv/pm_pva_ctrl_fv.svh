// SPDX-License-Identifier: Apache-2.0
// pm_pva_ctrl, by induction, with any table: bits ascend, in each the digits descend, in each pair groups of N rows follow each
// other, of which the last may be shorter, until all rows in use were read once: the groups partition them. An access shows its
// plane of its vector within its group, at most N lines, with what belongs to its place; it stands until it is taken; the next
// vector's first access follows the last one without a bubble. With a legal table (N >= 8<<k) and all rows of a multiple of 64, a
// pair has at most Rows/(8<<k) accesses, which pm_pva_acc_fv.svh takes from here.
logic fv_init_q = 1'b1;
localparam int unsigned FvW = 12;
(* anyconst *) logic [Places*12-1:0] fv_table;
(* anyconst *) logic [9:0] fv_rows;
(* anyconst *) logic fv_signed;

// The access that is due at the output: bit, digit, first row; the vector that it is of; rows that the pair has read.
logic [BitW-1:0] fv_bit_q, fv_next_bit;
logic [DigitW-1:0] fv_digit_q, fv_next_digit;
logic [FvW-1:0] fv_from_q, fv_next_from, fv_to, fv_n;
logic [1:0] fv_k;
logic [Rows*XBits-1:0] fv_x_q, fv_x_in_q;
logic [Rows-1:0] fv_read_q, fv_group, fv_used;
logic [FvW:0] fv_weight_q;  // of the pair: the sum of 8<<k
logic fv_final, fv_pair_last, fv_done;

assign fv_done = wl_valid_o && wl_ready_i;
always_comb begin
  {fv_k, fv_n[9:0]} = fv_table[(32'(fv_bit_q)+2*32'(fv_digit_q))*12+:12];
  fv_n[FvW-1:10] = '0;
  fv_to = fv_from_q + fv_n;
  fv_pair_last = fv_to >= FvW'(fv_rows);
  fv_final = fv_pair_last && fv_digit_q == '0 && fv_bit_q == BitW'(XBits - 1);
  {fv_next_bit, fv_next_digit, fv_next_from} = {fv_bit_q, fv_digit_q, fv_to};
  if (fv_pair_last) begin
    fv_next_from = '0;
    fv_next_digit = fv_digit_q == '0 ? DigitW'(Digits - 1) : fv_digit_q - 1'b1;
    if (fv_digit_q == '0) fv_next_bit = fv_bit_q == BitW'(XBits - 1) ? '0 : fv_bit_q + 1'b1;
  end
  for (int unsigned r = 0; r < Rows; r++) begin
    fv_used[r] = r < 32'(fv_rows);
    fv_group[r] = r >= 32'(fv_from_q) && r < 32'(fv_to) && fv_used[r];
  end
end

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (x_valid_i && x_ready_o) fv_x_in_q <= x_i;
  if (take && plan_first_q) fv_x_q <= fv_x_in_q;
  if (!rst_ni) begin
    {fv_bit_q, fv_from_q, fv_read_q, fv_weight_q} <= '0;
    fv_digit_q <= DigitW'(Digits - 1);
  end else if (fv_done) begin
    {fv_bit_q, fv_digit_q, fv_from_q} <= {fv_next_bit, fv_next_digit, fv_next_from};
    fv_read_q <= fv_pair_last ? '0 : fv_read_q | fv_group;
    fv_weight_q <= fv_pair_last ? '0 : fv_weight_q + ((FvW + 1)'(8) << fv_k);
  end
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(wl_valid_o && !wl_ready_i))
      holds : assert (wl_valid_o && $stable({wl_o, digit_o, place_o, k_o, neg_o, first_o, last_o}));
    if ($past(x_valid_i && x_ready_o && !valid_q)) starts : assert ($past(full_q) || full_q);
    if ($past(fv_done && !last_o)) no_bubble : assert (wl_valid_o);
    if ($past(fv_done && last_o && full_q)) no_bubble_between : assert (wl_valid_o);
  end
end

// Positions: of the planned access, and of the next to be planned, from the one that is due.
logic [BitW-1:0] fv_plan_bit;
logic [DigitW-1:0] fv_plan_digit;
logic [FvW-1:0] fv_plan_from, fv_plan_to, fv_plan_n;
logic [1:0] fv_plan_k;
logic fv_plan_pair, fv_plan_last;
always_comb begin
  {fv_plan_bit, fv_plan_digit, fv_plan_from} = valid_q ? {fv_next_bit, fv_next_digit, fv_next_from} :
      {fv_bit_q, fv_digit_q, fv_from_q};
  {fv_plan_k, fv_plan_n[9:0]} = fv_table[(32'(fv_plan_bit)+2*32'(fv_plan_digit))*12+:12];
  fv_plan_n[FvW-1:10] = '0;
  fv_plan_to = fv_plan_from + fv_plan_n;
  fv_plan_pair = fv_plan_to >= FvW'(fv_rows);
  fv_plan_last = fv_plan_pair && fv_plan_digit == '0 && fv_plan_bit == BitW'(XBits - 1);
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q) assume (rst_ni);
  assume (table_i == fv_table && rows_i == fv_rows && signed_i == fv_signed);
  assume (fv_rows >= 1 && 32'(fv_rows) <= Rows);
  for (int unsigned s = 0; s < Places; s++) begin
    assume (fv_table[s*12+:10] >= 1 && fv_table[s*12+:10] <= 512);
`ifdef FV_LEGAL
    assume (32'(fv_table[s*12+:10]) >= 32'd8 << fv_table[s*12+10+:2]);
`endif
  end
  if (!fv_init_q && rst_ni) begin
    in_range : assert (32'(fv_bit_q) < XBits && 32'(fv_digit_q) < Digits && fv_from_q < FvW'(fv_rows));
    for (int unsigned r = 0; r < Rows; r++) assert (fv_read_q[r] == (r < 32'(fv_from_q)));
    // The plan.
    if (full_q) begin
      planned : assert (plan_bit_q == fv_plan_bit && plan_digit_q == fv_plan_digit && FvW'(plan_from_q) == fv_plan_from);
      planned_to : assert (FvW'(plan_to_q) == (fv_plan_pair ? FvW'(fv_rows) : fv_plan_to));
      planned_side : assert (32'(plan_place_q) == 32'(fv_plan_bit) + 2 * 32'(fv_plan_digit) && plan_k_q == fv_plan_k &&
                             plan_neg_q == (fv_signed && fv_plan_bit == BitW'(XBits - 1)) && plan_last_q == fv_plan_last);
      planned_first : assert (plan_first_q == (fv_plan_bit == '0 && fv_plan_digit == DigitW'(Digits - 1) && fv_plan_from == '0));
      vector : assert (x_q == fv_x_in_q && (plan_first_q || fv_x_q == fv_x_in_q));
      if (fv_plan_last) next_first : assert (bit_q == '0 && digit_q == DigitW'(Digits - 1) && from_q == '0);
      else if (fv_plan_pair)
        next_pair : assert (from_q == '0 && digit_q == (fv_plan_digit == '0 ? DigitW'(Digits - 1) : fv_plan_digit - 1'b1) &&
                            bit_q == (fv_plan_digit == '0 ? fv_plan_bit + 1'b1 : fv_plan_bit));
      else next_group : assert (FvW'(from_q) == fv_plan_to && digit_q == fv_plan_digit && bit_q == fv_plan_bit);
      follows : assert (valid_q || plan_first_q);
    end else begin
      idle : assert (bit_q == '0 && digit_q == DigitW'(Digits - 1) && from_q == '0);
      done : assert (valid_q ? fv_final : fv_bit_q == '0 && fv_digit_q == DigitW'(Digits - 1) && fv_from_q == '0);
    end
    if (valid_q && full_q) starts_anew : assert (plan_first_q == fv_final);
    // The access.
    if (wl_valid_o) begin
      for (int unsigned r = 0; r < Rows; r++) assert (wl_o[r] == (fv_group[r] && fv_x_q[r*XBits+32'(fv_bit_q)]));
      side : assert (digit_o == fv_digit_q && 32'(place_o) == 32'(fv_bit_q) + 2 * 32'(fv_digit_q) && k_o == fv_k &&
                     neg_o == (fv_signed && fv_bit_q == BitW'(XBits - 1)) && last_o == fv_final &&
                     first_o == (fv_bit_q == '0 && fv_digit_q == DigitW'(Digits - 1) && fv_from_q == '0));
      disjoint : assert ((fv_read_q & fv_group) == '0 && fv_group != '0);
      if (fv_pair_last) whole_pair : assert ((fv_read_q | fv_group) == fv_used);
    end
`ifdef FV_LEGAL
    // The pair's accesses so far, of 8<<k each, are not more than its rows.
    whole_places : assert ((fv_weight_q & (((FvW + 1)'(8) << fv_k) - 1'b1)) == '0 && fv_weight_q <= (FvW + 1)'(fv_from_q));
    budget : assert (fv_weight_q + ((FvW + 1)'(8) << fv_k) <= (FvW + 1)'(Rows));
`endif
    cover (wl_valid_o && last_o && full_q);
`ifdef CANARY
    canary : assert (!(wl_valid_o && fv_from_q != '0));
`endif
  end
end

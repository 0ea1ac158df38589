// SPDX-License-Identifier: Apache-2.0
// By induction, for matrices of every shape that the arrays hold: each array's halves are taken once, in order, vector after vector;
// a column's row tiles add up without wrapping; every output of the matrix comes once, in order, the last one of a vector is marked,
// zeros stand behind it, and outputs stand while they wait.
logic fv_init_q = 1'b1;
logic [ArrayW-1:0] fv_rows_q;
logic [PerW-1:0] fv_per_q;
logic [LeftW-1:0] fv_outputs_q;
// One output of a column, and its sum in more bits.
(* anyconst *) logic [$clog2(Outputs)-1:0] fv_m;
logic signed [35:0] fv_sum_q, fv_term;
logic signed [35:0] fv_most;
logic [ArrayW-1:0] fv_terms_q;  // of it
logic [LeftW-1:0] fv_given_q;  // outputs of the vector that went
logic [ArrayW-1:0] fv_columns_q;  // columns of it that went or are shown
logic [LeftW+PerW-1:0] fv_before;

assign fv_term = 36'($signed(bus_i[32'(fv_m)%Half*AccW+:AccW]));
assign fv_most = 36'(fv_terms_q) << (AccW - 1);
assign fv_before = (LeftW + PerW)'(fv_columns_q) * (LeftW + PerW)'(per_i);

always_ff @(posedge clk_i) begin
  fv_init_q    <= 1'b0;
  fv_rows_q    <= row_tiles_i;
  fv_per_q     <= per_i;
  fv_outputs_q <= outputs_i;
  if (bus_valid_i && half_q == (32'(fv_m) >= Half)) fv_sum_q <= fv_term + (row_q == '0 ? '0 : fv_sum_q);
  if (bus_valid_i && half_q == (32'(fv_m) >= Half)) fv_terms_q <= row_q == '0 ? ArrayW'(1) : fv_terms_q + 1'b1;
  if (!rst_ni) begin
    fv_given_q   <= '0;
    fv_columns_q <= '0;
  end else begin
    if (y_valid_o && y_ready_i) fv_given_q <= y_last_o ? '0 : fv_given_q + LeftW'(Lanes);
    if (column_sent) fv_columns_q <= y_last_o ? '0 : fv_columns_q + 1'b1;
  end
`ifdef TOP_pm_hyflex_join
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(y_valid_o && !y_ready_i)) stable : assert (y_valid_o && $stable(y_o) && $stable(y_last_o));
  end
`endif
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
`ifdef TOP_pm_hyflex_join
  if (!fv_init_q) assume (row_tiles_i == fv_rows_q && per_i == fv_per_q && outputs_i == fv_outputs_q);
  assume (row_tiles_i >= 1 && 32'(row_tiles_i) <= Arrays && per_i >= 1 && 32'(per_i) <= Outputs && 32'(per_i) % Lanes == 0);
  // The matrix's columns of arrays are all there.
  assume (outputs_i >= 1 && 32'(outputs_i) <= 32'(per_i) * (Arrays / (row_tiles_i == '0 ? 1 : 32'(row_tiles_i))));
  assume (!bus_valid_i || want_o);
`endif
  if (!fv_init_q && rst_ni) asked : assert (!bus_valid_i || want_o);
  if (!fv_init_q && rst_ni) begin
    rows : assert (row_q < row_tiles_i);
    halves : assert (!half_q || 32'(per_i) > Half);
    place : assert (32'(array_q) == (32'(fv_columns_q) + 32'(full_q)) * 32'(row_tiles_i) + 32'(row_q));
    if (full_q) shown : assert (row_q == '0 && !half_q && word_q < per_i && 32'(left_q) + 32'(fv_given_q) == 32'(outputs_i) && left_q >= 1);
    if (full_q) in_order : assert (32'(fv_given_q) == 32'(fv_before) + 32'(word_q));
    else if (fv_given_q != '0) assert (32'(fv_given_q) == 32'(fv_before) && 32'(left_q) + 32'(fv_given_q) == 32'(outputs_i) && left_q >= 1);
    else assert (fv_columns_q == '0);
`ifdef TOP_pm_hyflex_join
    if (fv_m < per_i && (full_q || row_q != '0 || (half_q && 32'(fv_m) < Half))) begin
      terms : assert (fv_terms_q == (full_q ? row_tiles_i : row_q + ArrayW'(half_q && 32'(fv_m) < Half)));
      bounded : assert (fv_sum_q <= fv_most && fv_sum_q >= -fv_most);
      never_wraps : assert (36'($signed(sum_q[fv_m*32+:32])) == fv_sum_q);
    end
    if (y_valid_o && Lanes == 1 && fv_m == word_q) is_sum : assert (36'($signed(y_o[31:0])) == fv_sum_q);
`endif
  end
`ifdef TOP_pm_hyflex_join
  if (!fv_init_q && rst_ni) cover (y_valid_o && y_last_o && fv_columns_q == 1);
`ifdef CANARY
  if (rst_ni) canary : assert (!(y_valid_o && y_last_o && fv_given_q == 1));
`endif
`endif
end

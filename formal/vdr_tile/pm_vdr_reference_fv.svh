// SPDX-License-Identifier: Apache-2.0
// What pm_vdr_reference answers is its definition, for every l, maximum, exponent and reference, by induction: the least number of
// halvings that lifts the reference to the tile's maximum, never less, and by less than one halving more; the answer stands until
// taken; ten clocks at most.
logic fv_init_q = 1'b1;
(* anyconst *) logic [11:0] fv_l;
logic signed [23:0] fv_reference_q;
logic fv_had_q;
logic [3:0] fv_age_q;
logic signed [25:0] fv_above;
logic [19:0] fv_all, fv_product_q; // quotient * l, by its bits
logic [25:0] fv_up, fv_less;

assign fv_above = 26'(top_q) - 26'(fv_reference_q);
// q * l, as a chain that grows with q's bits.
function logic [19:0] fv_times(input logic [5:0] q, input logic [11:0] l);
  fv_times = '0;
  for (int i = 5; i >= 0; i--) fv_times = {fv_times[18:0], 1'b0} + (q[i] ? 20'(l) : 20'd0);
endfunction

assign fv_all   = {fv_above[15:0], 4'b0} - 20'd9;
// Of q halvings, and of one less.
assign fv_up    = 26'((fv_product_q + 20'(l_i) + 20'd8) >> 4);
assign fv_less  = 26'((fv_product_q + 20'd8) >> 4);

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (state_q == Idle) begin
    fv_reference_q <= reference_i;
    fv_had_q       <= had_i;
    fv_age_q       <= 4'd1;
    fv_product_q   <= '0;
  end else fv_age_q <= fv_age_q + 4'(fv_age_q != '1);
  if (state_q == Divide && !last) fv_product_q <= {fv_product_q[18:0], 1'b0} + (ge ? 20'(l_i) : 20'd0);
  if (!fv_init_q && $past(rst_ni) && rst_ni && $past(valid_o && !ready_i))
    stable : assert (valid_o && $stable(had_o) && $stable(reference_o) && $stable(shift_o) && $stable(offset_o));
end

always_comb begin
  assume (l_i == fv_l && (l_i == 12'd1408 || l_i == 12'd2366 || l_i == 12'd2839));
  assume (shift_i <= 5'd23);
  // As every reference that this module gave: one halving above a maximum at most.
  assume (signed'(reference_i) >= -24'sd4194304 && signed'(reference_i) < 24'sd4194304 + 24'sd200);
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (!fv_init_q && rst_ni && state_q != Idle) begin
    if (state_q == Scale) begin
      unscaled : assert (up_q <= 5'd23 && fv_age_q == 4'd1 &&
          reference_q == fv_reference_q && had_q == fv_had_q);
    end else bounds : assert (top_q >= -24'sd4194304 && top_q <= 24'sd4161536);
    known : assert (fv_reference_q >= -24'sd4194304 && fv_reference_q < 24'sd4194504);
    if (state_q == Decide) taken : assert (reference_q == fv_reference_q && had_q == fv_had_q && fv_age_q == 4'd2);
    if (state_q == Divide) begin
      only_rises : assert (fv_had_q && had_q && some_q && fv_above > 0 && fv_above <= 26'(most) && step_q <= 3'd6 && offset_q == '0 &&
          reference_q == top_q && fv_age_q == 4'd3 + {1'b0, step_q});
      division : assert (fv_all == (fv_product_q << (4'd6 - {1'b0, step_q})) + {3'b0, rem_q} && fv_product_q <= 20'd113920);
      remainder : assert ({1'b0, rem_q} < {6'b0, l_i} << (4'd6 - {1'b0, step_q}));
      quotient : assert (fv_product_q == fv_times(q_q, l_i) && q_q >> step_q == '0);
      if (step_q <= 3'd6) multiple : assert ({1'b0, multiple_q} == (step_q == 3'd6 ? {7'b0, l_i[11:1]} : {6'b0, l_i} << (4'd5 - {1'b0, step_q})));
    end
    if (state_q == Done) begin
      remembers : assert (had_o == (fv_had_q || some_q));
      if (!some_q) nothing : assert (shift_o == 0 && reference_o == fv_reference_q);
      else if (!fv_had_q) first : assert (shift_o == 0 && reference_q == top_q && offset_o == 0);
      else if (fv_above <= 0) stays : assert (shift_o == 0 && reference_q == fv_reference_q && offset_o == (-fv_above > 2047 ? 11'd2047 : 11'(-fv_above)));
      else if (shift_o == 6'd63) wiped : assert (reference_q == top_q && offset_o == 0 && fv_above > 26'((26'd40 * 26'(l_i) + 26'd8) >> 4));
      else begin
        rises_by : assert (fv_product_q == fv_times(shift_o - 6'd1, l_i) && shift_o >= 1 && shift_o <= 40 && 26'(reference_q) == 26'(fv_reference_q) + $signed(fv_up));
        reaches : assert (26'(reference_q) - 26'(top_q) == 26'(offset_o));
        least : assert (fv_above > $signed(fv_less));
      end
      cover (shift_o == 6'd40 && offset_o == 11'd100);
      cover (shift_o == 6'd1 && offset_o == 11'd0);
    end
    in_time : assert (valid_o || fv_age_q <= 4'd9);
`ifdef CANARY
    canary : assert (!(state_q == Done && shift_o == 6'd3 && offset_o == 11'd5));
`endif
  end
end

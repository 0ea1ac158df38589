// SPDX-License-Identifier: Apache-2.0
// Properties of pm_kv_write: every token that is taken since clear_i is written once, under its number, which goes on with
// append_i, as the parse of
// its accumulators by clamp(M - ex, -31, 31); pins are stable until they are taken; the arrays never overflow; the flags
// are exactly "an element of a token that reached the pins saturated since clear_i", without tokens taken before it. The parse's
// halves are proven in formal/emsbq: here they are second instances on the token as it came, with its shift from arithmetic of 40 bits.
localparam int unsigned FvTokenW = 2 * D * W + ExpW + 10 + 1 + TW;
logic fv_init_q = 1'b1;
// The token behind the first register, and the one on the pins.
logic [2*FvTokenW-1:0] fv_token_q;
logic [2*D*Kvb-1:0] fv_k, fv_v;
logic [2*D-1:0] fv_k_sat, fv_v_sat;
logic [2*D*(Kvb+1)-1:0] fv_k_narrow, fv_v_narrow;
logic [2*D-1:0] fv_k_half, fv_v_half;
logic [9:0] fv_k_left, fv_v_left;
// Tokens taken and written since clear_i; those taken before it that are inside still; the flags.
logic [TW:0] fv_taken_q, fv_written_q;
logic fv_old1_q, fv_old2_q, fv_flag_k_q, fv_flag_v_q;

for (genvar i = 0; i < 2; i++) begin : g_fv
  logic [D*W-1:0] k, v;
  logic signed [ExpW-1:0] ex;
  logic [4:0] mk, mv;
  logic round;
  logic [TW-1:0] number;
  logic signed [39:0] exact_k, exact_v;
  logic signed [6:0] shift_k, shift_v;
  assign {k, v, ex, mk, mv, round, number} = fv_token_q[i*FvTokenW+:FvTokenW];
  always_comb begin
    exact_k = $signed({35'd0, mk}) - $signed({{(40 - ExpW) {ex[ExpW-1]}}, ex});
    exact_v = $signed({35'd0, mv}) - $signed({{(40 - ExpW) {ex[ExpW-1]}}, ex});
    shift_k = exact_k[39] ? (exact_k[38:5] != '1 || exact_k[4:0] == 0 ? 7'b1100001 : exact_k[6:0]) :
        (exact_k[38:5] != 0 ? 7'd31 : exact_k[6:0]);
    shift_v = exact_v[39] ? (exact_v[38:5] != '1 || exact_v[4:0] == 0 ? 7'b1100001 : exact_v[6:0]) :
        (exact_v[38:5] != 0 ? 7'd31 : exact_v[6:0]);
  end
  pm_msb_narrow #(.N(D), .W(W), .Bits(Kvb)) u_narrow_k (
      .x_i(k), .m_i(shift_k), .round_i(round), .v_o(fv_k_narrow[i*D*(Kvb+1)+:D*(Kvb+1)]), .half_o(fv_k_half[i*D+:D]),
      .left_o(fv_k_left[i*5+:5]));
  pm_msb_narrow #(.N(D), .W(W), .Bits(Kvb)) u_narrow_v (
      .x_i(v), .m_i(shift_v), .round_i(round), .v_o(fv_v_narrow[i*D*(Kvb+1)+:D*(Kvb+1)]), .half_o(fv_v_half[i*D+:D]),
      .left_o(fv_v_left[i*5+:5]));
  pm_msb_round #(.N(D), .Bits(Kvb)) u_round_k (
      .v_i(fv_k_narrow[i*D*(Kvb+1)+:D*(Kvb+1)]), .half_i(fv_k_half[i*D+:D]), .left_i(fv_k_left[i*5+:5]),
      .y_o(fv_k[i*D*Kvb+:D*Kvb]), .sat_o(fv_k_sat[i*D+:D]));
  pm_msb_round #(.N(D), .Bits(Kvb)) u_round_v (
      .v_i(fv_v_narrow[i*D*(Kvb+1)+:D*(Kvb+1)]), .half_i(fv_v_half[i*D+:D]), .left_i(fv_v_left[i*5+:5]),
      .y_o(fv_v[i*D*Kvb+:D*Kvb]), .sat_o(fv_v_sat[i*D+:D]));
end

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (write) begin
    fv_token_q[FvTokenW+:FvTokenW] <= fv_token_q[FvTokenW-1:0];
    fv_old2_q <= fv_old1_q;
  end
  if (in_valid_i && in_ready_o) begin
    fv_token_q[FvTokenW-1:0] <= {k_i, v_i, ex_i, mk_i, mv_i, round_i, fv_taken_q[TW-1:0]};
    fv_old1_q <= 1'b0;
  end
  if (clear_i) {fv_old1_q, fv_old2_q} <= '1;
  if (!rst_ni || clear_i) begin
    // Numbers go on with append_i, as if all before were written.
    fv_taken_q   <= rst_ni && append_i ? fv_taken_q : '0;
    fv_written_q <= rst_ni && append_i ? fv_taken_q : '0;
    {fv_flag_k_q, fv_flag_v_q} <= '0;
  end else begin
    fv_taken_q   <= fv_taken_q + (TW + 1)'(in_valid_i && in_ready_o);
    fv_written_q <= fv_written_q + (TW + 1)'(wr_valid_o && wr_ready_i && !fv_old2_q);
    if (write && !fv_old1_q) begin
      fv_flag_k_q <= fv_flag_k_q || fv_k_sat[D-1:0] != 0;
      fv_flag_v_q <= fv_flag_v_q || fv_v_sat[D-1:0] != 0;
    end
  end
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(wr_valid_o && !wr_ready_i))
      assert (wr_valid_o && $stable(wr_token_o) && $stable(wr_k_o) && $stable(wr_v_o));
    assert ($past(in_valid_i && in_ready_o) == (valid_q && !$past(valid_q && !write)));
    // A token moves on as soon as the pins are free.
    assert ($past(valid_q && (!wr_valid_o || wr_ready_i)) == (wr_valid_o && !$past(wr_valid_o && !wr_ready_i)));
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q && rst_ni) begin
    assert (count_o == fv_taken_q && count_q == fv_taken_q && count_q <= MaxTokens);
    assert (fv_taken_q == fv_written_q + (TW + 1)'(valid_q && !fv_old1_q) + (TW + 1)'(wr_valid_o && !fv_old2_q));
    if (valid_q) begin
      assert (old_q == fv_old1_q && token_q == fv_token_q[TW-1:0]);
      assert (k_q == fv_k_narrow[D*(Kvb+1)-1:0] && k_half_q == fv_k_half[D-1:0] && k_left_q == fv_k_left[4:0]);
      assert (v_q == fv_v_narrow[D*(Kvb+1)-1:0] && v_half_q == fv_v_half[D-1:0] && v_left_q == fv_v_left[4:0]);
      if (!fv_old1_q) assert (token_q == TW'(fv_written_q + (TW + 1)'(wr_valid_o && !fv_old2_q)));
    end else assert (!old_q);
    if (wr_valid_o) begin
      assert (wr_token_o == fv_token_q[FvTokenW+:TW] && wr_k_o == fv_k[D*Kvb+:D*Kvb] && wr_v_o == fv_v[D*Kvb+:D*Kvb]);
      if (!fv_old2_q) assert (wr_token_o == fv_written_q[TW-1:0]);
      if (valid_q && fv_old1_q) assert (fv_old2_q);
    end
    assert (k_sat_o == fv_flag_k_q && v_sat_o == fv_flag_v_q);
    assert (in_ready_o == (!clear_i && count_q != MaxTokens && (!valid_q || !wr_valid_o || wr_ready_i)));
    cover (count_q == MaxTokens && k_sat_o && !v_sat_o);
    cover (valid_q && old_q && wr_valid_o);
    cover (valid_q && !old_q && token_q == 2 && wr_valid_o && fv_old2_q);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (count_q != 2);
`endif
end

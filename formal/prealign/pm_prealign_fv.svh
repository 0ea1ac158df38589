// SPDX-License-Identifier: Apache-2.0
// The stream of pm_prealign, by induction: any one vector is followed through a buffer. Each of its beats comes out once, in order,
// as pm_align_parse and pm_align_round make it of the beat as it came, at the largest exponent of all its beats; flags and `last`
// are the vector's; a stalled output stands. Vectors are numbered modulo 16, of which at most four are inside.
logic fv_init_q = 1'b1;
(* anyconst *) logic fv_round;
(* anyconst *) logic [3:0] fv_vector;
(* anyconst *) logic [BeatW-1:0] fv_beat;
localparam int unsigned FvB = BeatW + 1;

// Where the next beat goes to or comes from: vector and beat; at the input, the buffers, the three stages behind them and the output.
logic [3:0] fv_in_v_q, fv_put_v_q, fv_get_v_q, fv_read_v_q, fv_parsed_v_q, fv_out_v_q, fv_q_v_q;
logic [FvB-1:0] fv_in_b_q, fv_read_b_q, fv_parsed_b_q, fv_q_b_q, fv_out_b_q;
// Of the vector that is followed: the beat, number of its last beat, largest exponent so far, flags up to the output.
logic [Lanes*W-1:0] fv_u_q;
logic fv_seen_q, fv_whole_q, fv_whole_put_q;
logic [FvB-1:0] fv_last_q;
logic [E-1:0] fv_max_q, fv_beat_max;
logic [Lanes*B-1:0] fv_q;
logic [Lanes-1:0] fv_inexact, fv_special;

pm_exp_max #(.E(E), .M(M), .Lanes(Lanes)) u_fv_max (.u_i, .emax_o(fv_beat_max));
for (genvar i = 0; i < Lanes; i++) begin : g_fv
  logic [ShiftW-1:0] shift;
  logic [M:0] sig;
  logic neg;
  pm_align_parse #(.E(E), .M(M), .Most(Most)) u_parse (
      .u_i(fv_u_q[i*W+:W]), .emax_i(fv_max_q), .neg_o(neg), .sig_o(sig), .shift_o(shift), .special_o(fv_special[i]));
  pm_align_round #(.M(M), .B(B), .ShiftW(ShiftW)) u_round (
      .round_i, .neg_i(neg), .sig_i(sig), .shift_i(shift), .q_o(fv_q[i*B+:B]), .inexact_o(fv_inexact[i]));
end

always @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (!rst_ni) begin
    {fv_in_v_q, fv_put_v_q, fv_get_v_q, fv_out_v_q, fv_in_b_q, fv_out_b_q} <= '0;
    {fv_seen_q, fv_whole_q, fv_whole_put_q} <= '0;
  end else begin
    if (u_valid_i && u_ready_o) begin
      fv_in_b_q <= u_last_i ? '0 : fv_in_b_q + 1'b1;
      if (u_last_i) fv_in_v_q <= fv_in_v_q + 1'b1;
      if (fv_in_v_q == fv_vector) begin
        fv_max_q <= fv_in_b_q == 0 || fv_beat_max > fv_max_q ? fv_beat_max : fv_max_q;
        if (fv_in_b_q == FvB'(fv_beat)) fv_u_q <= u_i;
        fv_seen_q <= fv_in_b_q == FvB'(fv_beat) || (fv_seen_q && fv_in_b_q != 0);
        fv_whole_q <= u_last_i;
        fv_last_q <= fv_in_b_q;
      end
    end
    if (write && last_q) fv_put_v_q <= fv_put_v_q + 1'b1;
    if (read && read_last) fv_get_v_q <= fv_get_v_q + 1'b1;
    if (q_valid_o && q_ready_i) begin
      fv_out_b_q <= q_last_o ? '0 : fv_out_b_q + 1'b1;
      if (q_last_o) fv_out_v_q <= fv_out_v_q + 1'b1;
    end
    // Once it has left, a vector of this number may come again.
    if (q_valid_o && q_ready_i && q_last_o && fv_out_v_q == fv_vector) {fv_seen_q, fv_whole_q} <= '0;
  end
  if (read_en) {fv_read_v_q, fv_read_b_q} <= {fv_get_v_q, FvB'(get_beat_q)};
  if (parsed_en) {fv_parsed_v_q, fv_parsed_b_q} <= {fv_read_v_q, fv_read_b_q};
  if (q_en) {fv_q_v_q, fv_q_b_q} <= {fv_parsed_v_q, fv_parsed_b_q};
  if (!fv_init_q && $past(rst_ni) && rst_ni && $past(q_valid_o && !q_ready_i))
    holds : assert (q_valid_o && $stable(q_o) && $stable(emax_o) && $stable(q_last_o) && $stable(inexact_o) && $stable(special_o));
end

// Beats inside behind the buffers, and the beat that is being written.
wire [FvB-1:0] fv_in_beat = {1'b0, put_beat_q} + FvB'(valid_q);
wire fv_here = fv_put_v_q == fv_vector;  // is being written
wire [1:0] fv_held = 2'(full_q[0]) + 2'(full_q[1]);
wire [3:0] fv_inside = fv_put_v_q - fv_get_v_q;
// In which buffer the vector that is followed is, if it is.
wire [3:0] fv_ahead = fv_vector - fv_get_v_q;
wire fv_buffer = get_q ^ fv_ahead[0];
wire fv_stored = fv_ahead < fv_inside;  // whole in a buffer, not wholly read

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  if (!fv_init_q) assume (rst_ni);
  assume (round_i == fv_round);
  assume (32'(fv_beat) < Beats);
  // A vector has at most MaxK elements.
  if (u_valid_i && fv_in_b_q == FvB'(Beats - 1)) assume (u_last_i);
  if (!fv_init_q && rst_ni) begin
    two : assert (fv_inside == 4'(fv_held) && fv_held <= 2 && (fv_held != 1 || full_q[get_q]));
    turn : assert (put_q == (get_q ^ fv_held[0]));
    if (valid_q && last_q) ended : assert (fv_in_v_q == fv_put_v_q + 1'b1 && fv_in_b_q == 0);
    else going : assert (fv_in_v_q == fv_put_v_q && fv_in_b_q == fv_in_beat);
    first : assert (first_q == (put_beat_q == 0));
    short : assert (32'(put_beat_q) < Beats && 32'(fv_in_b_q) < Beats);
    for (int unsigned i = 0; i < 2; i++)
      if (full_q[i]) assert (32'(end_q[i*BeatW+:BeatW]) < Beats);
    if (full_q[get_q]) reads : assert (get_beat_q <= end_q[get_q*BeatW+:BeatW]);
    else at_first : assert (get_beat_q == 0);

    // The vector that is followed, while it is written.
    if (fv_here) begin
      whole_in : assert (fv_whole_q == (valid_q && last_q) || (fv_put_v_q == fv_vector && fv_in_v_q == fv_vector));
      if (put_beat_q != 0 || valid_q) begin
        if (valid_q) max_in : assert (fv_max_q == (first_q || beat_max_q > max_q ? beat_max_q : max_q));
        else max_here : assert (fv_max_q == max_q);
        if (valid_q && put_beat_q == fv_beat) beat_in : assert (fv_seen_q && u_q == fv_u_q);
        if (put_beat_q > fv_beat)
          beat_here : assert (fv_seen_q && code_q[(32'(put_q)*Beats+32'(fv_beat))*Lanes*W+:Lanes*W] == fv_u_q);
        if (valid_q) last_in : assert (fv_last_q == FvB'(put_beat_q));
      end
    end
    // While it is stored.
    if (fv_stored) begin
      max_kept : assert (fv_max_q == emax_q[fv_buffer*E+:E] && fv_last_q == FvB'(end_q[fv_buffer*BeatW+:BeatW]));
      if (fv_beat <= end_q[fv_buffer*BeatW+:BeatW])
        beat_kept : assert (fv_seen_q && code_q[(32'(fv_buffer)*Beats+32'(fv_beat))*Lanes*W+:Lanes*W] == fv_u_q);
    end
    // Behind the buffers.
    if (read_valid_q && fv_read_v_q == fv_vector) begin
      read_is : assert (read_emax_q == fv_max_q && read_last_q == (fv_read_b_q == fv_last_q));
      if (fv_read_b_q == FvB'(fv_beat)) read_beat : assert (read_q == fv_u_q);
    end
    if (parsed_valid_q && fv_parsed_v_q == fv_vector) begin
      parsed_is : assert (parsed_emax_q == fv_max_q && parsed_last_q == (fv_parsed_b_q == fv_last_q));
      if (fv_parsed_b_q == FvB'(fv_beat)) parsed_beat : assert (q == fv_q && inexact == fv_inexact && special_any_q == |fv_special);
    end
    if (q_valid_o && fv_q_v_q == fv_vector) begin
      given : assert (emax_o == fv_max_q && q_last_o == (fv_q_b_q == fv_last_q));
      if (fv_q_b_q == FvB'(fv_beat))
        given_beat : assert (q_o == fv_q && (inexact_o || !(|fv_inexact)) && (special_o || !(|fv_special)));
    end
    cover (fv_held == 2 && q_valid_o && fv_out_v_q == 4'd1);
`ifdef CANARY
    canary : assert (!(q_valid_o && q_last_o && fv_out_v_q == 4'd1));
`endif
  end
end

// Beats leave in the order in which they came: each stage has the one after that of the stage behind it.
logic [3:0] fv_next_v;
logic [FvB-1:0] fv_next_b;
always_comb begin
  {fv_next_v, fv_next_b} = {fv_get_v_q, FvB'(get_beat_q)};
  if (!fv_init_q && rst_ni) begin
    if (read_valid_q) begin
      order_read : assert (read_last_q ? fv_next_v == fv_read_v_q + 1'b1 && fv_next_b == 0 :
                           fv_next_v == fv_read_v_q && fv_next_b == fv_read_b_q + 1'b1);
      {fv_next_v, fv_next_b} = {fv_read_v_q, fv_read_b_q};
    end
    if (parsed_valid_q) begin
      order_parsed : assert (parsed_last_q ? fv_next_v == fv_parsed_v_q + 1'b1 && fv_next_b == 0 :
                             fv_next_v == fv_parsed_v_q && fv_next_b == fv_parsed_b_q + 1'b1);
      {fv_next_v, fv_next_b} = {fv_parsed_v_q, fv_parsed_b_q};
    end
    if (q_valid_o) begin
      order_q : assert (q_last_o ? fv_next_v == fv_q_v_q + 1'b1 && fv_next_b == 0 :
                        fv_next_v == fv_q_v_q && fv_next_b == fv_q_b_q + 1'b1);
      {fv_next_v, fv_next_b} = {fv_q_v_q, fv_q_b_q};
    end
    in_order : assert (fv_next_v == fv_out_v_q && fv_next_b == fv_out_b_q);
    anew : assert (begin_q == (q_valid_o ? q_last_o : fv_out_b_q == 0));
  end
end

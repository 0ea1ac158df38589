// SPDX-License-Identifier: Apache-2.0
// The streams of pm_vdr_softmax, by induction, for rows of every length up to the longest, in any order, with every stall:
// - every beat comes out once, in its turn, with its row's end and its masked logits at 0; stalled outputs are stable;
// - what leaves the buffer are whole rows, with their own exponent and the true maximum of their kept logits;
// - z is the sum of the row's numerators; the input is never stalled while the output moves.
// What the lanes compute is pm_vdr_lane_fv's business. ne numbers the rows; beats are numbered; one of them, any, is tracked.
logic fv_init_q = 1'b1;
(* anyconst *) logic fv_always_ready;
(* anyconst *) logic [3:0] fv_tracked;
localparam int unsigned Depth = MaxN / Lanes + 1;
localparam int unsigned FvBeatW = Lanes * 9 + 1;
(* hierconn *) wire [3:0] \u_vdr.valid_q ;
(* hierconn *) wire [3:0] \u_vdr.last_q ;
(* hierconn *) wire \u_vdr.first_q ;
(* hierconn *) wire [7:0] \u_vdr.max_q ;
(* hierconn *) wire \u_vdr.take ;
(* hierconn *) wire \u_vdr.beat_ready ;
(* hierconn *) wire \u_vdr.beat_last ;
(* hierconn *) wire \u_vdr.beat_valid ;
(* hierconn *) wire \u_vdr.row_valid ;
(* hierconn *) wire \u_vdr.row_ready ;
(* hierconn *) wire [Depth*FvBeatW-1:0] \u_vdr.u_beats.mem_q ;
(* hierconn *) wire [$clog2(Depth)-1:0] \u_vdr.u_beats.head_q ;
(* hierconn *) wire [$clog2(Depth)-1:0] \u_vdr.u_beats.tail_q ;
(* hierconn *) wire [$clog2(Depth+1)-1:0] \u_vdr.u_beats.count_q ;
(* hierconn *) wire [Depth*13-1:0] \u_vdr.u_rows.words_q ;
(* hierconn *) wire [Depth-1:0] \u_vdr.u_rows.full_q ;

// Both buffers as they will leave, oldest lowest.
logic [Depth*FvBeatW-1:0] fv_beats;
logic [Depth*13-1:0] fv_rows;
logic [Depth-1:0] fv_lasts;
logic [3:0] fv_descriptors;
always_comb begin
  fv_beats = {\u_vdr.u_beats.mem_q , \u_vdr.u_beats.mem_q } >> (\u_vdr.u_beats.head_q * FvBeatW);
  fv_rows  = \u_vdr.u_rows.words_q ;
  fv_descriptors = '0;
  for (int unsigned i = 0; i < Depth; i++) fv_descriptors = fv_descriptors + 4'(\u_vdr.u_rows.full_q [i]);
  for (int unsigned i = 0; i < Depth; i++) fv_lasts[i] = \u_vdr.u_beats.count_q > i && fv_beats[i*FvBeatW+Lanes*9];
end

// A row's maximum so far in its beats that are inside, and whether one is kept at all.
function logic [8:0] fv_fold(input logic [8:0] so_far, input logic [FvBeatW-1:0] beat);
  fv_fold = so_far;
  for (int unsigned i = 0; i < Lanes; i++)
    if (beat[Lanes*8+i] && (!fv_fold[8] || $signed(beat[i*8+:8]) > $signed(fv_fold[7:0]))) fv_fold = {1'b1, beat[i*8+:8]};
endfunction

logic [3:0] fv_in_q, fv_out_q, fv_row_in_q, fv_row_out_q, fv_length_q, fv_gone_q, fv_first;
logic [8:0] fv_left_q; // of the row in turn, of its fv_gone_q beats that have left
logic [8:0] fv_max;
logic [3:0] fv_row, fv_length, fv_inside;
logic [ZW-1:0] fv_given_q, fv_sum; // numerators of this row that were given, and with those on the port
logic fv_rows_fit, fv_tracked_last_q;
logic [Lanes-1:0] fv_tracked_keep_q;
wire [Lanes-1:0] fv_zero1, fv_zero2, fv_zero3;

for (genvar i = 0; i < Lanes; i++) begin : \u_vdr.g_lane 
  (* hierconn *) wire \u_exp.zero_q ;
  (* hierconn *) wire [3:0] \u_exp.q2_q ;
  (* hierconn *) wire [3:0] \u_exp.q3_q ;
  assign fv_zero1[i] = \u_exp.zero_q ;
  assign fv_zero2[i] = \u_exp.q2_q == 4'd15;
  assign fv_zero3[i] = \u_exp.q3_q == 4'd15;
end

// Row by row through the buffer: the descriptors are the rows' maxima and numbers, no row is too long, and the unfinished one is
// what the running maximum is of.
always_comb begin
  fv_max      = fv_left_q;
  fv_row      = '0;
  fv_length   = fv_gone_q;
  fv_rows_fit = 1'b1;
  for (int unsigned i = 0; i < Depth; i++) begin
    if (\u_vdr.u_beats.count_q > i) begin
      fv_max    = fv_fold(fv_max, fv_beats[i*FvBeatW+:FvBeatW]);
      fv_length = fv_length + 1'b1;
      if (fv_length > Depth - 1) fv_rows_fit = 1'b0;
      if (fv_lasts[i]) begin
        if (fv_rows[fv_row*13+:13] != {fv_max[8] ? fv_max[7:0] : 8'h80, 5'd4 + 5'(4'(fv_row_out_q + fv_row))}) fv_rows_fit = 1'b0;
        fv_max    = '0;
        fv_row    = fv_row + 1'b1;
        fv_length = '0;
      end
    end
  end
  fv_inside = 4'(\u_vdr.u_beats.count_q ) + 4'(\u_vdr.valid_q [0]) + 4'(\u_vdr.valid_q [1]) + 4'(\u_vdr.valid_q [2]) + 4'(\u_vdr.valid_q [3]);
  fv_first  = fv_out_q + 4'(\u_vdr.valid_q [0]) + 4'(\u_vdr.valid_q [1]) + 4'(\u_vdr.valid_q [2]) + 4'(\u_vdr.valid_q [3]);
  fv_sum = fv_given_q;
  for (int unsigned i = 0; i < Lanes; i++) fv_sum = fv_sum + ZW'(a_o[i*8+:8]);
end

always_ff @(posedge clk_i or negedge rst_ni) begin
  if (!rst_ni) begin
    {fv_in_q, fv_out_q, fv_row_in_q, fv_row_out_q, fv_length_q, fv_gone_q} <= '0;
    fv_left_q  <= '0;
    fv_given_q <= '0;
  end else begin
    if (\u_vdr.take ) begin
      fv_in_q     <= fv_in_q + 1'b1;
      fv_row_in_q <= fv_row_in_q + 4'(x_last_i);
      fv_length_q <= x_last_i ? '0 : fv_length_q + 1'b1;
    end
    if (\u_vdr.beat_ready ) begin
      fv_left_q    <= \u_vdr.beat_last  ? '0 : fv_fold(fv_left_q, fv_beats[FvBeatW-1:0]);
      fv_gone_q    <= \u_vdr.beat_last  ? '0 : fv_gone_q + 1'b1;
      fv_row_out_q <= fv_row_out_q + 4'(\u_vdr.beat_last );
    end
    if (a_valid_o && a_ready_i) begin
      fv_out_q   <= fv_out_q + 1'b1;
      fv_given_q <= a_last_o ? '0 : fv_sum;
    end
  end
end
always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  if (\u_vdr.take  && fv_in_q == fv_tracked) {fv_tracked_last_q, fv_tracked_keep_q} <= {x_last_i, keep_i};
  if (!fv_init_q && $past(rst_ni) && rst_ni) begin
    if ($past(a_valid_o && !a_ready_i)) stable : assert (a_valid_o && $stable(a_o) && $stable(a_last_o) && $stable(z_o));
  end
end

always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni);
  if (fv_always_ready) assume (a_ready_i);
  if (fv_length_q == 4'(Depth - 2)) assume (x_last_i);
  assume (ne_i == NeW'(fv_row_in_q));
  if (!fv_init_q && rst_ni) begin
    never_stalls : assert (!fv_always_ready || (x_ready_o && \u_vdr.u_beats.count_q < Depth));
    // One buffer as a circle, descriptors in the lowest entries of the other.
    circle : assert (\u_vdr.u_beats.count_q <= Depth && \u_vdr.u_beats.head_q < Depth && \u_vdr.u_beats.tail_q < Depth &&
        (\u_vdr.u_beats.head_q + \u_vdr.u_beats.count_q ) % Depth == \u_vdr.u_beats.tail_q );
    lowest : assert (\u_vdr.u_rows.full_q == Depth'((16'd1 << fv_descriptors) - 16'd1));
    rows : assert (fv_rows_fit && fv_descriptors == fv_row && fv_length == fv_length_q && fv_length_q < Depth - 1);
    front : assert (fv_gone_q < Depth - 1 && (fv_gone_q == '0 ? fv_left_q == '0 : fv_descriptors != '0));
    running : assert (\u_vdr.max_q  == (fv_max[8] ? fv_max[7:0] : 8'h80));
    descriptor_fits : assert (!row_valid || \u_vdr.row_ready );
    row_is_stored : assert (!\u_vdr.row_valid  || \u_vdr.beat_valid );
    none_lost : assert (fv_in_q == 4'(fv_out_q + fv_inside) && fv_row_in_q == 4'(fv_row_out_q + fv_descriptors));
    for (int unsigned i = 0; i < Depth; i++)
      if (\u_vdr.u_beats.count_q > i && 4'(fv_first + 4'(i)) == fv_tracked)
        assert (fv_beats[i*FvBeatW+Lanes*8+:Lanes+1] == {fv_tracked_last_q, fv_tracked_keep_q});
    // The stages, youngest first.
    if (\u_vdr.valid_q [0] && 4'(fv_first - 4'd1) == fv_tracked) stage1 : assert (\u_vdr.last_q [0] == fv_tracked_last_q && (fv_tracked_keep_q | fv_zero1) == '1);
    if (\u_vdr.valid_q [1] && 4'(fv_out_q + 4'(\u_vdr.valid_q [3]) + 4'(\u_vdr.valid_q [2])) == fv_tracked)
      stage2 : assert (\u_vdr.last_q [1] == fv_tracked_last_q && (fv_tracked_keep_q | fv_zero2) == '1);
    if (\u_vdr.valid_q [2] && 4'(fv_out_q + 4'(\u_vdr.valid_q [3])) == fv_tracked)
      stage3 : assert (\u_vdr.last_q [2] == fv_tracked_last_q && (fv_tracked_keep_q | fv_zero3) == '1);
    if (\u_vdr.valid_q [3] && fv_out_q == fv_tracked) begin
      row_ends_here : assert (a_last_o == fv_tracked_last_q);
      for (int unsigned i = 0; i < Lanes; i++) if (!fv_tracked_keep_q[i]) assert (a_o[i*8+:8] == '0);
    end
    if (\u_vdr.valid_q [3]) sum_of_row : assert (z_o == fv_sum && \u_vdr.first_q  == \u_vdr.last_q [3]);
    else between : assert (\u_vdr.first_q  ? fv_given_q == '0 : z_o == fv_given_q);
    cover (a_valid_o && a_last_o && fv_out_q == 4'(Depth - 2));
    cover (x_valid_i && !x_ready_o);
  end
`ifdef CANARY
  if (rst_ni) canary : assert (!(a_valid_o && fv_out_q == 1 && a_last_o));
`endif
end

// SPDX-License-Identifier: Apache-2.0
// Vectors through modules behind each other, with the arrays as their contract has them (pm_hyflex_gemv of this folder), vectors that are
// their numbers, and pairs of single-bit cells, for every matrix that the arrays hold and every pace of arrays and surroundings:
// - every vector comes out of every module once, in its turn, all its outputs in order, its last one marked, zeros behind it;
// - what enters a module's arrays, row tile by row tile, are the outputs of the vector whose turn it is, and of no other;
// - whenever arrays and surroundings are willing something moves: with the finite number of moves a vector has, it comes out.
// Numbers are modulo 8, which is more than lie between two neighbouring counters. A place is a vector's number and, below it, how many
// of its outputs are before it.
localparam int unsigned Per = Cols / 16;  // outputs of an array
localparam int unsigned PlaceW = 3 + LeftW;
logic fv_init_q = 1'b1;
(* anyseq *) logic fv_eager;
wire [Stages-1:0] fv_moves;
wire [Stages*3-1:0] fv_fills;
wire [Stages*ArrayW-1:0] fv_tiles;
wire [Stages*PlaceW-1:0] fv_outs;
logic [Stages*(2*ArrayW+LeftW)-1:0] fv_set_q;

// The place behind a beat, in vectors of so many outputs.
function logic [PlaceW-1:0] fv_next(input logic [PlaceW-1:0] at, input logic [LeftW-1:0] outputs);
  if (32'(at[LeftW-1:0]) + Lanes >= 32'(outputs)) fv_next = {at[PlaceW-1:LeftW] + 3'd1, LeftW'(0)};
  else fv_next = at + PlaceW'(Lanes);
endfunction
// Lane l's number of the beat there.
function logic [2:0] fv_number(input logic [PlaceW-1:0] at, input logic [LeftW-1:0] outputs, input int unsigned l);
  fv_number = 32'(at[LeftW-1:0]) + l < 32'(outputs) ? at[PlaceW-1:LeftW] : 3'd0;
endfunction

for (genvar s = 0; s < Stages; s++) begin : g_stage
  wire [ArrayW-1:0] fv_rows = row_tiles_i[s*ArrayW+:ArrayW];
  wire [ArrayW-1:0] fv_arrays = arrays_i[s*ArrayW+:ArrayW];
  wire [LeftW-1:0] fv_outputs = outputs_i[s*LeftW+:LeftW];
  // Outputs of all columns of arrays but the last.
  logic [LeftW-1:0] fv_least;
  (* hierconn *) wire [ArrayW-1:0] \u_module.tile_q ;
  (* hierconn *) wire \u_module.fill ;
  (* hierconn *) wire \u_module.drain ;
  (* hierconn *) wire \u_module.sum_valid ;
  (* hierconn *) wire \u_module.sum_ready ;
  (* hierconn *) wire [ArrayW-1:0] \u_module.u_join.array_q ;
  (* hierconn *) wire [ArrayW-1:0] \u_module.u_join.row_q ;
  (* hierconn *) wire \u_module.u_join.full_q ;
  (* hierconn *) wire [LeftW-1:0] \u_module.u_join.left_q ;
  (* hierconn *) wire [LeftW-1:0] \u_module.u_join.fv_given_q ;
  (* hierconn *) wire [Cols*8-1:0] \u_module.u_join.sum_q ;
  (* hierconn *) wire [5:0] \u_module.u_requant.valid_q ;
  (* hierconn *) wire \u_module.u_requant.move ;
  (* hierconn *) wire [Lanes*160-1:0] \u_module.u_requant.part_q ;
  (* hierconn *) wire [Lanes*96-1:0] \u_module.u_requant.pair_q ;
  (* hierconn *) wire [Lanes*64-1:0] \u_module.u_requant.half_q ;
  (* hierconn *) wire [Lanes*49-1:0] \u_module.u_requant.product_q ;
  (* hierconn *) wire [Lanes*9-1:0] \u_module.u_requant.shifted_q ;
  (* hierconn *) wire [Lanes*32-1:0] \u_module.u_requant.y1_q ;
  (* hierconn *) wire [Lanes*32-1:0] \u_module.u_requant.y2_q ;
  (* hierconn *) wire [Lanes*32-1:0] \u_module.u_requant.y3_q ;
  (* hierconn *) wire [Lanes*32-1:0] \u_module.u_requant.y4_q ;
  (* hierconn *) wire [Lanes*32-1:0] \u_module.u_requant.y5_q ;
  (* hierconn *) wire \u_module.u_requant.tag1_q ;
  (* hierconn *) wire \u_module.u_requant.tag2_q ;
  (* hierconn *) wire \u_module.u_requant.tag3_q ;
  (* hierconn *) wire \u_module.u_requant.tag4_q ;
  (* hierconn *) wire \u_module.u_requant.tag5_q ;
  (* hierconn *) wire [Lanes*32-1:0] \u_module.y_o ;
  // Vectors that entered as a whole, and the places of the next beats to leave the join and, from 1 on, the registers behind it.
  logic [2:0] fv_fill_q;
  logic [7*PlaceW-1:0] fv_place_q;
  wire [4:0] fv_tag = {\u_module.u_requant.tag5_q , \u_module.u_requant.tag4_q , \u_module.u_requant.tag3_q , \u_module.u_requant.tag2_q ,
      \u_module.u_requant.tag1_q };
  wire [5:0] fv_valid = \u_module.u_requant.valid_q ;
  wire [PlaceW-1:0] fv_join = fv_place_q[0+:PlaceW];
  wire [31:0] fv_turn = 32'(fv_join[PlaceW-1:LeftW]);
  logic [31:0] fv_sum;

  assign fv_fills[s*3+:3] = fv_fill_q;
  assign fv_tiles[s*ArrayW+:ArrayW] = \u_module.tile_q ;
  assign fv_outs[s*PlaceW+:PlaceW] = fv_place_q[6*PlaceW+:PlaceW];
  assign fv_moves[s] = \u_module.fill || \u_module.drain || (\u_module.sum_valid && \u_module.sum_ready ) ||
      (fv_valid[4:0] != '0 && \u_module.u_requant.move ) || (y_valid[s] && y_ready[s]);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {fv_fill_q, fv_place_q} <= '0;
    else begin
      if (\u_module.fill && \u_module.tile_q + 1'b1 == fv_rows) fv_fill_q <= fv_fill_q + 1'b1;
      for (int unsigned i = 0; i < 7; i++)
        if (i == 0 ? \u_module.sum_valid && \u_module.sum_ready : fv_valid[(i+5)%6] && \u_module.u_requant.move )
          fv_place_q[i*PlaceW+:PlaceW] <= fv_next(fv_place_q[i*PlaceW+:PlaceW], fv_outputs);
    end
  end

  for (genvar k = 0; k < Arrays; k++) begin : \u_module.g_array 
    (* hierconn *) wire \u_gemv.fv_eager ;
    (* hierconn *) wire [2:0] \u_gemv.count_q ;
    (* hierconn *) wire [11:0] \u_gemv.words_q ;
    logic [ArrayW-1:0] fv_row;
    logic [2:0] fv_given;
    assign \u_gemv.fv_eager = fv_eager;
    assign fv_row   = ArrayW'(fv_rows == 2 && k % 2 == 1);
    assign fv_given = 3'(fv_turn) + 3'(ArrayW'(k) < \u_module.u_join.array_q );
    always_comb if (!fv_init_q && rst_ni) begin
      assert (\u_gemv.count_q == (ArrayW'(k) < fv_arrays ? 3'(fv_fill_q + 3'(fv_row < \u_module.tile_q ) - fv_given) : 3'd0));
      for (int unsigned i = 0; i < 4; i++) if (\u_gemv.count_q > 3'(i)) assert (\u_gemv.words_q [i*3+:3] == 3'(fv_given + 3'(i)));
    end
  end

  always_comb begin
    fv_least = '0;
    for (int unsigned c = 1; c < Arrays; c++) if (c < 32'(fv_rows == 2 ? fv_arrays >> 1 : fv_arrays)) fv_least = fv_least + LeftW'(Per);
  end

  always_comb begin
    fv_sum = '0;
    // A matrix whose arrays are all there, and a scale that makes a sum its vector's number again.
    assume (!mlc_i[s] && diff_i[s] && m_i[s*16+:16] == 16'd1 && s_i[s*6+:6] == 6'(fv_rows == 2));
    assume (fv_rows == 1 || fv_rows == 2);
    assume (fv_arrays >= fv_rows && 32'(fv_arrays) <= Arrays && (fv_rows == 1 || !fv_arrays[0]));
    assume (fv_outputs > fv_least && (LeftW + 1)'(fv_outputs) <= (LeftW + 1)'(fv_least) + (LeftW + 1)'(Per));
    if (!fv_init_q && rst_ni) begin
      assert (\u_module.tile_q < fv_rows);
      // The join.
      assert (fv_join[LeftW-1:0] == \u_module.u_join.fv_given_q );
      if (\u_module.u_join.full_q ) assert (32'(\u_module.u_join.left_q ) + 32'(fv_join[LeftW-1:0]) == 32'(fv_outputs));
      for (int unsigned m = 0; m < Per; m++)
        if (\u_module.u_join.full_q || \u_module.u_join.row_q != '0)
          assert (\u_module.u_join.sum_q [m*32+:32] == fv_turn << (\u_module.u_join.full_q && fv_rows == 2));
      // Beats, one behind the other.
      for (int unsigned i = 0; i < 7; i++)
        assert (fv_place_q[i*PlaceW+:LeftW] < fv_outputs && 32'(fv_place_q[i*PlaceW+:LeftW]) % Lanes == 0);
      for (int unsigned i = 0; i < 6; i++)
        assert (fv_place_q[i*PlaceW+:PlaceW] == (fv_valid[i] ? fv_next(fv_place_q[(i+1)*PlaceW+:PlaceW], fv_outputs) :
            fv_place_q[(i+1)*PlaceW+:PlaceW]));
      for (int unsigned i = 0; i < 5; i++) if (fv_valid[i]) assert (fv_tag[i] == (fv_place_q[i*PlaceW+:LeftW] == '0));
      // Their sums, and what requantisation makes of them.
      for (int unsigned l = 0; l < Lanes; l++)
        for (int unsigned i = 0; i < 6; i++) begin
          fv_sum = 32'(fv_number(fv_place_q[(i+1)*PlaceW+:PlaceW], fv_outputs, l)) << (fv_rows == 2);
          if (fv_valid[i])
            case (i)
              0: assert (\u_module.u_requant.y1_q [l*32+:32] == fv_sum && \u_module.u_requant.part_q [l*160+:160] == 160'(fv_sum));
              1: assert (\u_module.u_requant.y2_q [l*32+:32] == fv_sum && \u_module.u_requant.pair_q [l*96+:96] == 96'(fv_sum));
              2: assert (\u_module.u_requant.y3_q [l*32+:32] == fv_sum && \u_module.u_requant.half_q [l*64+:64] == 64'(fv_sum));
              3: assert (\u_module.u_requant.y4_q [l*32+:32] == fv_sum && \u_module.u_requant.product_q [l*49+:49] == 49'(fv_sum));
              4: assert (\u_module.u_requant.y5_q [l*32+:32] == fv_sum && \u_module.u_requant.shifted_q [l*9+:9] ==
                     9'({fv_sum >> (fv_rows == 2), 1'b0}));
              default: assert (y_valid[s] && \u_module.y_o [l*32+:32] == fv_sum &&
                  q[(s*Lanes+l)*8+:8] == 8'(fv_sum >> (fv_rows == 2)));
            endcase
        end
      if (y_valid[s]) assert (y_last[s] == (32'(fv_place_q[6*PlaceW+:LeftW]) + Lanes >= 32'(fv_outputs)));
    end
  end

  if (s > 0) begin : g_next
    // Between this module and the one before: the beat that fills up, or waits, is that of the vector and row tile whose turn it is.
    wire [LeftW-1:0] fv_before = outputs_i[(s-1)*LeftW+:LeftW];
    wire [PlaceW-1:0] fv_from = fv_outs[(s-1)*PlaceW+:PlaceW];
    always_comb begin
      assume (32'(fv_rows) * Rows >= 32'(fv_before) && (32'(fv_rows) - 1) * Rows < 32'(fv_before));
      if (!fv_init_q && rst_ni && x_valid[s]) begin
        assert (fv_from == (\u_module.tile_q + 1'b1 == fv_rows ? {fv_fill_q + 3'd1, LeftW'(0)} :
            {fv_fill_q, LeftW'((32'(\u_module.tile_q ) + 1) * Rows)}));
        for (int unsigned i = 0; i < Rows; i++)
          assert (x[(s*Rows+i)*8+:8] == (32'(\u_module.tile_q ) * Rows + i < 32'(fv_before) ? 8'(fv_fill_q) : 8'd0));
      end
    end
  end
end

for (genvar s = 0; s < Stages - 1; s++) begin : \g_stage 
  if (1) begin : g_pack
    (* hierconn *) wire [$clog2(Rows/Lanes)-1:0] \u_pack.beat_q ;
    (* hierconn *) wire [Rows*8-1:0] \u_pack.x_q ;
    wire [2:0] fv_turn = fv_fills[(s+1)*3+:3];
    wire [31:0] fv_at = 32'(fv_tiles[(s+1)*ArrayW+:ArrayW]) * Rows + 32'(\u_pack.beat_q ) * Lanes;
    always_comb if (!fv_init_q && rst_ni && !x_valid[s+1]) begin
      assert (fv_outs[s*PlaceW+:PlaceW] == {fv_turn, LeftW'(fv_at)} && fv_at < 32'(outputs_i[s*LeftW+:LeftW]));
      if (\u_pack.beat_q != '0)
        for (int unsigned i = 0; i < Rows; i++) assert (\u_pack.x_q [i*8+:8] == (i < 32'(\u_pack.beat_q ) * Lanes ? 8'(fv_turn) : 8'd0));
    end
  end
end

always_ff @(posedge clk_i) begin
  fv_init_q <= 1'b0;
  fv_set_q  <= {arrays_i, row_tiles_i, outputs_i};
end
always_comb begin
  if (fv_init_q) assume (!rst_ni);
  else assume (rst_ni && fv_set_q == {arrays_i, row_tiles_i, outputs_i});
  assume (x_i == {Rows{8'(fv_fills[2:0])}});
  if (fv_eager) assume (x_valid_i && y_ready_i);
  if (!fv_init_q && rst_ni) begin
    if (fv_eager) moves : assert (|fv_moves);
`ifdef CANARY
    canary : assert (!x_valid[Stages-1]);
`else
    cover (x_valid[Stages-1] && fv_tiles[(Stages-1)*ArrayW+:ArrayW] == 1);
`endif
  end
end

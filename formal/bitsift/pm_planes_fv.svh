// SPDX-License-Identifier: Apache-2.0
// For every vector: its planes, weighted, add up to it; none is empty unless the vector is; they come LSB first, positive
// ones first; and only planes of the chosen coding come. For a few rows: they meet in ORs only.
if (Rows <= 8) begin : g_fv
localparam int unsigned SumW = Bits + 3;
logic fv_init = 1'b1;
always_ff @(posedge clk_i) fv_init <= 1'b0;
always_comb assume (rst_ni == !fv_init);

// The configuration is stable while a vector is inside, a stalled vector is too.
logic [2:0] fv_cfg_q;
always_ff @(posedge clk_i) fv_cfg_q <= {signed_i, sign_coding_i, eplanes_i};
always_comb if (!fv_init && (busy_q || valid_q)) assume (fv_cfg_q == {signed_i, sign_coding_i, eplanes_i});

function [SumW-1:0] fv_value(input [Bits-1:0] x, input is_signed);
  fv_value = {{SumW-Bits{is_signed && x[Bits-1]}}, x};
endfunction
function [SumW-1:0] fv_weight(input one, input [31:0] plane, input negative);
  fv_weight = !one ? 0 : negative ? -({{SumW-1{1'b0}}, 1'b1} << plane) : {{SumW-1{1'b0}}, 1'b1} << plane;
endfunction
// The sign plane of two's complement: the lowest bit from which on every bit of every row is its sign bit, E+1.
function [31:0] fv_top(input [Rows*Bits-1:0] x, input effective);
  integer b, r;
  begin
    fv_top = 0;
    for (b = 0; b < Bits; b = b + 1)
      for (r = 0; r < Rows; r = r + 1)
        if (x[r*Bits + b] != x[r*Bits + Bits - 1]) fv_top = b + 1;
    if (!effective) fv_top = Bits - 1;
  end
endfunction

// The vectors inside and at the output; whether the one inside has sent a plane; what was sent before this plane.
logic [Rows*Bits-1:0] fv_x0, fv_x1;
logic fv_new0, fv_first1;
logic [Rows*SumW-1:0] fv_acc, fv_total, fv_rest;
logic [31:0] fv_index, fv_last_index, fv_top0;
assign fv_index = neg_o ? Bits + plane_o : plane_o;
assign fv_top0 = fv_top(fv_x0, eplanes_i);
always_ff @(posedge clk_i) begin
  if (load) begin
    fv_x0 <= x_i;
    fv_new0 <= 1'b1;
  end else if (en) fv_new0 <= 1'b0;
  if (en) begin
    fv_x1 <= fv_x0;
    fv_first1 <= fv_new0;
    fv_last_index <= fv_index;
  end
  if (fv_init || (en && valid_q && last_o)) fv_acc <= 0;
  else if (en && valid_q) fv_acc <= fv_total;
end

always_comb for (int unsigned r = 0; r < Rows; r++) begin
  fv_total[r*SumW +: SumW] = fv_acc[r*SumW +: SumW] + fv_weight(v_o[r], plane_o, neg_o);
  fv_rest[r*SumW +: SumW] = 0;
  for (int unsigned b = 0; b < Bits; b++) begin
    if (todo_q[b] && (twos || !sgn_q[r]))
      fv_rest[r*SumW +: SumW] = fv_rest[r*SumW +: SumW] + fv_weight(mag_q[r*Bits + b], b, 1'b0);
    if (todo_q[Bits + b] && (twos || sgn_q[r]))
      fv_rest[r*SumW +: SumW] = fv_rest[r*SumW +: SumW] + fv_weight(mag_q[r*Bits + b], b, 1'b1);
  end
end

logic [Rows-1:0] fv_plane;
always_comb begin
  fv_plane = 0;
  if (rst_ni) begin
    // Invariants of the vector inside.
    if (busy_q) begin
      for (int unsigned r = 0; r < Rows; r++) begin
        assert (sgn_q[r] == (signed_i && fv_x0[r*Bits + Bits - 1]));
        if (fv_new0) assert (fv_rest[r*SumW +: SumW] == fv_value(fv_x0[r*Bits +: Bits], signed_i));
      end
      for (int unsigned b = 0; b < 2 * Bits; b++) begin
        for (int unsigned r = 0; r < Rows; r++)
          fv_plane[r] = mag_q[r*Bits + b % Bits] && (twos || sgn_q[r] == (b >= Bits));
        if (todo_q[b]) assert (fv_plane != 0);
        if (todo_q[b] && twos) assert (b < Bits ? b < fv_top0 : b - Bits == fv_top0);
        if (todo_q[b] && !signed_i) assert (b < Bits);
        if (todo_q[b] && !fv_new0) assert (b > fv_index);
      end
      if (!fv_new0) assert (valid_q && !last_o && todo_q != 0 && fv_x0 == fv_x1);
    end
    if (valid_q && !last_o) assert (busy_q && !fv_new0);
    if (!valid_q || fv_first1) assert (fv_acc == 0);

    // What the planes at the output mean.
    if (valid_q) begin
      for (int unsigned r = 0; r < Rows; r++) begin
        if (last_o) assert (fv_total[r*SumW +: SumW] == fv_value(fv_x1[r*Bits +: Bits], signed_i));
        else assert (fv_total[r*SumW +: SumW] + fv_rest[r*SumW +: SumW] == fv_value(fv_x1[r*Bits +: Bits], signed_i));
        if (v_o[r] && !twos) assert ((signed_i && fv_x1[r*Bits + Bits - 1]) == neg_o);
      end
      assert ((v_o != 0) == (fv_x1 != 0));
      assert (plane_o < Bits);
      if (v_o != 0 && twos) assert (neg_o ? plane_o == fv_top(fv_x1, eplanes_i) : plane_o < fv_top(fv_x1, eplanes_i));
      if (!fv_first1) assert (fv_index > fv_last_index);
      if (fv_x1 == 0) assert (last_o && plane_o == 0 && !neg_o);
    end
  end
end

// A stalled plane is stable.
logic fv_stalled;
logic [Rows+PlaneW+1:0] fv_held;
always_ff @(posedge clk_i) begin
  fv_stalled <= rst_ni && valid_q && !plane_ready_i;
  fv_held <= {v_o, plane_o, neg_o, last_o};
end
always_comb if (rst_ni && !fv_init && fv_stalled) assert (valid_q && fv_held == {v_o, plane_o, neg_o, last_o});

always_ff @(posedge clk_i) if (rst_ni) begin
  cover (valid_q && last_o && neg_o && !fv_first1 && twos && plane_o < Bits - 1);
`ifdef CANARY
  canary: assert (!(valid_q && last_o && !twos && neg_o && !fv_first1));
`endif
end
end

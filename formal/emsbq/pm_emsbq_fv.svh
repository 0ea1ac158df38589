// SPDX-License-Identifier: Apache-2.0
// Properties of pm_emsbq, in two parts that together say: each group taken comes out once, in order, as the smallest
// shift that lets its kept elements fit and as its elements, shifted exactly by it, rounded and saturated.
// below pm_emsbq_data_fv, the stages' functions composed, against that definition in wide arithmetic, for every input
// (combinational); else the pipeline moves groups through those functions (induction).

localparam int unsigned FvW = XW + 2;
logic [N*(Q+1)-1:0] fv_shifted;
logic [N*Q-1:0] fv_y;
always_comb begin
  for (int unsigned i = 0; i < N; i++) begin
    fv_shifted[i*(Q+1)+:Q+1] = shift_element(x_i[i*W+:W], shift, signed_i, round_i);
    fv_y[i*Q+:Q] = round_element(fv_shifted[i*(Q+1)+:Q], fv_shifted[i*(Q+1)+Q], signed_i);
  end
end

`ifdef TOP_pm_emsbq_data_fv
if (1) begin : g_data
  logic signed [FvW-1:0] top, bottom;
  logic signed [N*FvW-1:0] wide;
  logic [SW-1:0] smallest;
  logic [N-1:0] fits_at;

  always_comb begin
    top = signed_i ? (FvW'(1) << (Q - 1)) - FvW'(1) : (FvW'(1) << Q) - FvW'(1);
    bottom = signed_i ? ~top : '0;
    for (int unsigned i = 0; i < N; i++) begin
      wide[i*FvW+:FvW] = {{(FvW - W) {signed_i && x_i[i*W+W-1]}}, x_i[i*W+:W]};
    end
  end

  // The definition, naively: try every shift, keep the smallest by which all kept elements fit.
  always_comb begin
    smallest = '0;
    fits_at = '0;
    for (int unsigned t = W; t > 0; t--) begin
      for (int unsigned i = 0; i < N; i++) begin
        fits_at[i] = !keep_i[i] || (($signed(wide[i*FvW+:FvW]) >>> (t - 1)) <= top &&
            ($signed(wide[i*FvW+:FvW]) >>> (t - 1)) >= bottom);
      end
      if (&fits_at) smallest = SW'(t - 1);
    end
  end

  always_comb begin
    assert (shift == smallest);
    cover (shift == SW'(W - 1));
`ifdef CANARY
    canary : assert (fv_y[Q-1:0] != Q'(1));
`endif
  end
  for (genvar i = 0; i < N; i++) begin : g_element
    logic signed [FvW-1:0] exact, rounded;
    logic signed [Q:0] value;
    always_comb begin
      exact = $signed(wide[i*FvW+:FvW]);
      rounded = (exact + $signed(round_i ? (FvW'(1) << smallest) >> 1 : '0)) >>> smallest;
      value = {signed_i && fv_y[i*Q+Q-1], fv_y[i*Q+:Q]};
      // A kept element never overflows: only its rounding can reach one LSB past the top.
      if (keep_i[i]) assert ((exact >>> smallest) <= top && (exact >>> smallest) >= bottom);
      if (rounded > top) assert (value == top);
      else if (rounded < bottom) assert (value == bottom);
      else assert (value == rounded);
    end
  end
end
`else
if (1) begin : g_pipeline
  logic fv_init_q = 1'b1;
  logic [N*W-1:0] fv_x2_q, fv_x3_q;
  logic [N*(Q+1)-1:0] fv_shifted2, fv_shifted3;
  logic fv_round2_q, fv_round3_q, fv_signed3_q;
  logic [N*Q-1:0] fv_y3;
  // Numbers the groups: what is taken, what each stage holds, what is given.
  logic [3:0] fv_in_q, fv_out_q, fv_tag1_q, fv_tag2_q, fv_tag3_q;
  logic [SW-1:0] fv_s1_q;

  always_comb begin
    for (int unsigned i = 0; i < N; i++) begin
      fv_shifted2[i*(Q+1)+:Q+1] = shift_element(fv_x2_q[i*W+:W], s2_q, signed2_q, fv_round2_q);
      fv_shifted3[i*(Q+1)+:Q+1] = shift_element(fv_x3_q[i*W+:W], s_o, fv_signed3_q, fv_round3_q);
      fv_y3[i*Q+:Q] = round_element(fv_shifted3[i*(Q+1)+:Q], fv_shifted3[i*(Q+1)+Q], fv_signed3_q);
    end
  end

  always @(posedge clk_i) begin
    fv_init_q <= 1'b0;
    if (en2 && v1_q) {fv_x2_q, fv_round2_q, fv_tag2_q} <= {x1_q, round1_q, fv_tag1_q};
    if (en3 && v2_q) {fv_x3_q, fv_round3_q, fv_signed3_q, fv_tag3_q} <= {fv_x2_q, fv_round2_q, signed2_q, fv_tag2_q};
    if (x_valid_i && x_ready_o) {fv_s1_q, fv_tag1_q} <= {shift, fv_in_q};
    fv_in_q  <= rst_ni ? fv_in_q + 4'(x_valid_i && x_ready_o) : '0;
    fv_out_q <= rst_ni ? fv_out_q + 4'(y_valid_o && y_ready_i) : '0;
    if (!fv_init_q && $past(rst_ni) && rst_ni) begin
      if ($past(y_valid_o && !y_ready_i)) assert (y_valid_o && $stable(y_o) && $stable(s_o));
      if ($past(x_valid_i && x_ready_o))
        assert (v1_q && x1_q == $past(x_i) && s1_q == $past(shift) && signed1_q == $past(signed_i) &&
                round1_q == $past(round_i));
    end
  end

  always_comb begin
    if (fv_init_q) assume (!rst_ni);
    if (!fv_init_q && rst_ni) begin
      if (v1_q) assert (s1_q == fv_s1_q && fv_tag1_q == fv_out_q + 4'(v2_q) + 4'(v3_q));
      if (v2_q) assert (fv_tag2_q == fv_out_q + 4'(v3_q));
      if (v3_q) assert (fv_tag3_q == fv_out_q);
      assert (fv_in_q == fv_out_q + 4'(v1_q) + 4'(v2_q) + 4'(v3_q));
      for (int unsigned i = 0; i < N; i++) begin
        if (v2_q) assert ({half2_q[i], y2_q[i*Q+:Q]} == fv_shifted2[i*(Q+1)+:Q+1]);
      end
      if (v3_q) assert (y_o == fv_y3);
      // A bubble closes: a free stage never holds back the stage before it.
      assert (x_ready_o || (v1_q && v2_q && v3_q && !y_ready_i));
      cover (v1_q && v2_q && v3_q && !y_ready_i);
      cover (fv_out_q == 4'd3);
    end
`ifdef CANARY
    if (rst_ni) canary : assert (fv_out_q != 4'd2);
`endif
  end
end
`endif

// SPDX-License-Identifier: Apache-2.0
// The registers, by induction, for any transfers that keep APB's rules (pm_apb_fv.svh) and any engine that keeps its streams' rules:
// - what is refused is what the map and the state say, spelt out here register by register, and it changes nothing;
// - any one word of configuration is what was last written to its address, and no configuration moves during a run;
// - any one word of a token leaves as it was written, with its exponent, once; a run gets each of its tokens twice and no more, and
//   gives as many results as tokens, each of them shown as it is; then it is over, which is told once;
// - a run begins only where the arrays have room.
localparam int unsigned FvApbWaits = 0;
`include "pm_apb_fv.svh"

(* anyconst *) logic [14:0] fv_address;  // of the word that is followed
(* anyconst *) logic [1:0] fv_kind;
logic [31:0] fv_word_q, fv_seen, fv_x_q;
logic fv_known_q, fv_x_known_q;
logic fv_access, fv_done, fv_legal, fv_whole, fv_config, fv_in_map;
logic [TW+1:0] fv_pushed_q, fv_taken_q;
logic [TW:0] fv_popped_q, fv_n_q;
logic fv_busy_q, fv_ended_q;
logic [15:0] fv_ex_q;

assign fv_access = psel_i && penable_i;
assign fv_done   = fv_access && !pslverr_o;
assign fv_whole  = pstrb_i == 4'hf;

// The map once more, in plain numbers.
logic [14:0] a;
assign a = paddr_i;
always_comb begin
  fv_config = a == 15'h20 || a == 15'h24 || a == 15'h28 || (a >= 15'h40 && a < 15'h40 + 4 * Heads && a[1:0] == 0) ||
      (a >= 15'h80 && a < 15'h80 + 4 * ((MaxTokens + 31) / 32) && a[1:0] == 0);
  fv_in_map = (a >= 15'h1000 && a < 15'h1000 + 96 * Heads && a[1:0] == 0) || (a[14] && a[11:0] < 4 * D && a[1:0] == 0);
  fv_legal  = 1'b0;
  if (pwrite_i) begin
    if (fv_config || fv_in_map) fv_legal = !fv_busy_q;
    if (a == 15'h14 || a == 15'h18) fv_legal = 1'b1;
    if (a == 15'h08)
      fv_legal = !pwdata_i[0] || (!fv_busy_q && n_tokens_o != 0 && 32'(n_tokens_o) + (append_o ? 32'(held_q) : 0) <= MaxTokens);
    if (a >= 15'h400 && a < 15'h400 + D && a[1:0] == 0) fv_legal = !x_valid_o;
    if (a == 15'h2c) fv_legal = fv_busy_q && !x_valid_o && fv_pushed_q != {fv_n_q, 1'b0};
    if (a == 15'h34) fv_legal = fv_busy_q && y_valid_i;
    fv_legal = fv_legal && fv_whole;
  end else begin
    fv_legal = fv_config || a == 15'h00 || a == 15'h04 || a == 15'h0c || a == 15'h10 || a == 15'h14 || a == 15'h18 || a == 15'h30 ||
        (a >= 15'h800 && a < 15'h800 + D && a[1:0] == 0);
  end
end

// The word of configuration that is followed: of a table, of a bias, of the key mask, of the tokens and modes.
always_comb begin
  fv_seen = '0;
  case (fv_kind)
    2'd0: begin
      assume (fv_address >= 15'h1000 && fv_address < 15'h1000 + 96 * Heads && fv_address[1:0] == 0);
      fv_seen = lut_o[32*fv_address[10:2]+:32];
    end
    2'd1: begin
      assume (fv_address[14] && fv_address[11:0] < 4 * D && fv_address[1:0] == 0);
      fv_seen = bias_o[32*(32'(fv_address[13:12])*D+32'(fv_address[11:2]))+:32];
    end
    2'd2: begin
      assume (fv_address >= 15'h80 && fv_address < 15'h80 + MaxTokens / 8 && fv_address[1:0] == 0);
      fv_seen = 32'(keep_o[fv_address[5:2]*16+:16]);
    end
    default: begin
      assume (fv_address == 15'h24);
      fv_seen = 32'({append_o, causal_o, sign_o, round_o});
    end
  endcase
end

always @(posedge clk_i) begin
  if (!rst_ni) begin
    fv_known_q   <= 1'b0;
    fv_x_known_q <= 1'b0;
    {fv_busy_q, fv_ended_q} <= '0;
    {fv_pushed_q, fv_taken_q, fv_popped_q, fv_n_q} <= '0;
  end else begin
    if (fv_done && pwrite_i && a == fv_address) begin
      fv_known_q <= 1'b1;
      fv_word_q  <= fv_kind == 2'd2 ? 32'(pwdata_i[15:0]) : fv_kind == 2'd3 ? 32'(pwdata_i[5:0]) : pwdata_i;
    end
    // A token's first word stands for any: all have the same form.
    if (fv_done && pwrite_i && a == 15'h400) {fv_x_known_q, fv_x_q} <= {1'b1, pwdata_i};
    if (fv_done && pwrite_i && a == 15'h2c) begin
      fv_pushed_q <= fv_pushed_q + 1'b1;
      fv_ex_q     <= pwdata_i[15:0];
    end
    if (x_valid_o && x_ready_i) fv_taken_q <= fv_taken_q + 1'b1;
    if (y_valid_i && y_ready_o) fv_popped_q <= fv_popped_q + 1'b1;
    if (fv_done && pwrite_i && a == 15'h18 && pwdata_i[1]) fv_ended_q <= 1'b0;
    if (y_valid_i && y_ready_o && fv_popped_q + 1'b1 == fv_n_q) {fv_busy_q, fv_ended_q} <= 2'b01;
    if (fv_done && pwrite_i && a == 15'h08 && pwdata_i[0]) begin
      fv_busy_q <= 1'b1;
      fv_n_q    <= n_tokens_o;
      {fv_pushed_q, fv_taken_q, fv_popped_q} <= '0;
    end
  end
end

always_comb begin
  if (fv_apb_init_q) assume (!rst_ni);
  else assume (rst_ni);
  // The engine: results only of tokens that came in pass 2, in its time; none without a run.
  assume (!y_valid_i || (fv_busy_q && 32'(fv_popped_q) + 32'(fv_n_q) < 32'(fv_taken_q)));
  if (!fv_apb_init_q && rst_ni) begin
    legal : assert (!fv_access || pslverr_o == !fv_legal);
    if (fv_known_q) word : assert (fv_seen == fv_word_q);
    state : assert (busy_q == fv_busy_q && done_q == fv_ended_q);
    if (busy_q) begin
      tokens : assert (fv_n_q == n_tokens_o && 32'(left_q) + 32'(fv_pushed_q) == 2 * 32'(fv_n_q) && 32'(results_q) + 32'(fv_popped_q) == 32'(fv_n_q));
      fits_ : assert (fv_n_q != 0 && held_q <= MaxTokens && held_q >= fv_n_q && results_q != 0);
      in_turn : assert (32'(fv_pushed_q) == 32'(fv_taken_q) + 32'(x_valid_o) && 32'(fv_pushed_q) <= 2 * 32'(fv_n_q));
    end else begin
      no_token : assert (!x_valid_o || fv_apb_init_q);
      room_ : assert (held_q <= MaxTokens);
    end
    if (x_valid_o) exponent : assert (ex_o == fv_ex_q);
    if (fv_x_known_q) token : assert (x_o[31:0] == fv_x_q);
    only_results : assert (!y_ready_o || (fv_access && pwrite_i && a == 15'h34 && y_valid_i));
    interrupt : assert (irq_o == ((done_enable_q && fv_ended_q) || (result_enable_q && fv_busy_q && y_valid_i)));
`ifdef CANARY
    canary : assert (!(fv_access && pslverr_o && a == 15'h24 && pwrite_i));
`else
    cover (fv_done && a == 15'h20 && pwrite_i && pwdata_i == 1);
    cover (busy_q);
`endif
  end
end

// What moves, and what is read.
always @(posedge clk_i) if (!fv_apb_init_q && rst_ni && $past(rst_ni)) begin
  if ($past(busy_q)) still : assert ($stable({n_tokens_o, append_o, causal_o, keep_o, round_o, sign_o, mk_o, mv_o, e0_o, lut_o, bias_o}));
  if (!$past(fv_done && pwrite_i))
    unwritten : assert ($stable({n_tokens_o, append_o, causal_o, keep_o, round_o, sign_o, mk_o, mv_o, e0_o, lut_o, bias_o, done_enable_q, result_enable_q, x_o, ex_o}));
  if ($past(x_valid_o && !x_ready_i)) waits : assert (x_valid_o && $stable({x_o, ex_o}));
  if ($past(psel_i && !penable_i && !pwrite_i)) begin
    if (!fv_legal) nothing : assert (prdata_o == 0);
    if (a == 15'h00) id : assert (prdata_o == 32'h504d4641);
    if (a == 15'h0c) status : assert (prdata_o[3:0] == $past({busy_q && y_valid_i, room, pass2_i, busy_q}) && prdata_o[25:16] == $past(10'(held_q)));
    if (a == 15'h10) sticky : assert (prdata_o == $past(32'(flags_i)));
    if (a == 15'h30) result_exponent : assert (prdata_o == ($past(busy_q && y_valid_i) ? $past({16'd0, e_i}) : 0));
    if (a == 15'h800) result_word : assert (prdata_o == ($past(busy_q && y_valid_i) ? $past(y_i[31:0]) : 0));
    if (a == fv_address && fv_kind[1] && $past(fv_known_q)) readback : assert (fv_kind[0] ? prdata_o == $past(fv_word_q) : prdata_o[15:0] == $past(fv_word_q[15:0]));
  end
end

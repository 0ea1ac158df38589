// SPDX-License-Identifier: Apache-2.0
/// The running reference of a row in tiles. It is no less than any kept logit so far and rises by halvings alone, so that the
/// sums of earlier numerators follow it by a shift. A tile whose maximum is `above` it, in units of 2^-7 S0, takes q =
/// ceil((16*above - 8) / l) of them, by a division of a bit a clock; more than 40 are as good as infinitely many. Ten clocks
/// from a tile to its answer, or three where nothing is divided.
module pm_vdr_reference (
    input  logic        clk_i,
    input  logic        rst_ni,
    /// ln2 at the scale of ne = 7, 1408..2848. Configuration.
    input  logic [11:0] l_i,
    /// A tile; ready: none is inside.
    input  logic        valid_i,
    output logic        ready_o,
    /// Its largest kept logit, signed, one clock after it was taken.
    input  logic [ 7:0] max_i,
    /// One is kept; else the tile changes nothing.
    input  logic        some_i,
    /// 8 + the tile's exponent, 0..23.
    input  logic [ 4:0] shift_i,
    /// A logit was kept in an earlier tile.
    input  logic        had_i,
    /// If so, the row's reference, signed.
    input  logic [23:0] reference_i,
    /// What the tile makes of the row.
    output logic        valid_o,
    input  logic        ready_i,
    /// A logit was kept so far.
    output logic        had_o,
    /// If so, the row's reference, signed.
    output logic [23:0] reference_o,
    /// What earlier sums shift by: 0..40, or 63, which leaves nothing.
    output logic [ 5:0] shift_o,
    /// The reference less the tile's maximum, at most 2047.
    output logic [10:0] offset_o
);
  localparam logic [2:0] Idle = 3'd0, Scale = 3'd1, Decide = 3'd2, Divide = 3'd3, Done = 3'd4;

  logic [2:0] state_q;
  logic signed [23:0] top_q, reference_q;
  logic [4:0] up_q;
  logic signed [24:0] above;
  logic [24:0] below;
  logic some_q, had_q, rises, far, ge, last;
  logic [12:0] most;
  logic [16:0] rem_q, multiple_q;
  logic [5:0] q_q, shift_q;
  logic [2:0] step_q;
  logic [10:0] offset_q, left;

  assign above = 25'(top_q) - 25'(reference_q);
  assign below = 25'(reference_q) - 25'(top_q);
  assign rises = had_q && above > 0;
  assign most  = 13'(({1'b0, l_i, 2'b0} + 15'(l_i) + 15'd1) >> 1);  // (40*l + 8) / 16
  assign far   = above[24:13] != '0 || above[12:0] > most;
  assign ge    = rem_q >= multiple_q;
  assign last  = step_q == 3'd6;
  // After the division: l - 1 - rem, of which the sixteenths fall off.
  assign left  = 11'((l_i - 12'd1 - rem_q[11:0]) >> 4);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) state_q <= Idle;
    else
      case (state_q)
        Idle:    if (valid_i) state_q <= Scale;
        Scale:   state_q <= Decide;
        Decide:  state_q <= some_q && rises && !far ? Divide : Done;
        Divide:  if (last) state_q <= Done;
        default: if (ready_i) state_q <= Idle;
      endcase
  end

  always_ff @(posedge clk_i) begin
    case (state_q)
      Idle: begin
        up_q        <= shift_i;
        some_q      <= some_i;
        had_q       <= had_i;
        reference_q <= reference_i;
      end
      Scale:   top_q <= 24'(signed'({max_i, 15'b0})) >>> up_q;
      Decide: begin
        had_q      <= had_q || some_q;
        rem_q      <= {above[12:0], 4'b0} - 17'd9;
        multiple_q <= {l_i, 5'b0};
        q_q        <= '0;
        step_q     <= '0;
        shift_q    <= some_q && rises ? 6'd63 : 6'd0;
        offset_q   <= !had_q || above > 0 ? '0 : below[24:11] != '0 ? '1 : below[10:0];
        if (some_q && (!had_q || rises)) reference_q <= top_q;
      end
      Divide: begin
        if (!last) begin
          if (ge) rem_q <= rem_q - multiple_q;
          q_q        <= {q_q[4:0], ge};
          multiple_q <= {1'b0, multiple_q[16:1]};
        end else begin
          shift_q     <= q_q + 6'd1;
          offset_q    <= left;
          reference_q <= top_q + 24'(left);
        end
        step_q <= step_q + 3'd1;
      end
      default: ;
    endcase
  end

  assign ready_o     = state_q == Idle;
  assign valid_o     = state_q == Done;
  assign had_o       = had_q;
  assign reference_o = reference_q;
  assign shift_o     = shift_q;
  assign offset_o    = offset_q;

`ifdef PERIMETER_FORMAL
  `include "pm_vdr_reference_fv.svh"
`endif
endmodule

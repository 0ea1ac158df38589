// SPDX-License-Identifier: Apache-2.0
/// Floating-point pre-alignment: a vector of codes becomes B-bit integers at the vector's largest exponent. Khwa et al., Nature
/// 639, 617 (2025), extended data Fig. 8. A vector is written into one of two buffers while its largest exponent is found, and
/// read, aligned and rounded while the next one is written: ceil(K/Lanes) clocks a vector of K elements, without a bubble between
/// vectors.
///
/// round_i is stable while anything is inside. u_ready_o depends on q_ready_i in the same clock where the pipeline is full.
module pm_prealign #(
    /// Bits of an exponent, 2..8.
    parameter int unsigned E = 8,
    /// Bits of a mantissa, 1..10.
    parameter int unsigned M = 7,
    /// Bits of a result, signed, 4..16.
    parameter int unsigned B = 12,
    /// Elements a beat, 1..64.
    parameter int unsigned Lanes = 16,
    /// Most elements of a vector, at least Lanes.
    parameter int unsigned MaxK = 1024,
    localparam int unsigned W = 1 + E + M
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    /// Half away from zero, saturated; otherwise truncated.
    input  logic               round_i,
    /// Beats of codes, ceil(K/Lanes) a vector.
    input  logic               u_valid_i,
    output logic               u_ready_o,
    /// Code i at [i*W +: W]: sign, exponent, mantissa. Unused lanes of a vector's last beat are 0.
    input  logic [Lanes*W-1:0] u_i,
    /// The vector's last beat.
    input  logic               u_last_i,
    /// Beats of integers.
    output logic               q_valid_o,
    input  logic               q_ready_i,
    /// Element i at [i*B +: B], signed: its value is q * 2^(emax - bias - (B-2)).
    output logic [Lanes*B-1:0] q_o,
    /// The vector's largest exponent, the same in all its beats.
    output logic [      E-1:0] emax_o,
    /// The vector's last beat.
    output logic               q_last_o,
    /// With the last beat: a bit that is 1 was shifted out.
    output logic               inexact_o,
    /// With the last beat: a code had the top exponent.
    output logic               special_o
);
  if (E < 2 || E > 8 || M < 1 || M > 10 || B < 4 || B > 16 || Lanes < 1 || Lanes > 64 || MaxK < Lanes) begin : g_range
    $error("pm_prealign: E must be 2..8, M 1..10, B 4..16, Lanes 1..64, MaxK at least Lanes");
  end

  localparam int unsigned Beats = (MaxK + Lanes - 1) / Lanes;
  localparam int unsigned BeatW = Beats > 1 ? $clog2(Beats) : 1;
  /// From here on a shift leaves neither a bit nor one to round by.
  localparam int unsigned Most = (M + 1 > B - 1 ? M + 1 : B - 1) + 1;
  localparam int unsigned ShiftW = $clog2(Most + 1);

  // The beat that is to be written, and its largest exponent.
  logic valid_q, last_q, in_en, write;
  logic [Lanes*W-1:0] u_q;
  logic [E-1:0] beat_max, beat_max_q;
  // Two buffers: codes, largest exponents, number of the last beat.
  logic [2*Beats*Lanes*W-1:0] code_q;
  logic [1:0] full_q;
  logic [2*E-1:0] emax_q;
  logic [2*BeatW-1:0] end_q;
  // Writing.
  logic put_q, first_q;
  logic [BeatW-1:0] put_beat_q;
  logic [E-1:0] max, max_q;
  // Reading.
  logic get_q, read, read_last;
  logic [BeatW-1:0] get_beat_q;
  // Read beat, parsed beat, rounded beat.
  logic read_valid_q, parsed_valid_q, q_valid_q, read_en, parsed_en, q_en;
  logic read_last_q, parsed_last_q, q_last_q;
  logic [Lanes*W-1:0] read_q;
  logic [E-1:0] read_emax_q, parsed_emax_q, q_emax_q;
  logic [Lanes-1:0] neg, neg_q, special, inexact;
  logic [Lanes*(M+1)-1:0] sig, sig_q;
  logic [Lanes*ShiftW-1:0] shift, shift_q;
  logic special_any_q, begin_q, inexact_q, special_q;
  logic [Lanes*B-1:0] q, q_q;

  pm_exp_max #(
      .E(E),
      .M(M),
      .Lanes(Lanes)
  ) u_exp_max (
      .u_i,
      .emax_o(beat_max)
  );

  assign write     = valid_q && !full_q[put_q];
  assign in_en     = !valid_q || write;
  assign u_ready_o = in_en;
  assign max       = first_q || beat_max_q > max_q ? beat_max_q : max_q;

  assign q_en      = !q_valid_q || q_ready_i;
  assign parsed_en = !parsed_valid_q || q_en;
  assign read_en   = !read_valid_q || parsed_en;
  assign read      = full_q[get_q] && read_en;
  assign read_last = get_beat_q == end_q[get_q*BeatW+:BeatW];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q        <= 1'b0;
      full_q         <= '0;
      put_q          <= 1'b0;
      put_beat_q     <= '0;
      first_q        <= 1'b1;
      get_q          <= 1'b0;
      get_beat_q     <= '0;
      read_valid_q   <= 1'b0;
      parsed_valid_q <= 1'b0;
      q_valid_q      <= 1'b0;
      begin_q        <= 1'b1;
    end else begin
      if (in_en) valid_q <= u_valid_i;
      if (write) begin
        put_beat_q <= last_q ? '0 : put_beat_q + 1'b1;
        first_q    <= last_q;
        if (last_q) begin
          put_q         <= !put_q;
          full_q[put_q] <= 1'b1;
        end
      end
      if (read) begin
        get_beat_q <= read_last ? '0 : get_beat_q + 1'b1;
        if (read_last) begin
          get_q         <= !get_q;
          full_q[get_q] <= 1'b0;
        end
      end
      if (read_en) read_valid_q <= read;
      if (parsed_en) parsed_valid_q <= read_valid_q;
      if (q_en) q_valid_q <= parsed_valid_q;
      if (q_en && parsed_valid_q) begin_q <= parsed_last_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (in_en) begin
      u_q        <= u_i;
      last_q     <= u_last_i;
      beat_max_q <= beat_max;
    end
    if (write) begin
      max_q                     <= max;
      emax_q[put_q*E+:E]        <= max;
      end_q[put_q*BeatW+:BeatW] <= put_beat_q;
    end
    for (int unsigned i = 0; i < 2 * Beats; i++) begin
      if (write && i == 32'(put_q) * Beats + 32'(put_beat_q)) code_q[i*Lanes*W+:Lanes*W] <= u_q;
    end
    if (read_en) begin
      read_q      <= code_q[(32'(get_q)*Beats+32'(get_beat_q))*Lanes*W+:Lanes*W];
      read_emax_q <= emax_q[get_q*E+:E];
      read_last_q <= read_last;
    end
    if (parsed_en) begin
      neg_q         <= neg;
      sig_q         <= sig;
      shift_q       <= shift;
      special_any_q <= |special;
      parsed_emax_q <= read_emax_q;
      parsed_last_q <= read_last_q;
    end
    if (q_en && parsed_valid_q) begin
      q_q       <= q;
      q_emax_q  <= parsed_emax_q;
      q_last_q  <= parsed_last_q;
      inexact_q <= |inexact || (inexact_q && !begin_q);
      special_q <= special_any_q || (special_q && !begin_q);
    end
  end

  for (genvar i = 0; i < Lanes; i++) begin : g_lane
    pm_align_parse #(
        .E(E),
        .M(M),
        .Most(Most)
    ) u_parse (
        .u_i      (read_q[i*W+:W]),
        .emax_i   (read_emax_q),
        .neg_o    (neg[i]),
        .sig_o    (sig[i*(M+1)+:M+1]),
        .shift_o  (shift[i*ShiftW+:ShiftW]),
        .special_o(special[i])
    );

    pm_align_round #(
        .M(M),
        .B(B),
        .ShiftW(ShiftW)
    ) u_round (
        .round_i,
        .neg_i    (neg_q[i]),
        .sig_i    (sig_q[i*(M+1)+:M+1]),
        .shift_i  (shift_q[i*ShiftW+:ShiftW]),
        .q_o      (q[i*B+:B]),
        .inexact_o(inexact[i])
    );
  end

  assign q_valid_o = q_valid_q;
  assign q_o       = q_q;
  assign emax_o    = q_emax_q;
  assign q_last_o  = q_last_q;
  assign inexact_o = inexact_q;
  assign special_o = special_q;

`ifdef PERIMETER_FORMAL
  `include "pm_prealign_fv.svh"
`endif
endmodule

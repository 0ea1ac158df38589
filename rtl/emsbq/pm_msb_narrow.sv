// SPDX-License-Identifier: Apache-2.0
/// First half of pm_msb_parse: the right shift, down to one bit more than a result has. What does not fit them becomes their
/// largest or least value, which pm_msb_round saturates further. Combinational.
module pm_msb_narrow #(
    /// Elements, 1..4096.
    parameter int unsigned N = 64,
    /// Bits of an element, two's complement, 2..64.
    parameter int unsigned W = 32,
    /// Bits of a result of pm_msb_round, 2..16 (KVB).
    parameter int unsigned Bits = 10
) (
    /// Element i in bits i*W +: W.
    input  logic        [       N*W-1:0] x_i,
    /// Right shift; clamped to -31..31.
    input  logic signed [           6:0] m_i,
    /// Rounds to nearest where m > 0, else truncates.
    input  logic                         round_i,
    /// Element i, floored, in bits i*(Bits+1) +: Bits+1.
    output logic        [N*(Bits+1)-1:0] v_o,
    /// 1: rounding adds one.
    output logic        [         N-1:0] half_o,
    /// The left shift that is left for pm_msb_round. By Bits it moves out every bit of a result: a longer one saturates the same
    /// elements.
    output logic        [           4:0] left_o
);
  if (N < 1 || N > 4096 || W < 2 || W > 64 || Bits < 2 || Bits > 16) begin : g_range
    $error("pm_msb_narrow: N must be 1..4096, W 2..64, Bits 2..16");
  end

  localparam int unsigned XW = W > Bits + 1 ? W : Bits + 1;

  logic [4:0] right;
  logic [6:0] minus;

  assign right  = m_i <= 0 ? '0 : m_i > 31 ? 5'd31 : m_i[4:0];
  assign minus  = 7'd0 - m_i;
  assign left_o = m_i >= 0 ? '0 : minus > 7'(Bits) ? 5'(Bits) : minus[4:0];

  // Below the element stands the bit that is shifted out last.
  always_comb begin
    logic signed [XW:0] v;
    logic fits;
    v = '0;
    fits = 1'b0;
    for (int unsigned i = 0; i < N; i++) begin
      v = $signed({XW'($signed(x_i[i*W+:W])), 1'b0}) >>> right;
      fits = v[XW:Bits+1] == '0 || v[XW:Bits+1] == '1;
      v_o[i*(Bits+1)+:Bits+1] = fits ? v[Bits+1:1] : {v[XW], {Bits{!v[XW]}}};
      half_o[i] = fits && round_i && v[0];
    end
  end
endmodule

// SPDX-License-Identifier: Apache-2.0
/// The parse of K and V (FLARE arXiv 2411.14733, section 4.2, global context): y = sat((x + r) >> m, Bits), with
/// r = 2^(m-1) where m > 0 and rounding is on. One shift for all elements; a negative m shifts left. Combinational; its two
/// halves leave room for a register between them.
module pm_msb_parse #(
    /// Elements, 1..4096.
    parameter int unsigned N = 64,
    /// Bits of an element, two's complement, 2..64.
    parameter int unsigned W = 32,
    /// Bits of a result, two's complement, 2..16 (KVB).
    parameter int unsigned Bits = 10
) (
    /// Element i in bits i*W +: W.
    input  logic        [   N*W-1:0] x_i,
    /// Right shift; clamped to -31..31.
    input  logic signed [       6:0] m_i,
    /// Rounds to nearest where m > 0, else truncates.
    input  logic                     round_i,
    /// Element i in bits i*Bits +: Bits.
    output logic        [N*Bits-1:0] y_o,
    /// The element saturated.
    output logic        [     N-1:0] sat_o
);
  if (N < 1 || N > 4096 || W < 2 || W > 64 || Bits < 2 || Bits > 16) begin : g_range
    $error("pm_msb_parse: N must be 1..4096, W 2..64, Bits 2..16");
  end

  logic [N*(Bits+1)-1:0] v;
  logic [N-1:0] half;
  logic [4:0] left;

  pm_msb_narrow #(
      .N(N),
      .W(W),
      .Bits(Bits)
  ) u_narrow (
      .x_i,
      .m_i,
      .round_i,
      .v_o   (v),
      .half_o(half),
      .left_o(left)
  );
  pm_msb_round #(
      .N(N),
      .Bits(Bits)
  ) u_round (
      .v_i   (v),
      .half_i(half),
      .left_i(left),
      .y_o,
      .sat_o
  );
endmodule

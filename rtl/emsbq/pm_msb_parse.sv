/// The parse of K and V (FLARE arXiv 2411.14733, section 4.2, global context): y = sat((x + r) >> m, Bits), with
/// r = 2^(m-1) where m > 0 and rounding is on. One shift for all elements; a negative m shifts left. Combinational.
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
    input  logic                     round_i,
    /// Element i in bits i*Bits +: Bits.
    output logic        [N*Bits-1:0] y_o,
    /// The element saturated.
    output logic        [     N-1:0] sat_o
);
  localparam int unsigned XW = W > Bits ? W : Bits;
  /// A left shift by Bits moves out every bit of a result, so that a longer one saturates the same elements.
  localparam int unsigned LW = 2 * Bits;

  logic [4:0] m_right, m_left;
  logic [6:0] minus;

  if (N < 1 || W < 2 || W > 64 || Bits < 2 || Bits > 16) $error("pm_msb_parse: N >= 1, W 2..64, Bits 2..16");

  // Right shift, rounding and saturation come first: what does not fit now cannot fit after a left shift.
  function logic [Bits:0] parse(input logic [W-1:0] x, input logic [4:0] right, input logic [4:0] left,
                                input logic round);
    logic signed [XW-1:0] v;
    logic signed [LW-1:0] w;
    logic half, neg, over;
    neg = x[W-1];
    v = XW'($signed(x)) >>> (right - 5'(right != '0));
    half = round && right != '0 && v[0];
    if (right != '0) v = v >>> 1;
    v = v + XW'(half);
    over = (v[XW-1:Bits-1] != '0) && (v[XW-1:Bits-1] != '1);
    w = LW'($signed(v[Bits-1:0])) <<< left;
    over = over || (w[LW-1:Bits-1] != '0 && w[LW-1:Bits-1] != '1);
    parse = over ? {1'b1, neg, {(Bits - 1) {!neg}}} : {1'b0, w[Bits-1:0]};
  endfunction

  always_comb begin
    m_right = m_i <= 0 ? '0 : m_i > 31 ? 5'd31 : m_i[4:0];
    minus   = 7'd0 - m_i;
    m_left  = m_i >= 0 ? '0 : minus > 7'(Bits) ? 5'(Bits) : minus[4:0];
  end

  always_comb begin
    for (int unsigned i = 0; i < N; i++) begin
      {sat_o[i], y_o[i*Bits+:Bits]} = parse(x_i[i*W+:W], m_right, m_left, round_i);
    end
  end
endmodule

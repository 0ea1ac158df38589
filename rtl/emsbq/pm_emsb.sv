// SPDX-License-Identifier: Apache-2.0
/// The effective MSB of a group (FLARE arXiv 2411.14733, section 4.2): the highest bit position at which any kept
/// element differs from its own sign bit. Elements that are small in either direction have long runs of sign bits, which
/// carry nothing. Combinational: an OR over the group, then the leading one.
module pm_emsb #(
    /// Elements a group, 1..4096.
    parameter int unsigned N = 64,
    /// Bits an element, 2..64.
    parameter int unsigned W = 32,
    /// Effective bits that fit a signed result, 0..W: e_o is what is beyond them.
    parameter int unsigned FitSigned = 0,
    /// Those that fit an unsigned one, 0..W.
    parameter int unsigned FitUnsigned = 0
) (
    /// Element i in bits i*W +: W.
    input  logic [        N*W-1:0] x_i,
    /// 1: the element counts. All zero: e_o is 0.
    input  logic [          N-1:0] keep_i,
    /// Elements are two's complement; otherwise unsigned, and E+1 is the bit length of their OR.
    input  logic                   signed_i,
    /// E+1, or 0 where no kept element has an effective bit, less the bits that fit, and at least 0.
    output logic [$clog2(W+1)-1:0] e_o
);
  if (N < 1 || N > 4096 || W < 2 || W > 64 || FitSigned > W || FitUnsigned > W) begin : g_range
    $error("pm_emsb: N must be 1..4096, W 2..64, FitSigned and FitUnsigned 0..W");
  end

  logic [W-1:0] any, beyond;
  logic unused_none;

  always_comb begin
    any = '0;
    for (int unsigned i = 0; i < N; i++) begin
      if (keep_i[i]) any |= x_i[i*W+:W] ^ {W{signed_i && x_i[i*W+W-1]}};
    end
  end

  // What fits is left out before the search, instead of subtracted after it; below stands a one for "nothing".
  assign beyond = signed_i ? any >> FitSigned : any >> FitUnsigned;
  pm_lead_one #(
      .W(W + 1)
  ) u_lead_one (
      .x_i   ({beyond, 1'b1}),
      .pos_o (e_o),
      .none_o(unused_none)
  );
endmodule

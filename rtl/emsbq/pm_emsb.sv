// SPDX-License-Identifier: Apache-2.0
/// The effective MSB of a group (FLARE arXiv 2411.14733, section 4.2): the highest bit position at which any kept
/// element differs from its own sign bit. Elements that are small in either direction have long runs of sign bits, which
/// carry nothing. Combinational: an OR over the group, then a leading-one search of clog2(W) steps.
module pm_emsb #(
    /// Elements a group, 1..4096.
    parameter int unsigned N = 64,
    /// Bits an element, 2..64.
    parameter int unsigned W = 32
) (
    /// Element i in bits i*W +: W.
    input  logic [        N*W-1:0] x_i,
    /// 1: the element counts. All zero: e_o is 0.
    input  logic [          N-1:0] keep_i,
    /// Elements are two's complement; otherwise unsigned, and e_o is the bit length of their OR.
    input  logic                   signed_i,
    /// E+1, 0..W: 0 where no kept element has an effective bit.
    output logic [$clog2(W+1)-1:0] e_o
);
  if (N < 1 || N > 4096 || W < 2 || W > 64) begin : g_range
    $error("pm_emsb: N must be 1..4096, W 2..64");
  end

  localparam int unsigned EW = $clog2(W + 1);

  logic [W-1:0] any;
  logic [$clog2(W)-1:0] position;
  logic none;

  always_comb begin
    any = '0;
    for (int unsigned i = 0; i < N; i++) begin
      if (keep_i[i]) any |= x_i[i*W+:W] ^ {W{signed_i && x_i[i*W+W-1]}};
    end
  end

  pm_lead_one #(
      .W(W)
  ) u_lead_one (
      .x_i   (any),
      .pos_o (position),
      .none_o(none)
  );
  assign e_o = none ? '0 : EW'(position) + 1'b1;
endmodule

// SPDX-License-Identifier: Apache-2.0
/// Second half of pm_msb_parse: rounding, the left shift where there is one, saturation. Combinational.
module pm_msb_round #(
    /// Elements, 1..4096.
    parameter int unsigned N = 64,
    /// Bits of a result, two's complement, 2..16 (KVB).
    parameter int unsigned Bits = 10
) (
    /// The floored elements that pm_msb_narrow gives.
    input  logic [N*(Bits+1)-1:0] v_i,
    /// What rounding adds.
    input  logic [         N-1:0] half_i,
    /// The left shift that is left. Rounding and a left shift exclude each other.
    input  logic [           4:0] left_i,
    /// Element i in bits i*Bits +: Bits.
    output logic [    N*Bits-1:0] y_o,
    /// The element saturated.
    output logic [         N-1:0] sat_o
);
  if (N < 1 || N > 4096 || Bits < 2 || Bits > 16) begin : g_range
    $error("pm_msb_round: N must be 1..4096, Bits 2..16");
  end

  always_comb begin
    logic [Bits:0] v;
    logic signed [2*Bits-1:0] shifted;
    logic neg, carries;
    v = '0;
    shifted = '0;
    neg = 1'b0;
    carries = 1'b0;
    for (int unsigned i = 0; i < N; i++) begin
      v = v_i[i*(Bits+1)+:Bits+1];
      neg = v[Bits];
      // Rounding takes the largest result out of range, and the value below the least one into it.
      carries = half_i[i] && v[Bits-2:0] == '1;
      shifted = (2 * Bits)'($signed(v[Bits-1:0] + Bits'(half_i[i]))) <<< left_i;
      sat_o[i] = (neg ? !v[Bits-1] && !carries : v[Bits-1] || carries) ||
          (shifted[2*Bits-1:Bits-1] != '0 && shifted[2*Bits-1:Bits-1] != '1);
      y_o[i*Bits+:Bits] = sat_o[i] ? {neg, {(Bits - 1) {!neg}}} : shifted[Bits-1:0];
    end
  end
endmodule

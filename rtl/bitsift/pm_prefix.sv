// SPDX-License-Identifier: Apache-2.0
/// Some levels of a Sklansky prefix sum: from the inclusive sums inside blocks of From slices to those inside blocks of To.
module pm_prefix #(
    /// Slices, at least 1.
    parameter int unsigned Slices = 64,
    /// Slices of a block before: a power of two, at least 1.
    parameter int unsigned From = 1,
    /// Slices of a block after, at least 1: From is doubled until it covers them.
    parameter int unsigned To = 64,
    /// Bits of a sum before, at least 1.
    parameter int unsigned InW = 5,
    /// Bits of a sum after, at least InW.
    parameter int unsigned OutW = 11
) (
    /// Inclusive sums inside blocks of From; slice j's at [j*InW +: InW].
    input  logic [ Slices*InW-1:0] sum_i,
    /// Inclusive sums inside blocks of To.
    output logic [Slices*OutW-1:0] sum_o
);
  if (Slices < 1 || From < 1 || 2 ** $clog2(From) != From || To < 1) begin : g_range
    $error("pm_prefix: Slices and To must be at least 1, From a power of two");
  end
  if (InW < 1 || OutW < InW) begin : g_width_range
    $error("pm_prefix: InW must be at least 1, OutW at least InW");
  end

  always_comb begin
    for (int unsigned j = 0; j < Slices; j++) sum_o[j*OutW+:OutW] = OutW'(sum_i[j*InW+:InW]);
    for (int unsigned s = From; s < To; s = s * 2)
    for (int unsigned j = s; j < Slices; j++)
    if ((j & s) != 0) sum_o[j*OutW+:OutW] = sum_o[j*OutW+:OutW] + sum_o[((j/s)*s-1)*OutW+:OutW];
  end
endmodule

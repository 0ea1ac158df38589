// SPDX-License-Identifier: Apache-2.0
// Some levels of a Sklansky prefix sum: from the inclusive sums inside blocks of From slices to those inside blocks of To.
module pm_prefix #(
  /// slices
  parameter int unsigned Slices = 64,
  /// slices of a block, before and after: From times a power of two is To or more
  parameter int unsigned From = 1,
  parameter int unsigned To = 64,
  /// bits of a sum, before and after
  parameter int unsigned InW = 5,
  parameter int unsigned OutW = 11
) (
  input  logic [Slices*InW-1:0]  sum_i,
  output logic [Slices*OutW-1:0] sum_o
);
  always_comb begin
    for (int unsigned j = 0; j < Slices; j++) sum_o[j*OutW +: OutW] = OutW'(sum_i[j*InW +: InW]);
    for (int unsigned s = From; s < To; s = s * 2)
      for (int unsigned j = s; j < Slices; j++)
        if ((j & s) != 0) sum_o[j*OutW +: OutW] = sum_o[j*OutW +: OutW] + sum_o[((j / s) * s - 1)*OutW +: OutW];
  end
endmodule

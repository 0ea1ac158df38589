// SPDX-License-Identifier: Apache-2.0
/// Grant of one slice in access `t` of a plane, split mode.
///
/// Access t takes the ones whose rank (number of ones before them in the plane) divided by 8 is t. A slice whose first
/// one has rank `base` begins in access base/8 with the places that the slices before it leave, 8 - base%8, and may fill
/// every later access alone: by then the slices before it are exhausted, and when it is exhausted itself there is nothing
/// left to mark. So the grant needs neither the slice's popcount nor what remains of it.
module pm_grant #(
    /// Bits of a count of rows, at least 4.
    parameter int unsigned CntW = 7
) (
    /// Ones in the slices before this one.
    input logic [CntW-1:0] base_i,
    /// Access of the plane, from 0.
    input logic [CntW-4:0] t_i,
    /// The slice's share of the access, 0..8.
    output logic [pm_pkg::CountW-1:0] k_o
);
  if (CntW < 4) begin : g_range
    $error("pm_grant: CntW must be at least 4");
  end

  always_comb begin
    if (t_i < base_i[CntW-1:3]) k_o = '0;
    else if (t_i == base_i[CntW-1:3]) k_o = pm_pkg::CountW'(pm_pkg::K) - {1'b0, base_i[2:0]};
    else k_o = pm_pkg::CountW'(pm_pkg::K);
  end
endmodule

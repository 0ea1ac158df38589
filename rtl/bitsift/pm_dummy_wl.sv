// SPDX-License-Identifier: Apache-2.0
/// SAWL_D controller: the dummy wordlines that keep the number of active rows at 8 (FLARE section 4.4).
///
/// Cells of the 7 dummy rows store 0. With 8 - SAWL of them on, exactly 8 wordlines are on at every access, and the
/// converters' range never moves.
module pm_dummy_wl (
    /// Wordlines of the access that carry data, 0..8; 0: no access, nothing is driven.
    input  logic [ pm_pkg::CountW-1:0] sawl_i,
    /// Dummy wordlines, thermometer coded from index 0.
    output logic [pm_pkg::Dummies-1:0] dummy_o
);
  always_comb for (int unsigned i = 0; i < pm_pkg::Dummies; i++) dummy_o[i] = sawl_i != 0 && 32'(sawl_i) + i < pm_pkg::K;
endmodule

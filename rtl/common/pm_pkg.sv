// SPDX-License-Identifier: Apache-2.0
/// Constants that blocks share, read as pm_pkg::K: no import, which Debian's Yosys does not know.
package pm_pkg;
  /* verilator lint_off UNUSEDPARAM */  // no block uses all of them
  /// Wordlines that are on in every access of FLARE's arrays, data and dummies together: what the converters' range is made for.
  localparam int unsigned K = 8;
  /// Dummy wordlines: an access has at least one of data.
  localparam int unsigned Dummies = K - 1;
  /// Bits of a count 0..K: a slice's grant, a column's code.
  localparam int unsigned CountW = $clog2(K + 1);
  /* verilator lint_on UNUSEDPARAM */
endpackage

// SPDX-License-Identifier: Apache-2.0
/* Clocks of one plane behind sample-and-hold, column multiplexer and SAR converters (HyFlexPIM section 3.2).
 */
#ifndef PM_COL_SCAN_H
#define PM_COL_SCAN_H

#include "sar_ctrl.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Clocks that `sars` converters (a divisor of cols) take to convert a plane's columns with `bits` 6 or 7. */
static inline unsigned pm_scan_clocks(unsigned cols, unsigned bits, unsigned sars) {
    return cols / sars * pm_sar_clocks(bits);
}

/** Clocks of one plane in the steady state: conversions overlap the next plane's read of `read_clocks`. */
static inline unsigned pm_plane_clocks(unsigned read_clocks, unsigned cols, unsigned bits, unsigned sars) {
    const unsigned scan = pm_scan_clocks(cols, bits, sars);
    return scan > read_clocks ? scan : read_clocks;
}

#ifdef __cplusplus
}
#endif
#endif

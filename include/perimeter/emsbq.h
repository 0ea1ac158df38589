// SPDX-License-Identifier: Apache-2.0
/* eMSB-Q: quantisation by the position of the effective most significant bit (FLARE section 4.2). */
#ifndef PM_EMSBQ_H
#define PM_EMSBQ_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pm_emsbq_cfg {
    unsigned q;     /**< output bits: signed 2..16, unsigned 1..15 */
    bool is_signed; /**< of the group's elements */
    bool round;     /**< add half an output LSB before the shift and saturate; false: truncate */
};

/** E: the highest bit position at which any kept element differs from its own sign bit; -1 if none. Unsigned
 * groups (elements >= 0): bl(OR x) - 1. keep[n] (1 = kept) may be NULL. */
int pm_emsb(const int64_t *x, const uint8_t *keep, size_t n, bool is_signed);

/** Quantises x[n] to y[n] and returns the group's shift s: an element's value is y * 2^s. Positions that are
 * not kept do not enter E; they are shifted and saturated like the others. Any int64 is accepted: s
 * reaches 62. */
int pm_emsbq(const struct pm_emsbq_cfg *cfg, const int64_t *x, const uint8_t *keep, size_t n, int16_t *y);

/** sat((acc + r) >> m, bits), r = 2^(m-1) when rounding and m > 0: the parse of K and V (bits 2..16). A
 * negative m shifts left; |m| is clamped to 31. Any int64 is accepted. */
int16_t pm_msb_parse(int64_t acc, int64_t m, unsigned bits, bool round);

#ifdef __cplusplus
}
#endif
#endif

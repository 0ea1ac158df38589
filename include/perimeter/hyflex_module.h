// SPDX-License-Identifier: Apache-2.0
/* A matrix in a HyFlexPIM analog module, requantised for the next one (HyFlexPIM section 3.2;
 * docs/numerics.md, "HyFlexPIM module"): arrays by hyflex_gemv.h, whose row tiles add up in 32 bits and whose
 * columns stand side by side, and int8 of the sums at a fixed scale. */
#ifndef PM_HYFLEX_MODULE_H
#define PM_HYFLEX_MODULE_H

#include "hyflex_gemv.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_REQUANT_MAX_SHIFT 47

/** A scale m 2^-s: m 0..65535, s 0..PM_REQUANT_MAX_SHIFT. */
struct pm_requant {
    uint32_t m;
    unsigned s;
};

/** PM_OK, or PM_EINVAL when a member of r is outside its range. */
pm_status pm_requant_check(struct pm_requant r);

/** y m 2^-s, rounded to an integer, halves up, limited to -128..127. */
int8_t pm_requant8(int32_t y, struct pm_requant r);

/** y[outputs] = pm_hyflex_gemv(), and q[outputs] of it. cost may be NULL. */
void pm_hyflex_stage(const struct pm_hyflex *h, struct pm_requant r, const int8_t *x, uint32_t vector,
                     int32_t *y, int8_t *q, struct pm_hyflex_cost *cost);

/** Clocks that a vector has the module's bus of 64 bytes: a beat for each row tile, and for each array one
 * or, with more than 16 outputs, two. */
unsigned pm_hyflex_bus_clocks(const struct pm_hyflex *h);

#ifdef __cplusplus
}
#endif
#endif

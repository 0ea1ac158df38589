// SPDX-License-Identifier: Apache-2.0
/* Wake-up to response: layers' weights come over a bus while earlier layers run (Khwa et al., Nature 639, 617
 * (2025), Extended Data Fig. 1; docs/numerics.md, "Wake-up"). */
#ifndef PM_WAKE_H
#define PM_WAKE_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pm_wake_cfg {
    int64_t pwr; /**< clocks until power is up, at least 0 */
    int64_t bus; /**< bits a beat, a power of two, 1..1024 */
    int64_t cap; /**< bits that the SRAM holds; 0: any */
};

/** PM_OK, or PM_EINVAL where a field is out of its range. */
pm_status pm_wake_check(const struct pm_wake_cfg *cfg);

/** Beats of a layer: max(1, ceil(bits / bus)). */
int64_t pm_wake_beats(const struct pm_wake_cfg *cfg, int64_t bits);

/** end[l]: the clock in which layer l, of bits[l] >= 0 SRAM bits and run[l] >= 1 clocks, has run to its end;
 * the response is there in clock end[layers-1]. layers at least 1. PM_EINVAL: cfg; PM_ERANGE: a layer outside
 * these ranges or beyond the cap, or an end beyond int64; *at, where not NULL, is then the layer. */
pm_status pm_wake(const struct pm_wake_cfg *cfg, const int64_t *bits, const int64_t *run, size_t layers,
                  int64_t *end, size_t *at);

#ifdef __cplusplus
}
#endif
#endif

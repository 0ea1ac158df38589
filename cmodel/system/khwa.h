// SPDX-License-Identifier: Apache-2.0
/* Khwa et al., Nature 639, 617 (2025): MLC memristor arrays with place-value-aware accumulation, lossless
 * SRAM-CIM and tiny-digital, in integers and floating point, layer by layer and kernel by kernel. What a
 * watch sees. */
#ifndef PM_SYSTEM_KHWA_H
#define PM_SYSTEM_KHWA_H

#include "pva_gemv.h"
#include "system/system.h"

extern const struct pm_system pm_system_khwa;

/** Who computes a kernel, as enum pm_mix_engine; the parts of the counts, in this order. */
enum pm_khwa_engine { PM_KHWA_MEMRISTOR, PM_KHWA_SRAM, PM_KHWA_TINY, PM_KHWA_ENGINES };

/** Of pm_watch.done: what the memristor arrays gave of a layer. */
struct pm_khwa_run {
    const struct pm_pva *matrix; /**< of the kernels in them */
    const int32_t *x;            /**< [n][rows of matrix] */
    size_t n;
    uint32_t first_vector;
    const int64_t *y; /**< [n][outputs of matrix] */
    const struct pm_pva_cost *cost;
};

/** A placed layer's arrays, for its RTL twin; NULL: it has none. */
const struct pm_pva *pm_khwa_layer_arrays(const void *layer);
/** Its kernels in an engine. */
unsigned pm_khwa_layer_kernels(const void *layer, enum pm_khwa_engine engine);

#endif

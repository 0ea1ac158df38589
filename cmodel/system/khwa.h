// SPDX-License-Identifier: Apache-2.0
/* Khwa et al., Nature 639, 617 (2025): MLC memristor arrays with place-value-aware accumulation, lossless
 * SRAM-CIM and tiny-digital, in integers and floating point, layer by layer and kernel by kernel. What a
 * watch sees. */
#ifndef PM_SYSTEM_KHWA_H
#define PM_SYSTEM_KHWA_H

#include "mix_gemv.h"
#include "pva_gemv.h"
#include "system/system.h"

extern const struct pm_system pm_system_khwa;

/** Who computes a kernel, as enum pm_mix_engine; the parts of the counts, in this order. */
enum pm_khwa_engine { PM_KHWA_MEMRISTOR, PM_KHWA_SRAM, PM_KHWA_TINY, PM_KHWA_ENGINES };

/** Of pm_watch.done: what a layer's engines were given, and what they gave. Not where each product is
 * aligned. */
struct pm_khwa_run {
    const struct pm_mix_cfg *mix;
    unsigned in, out;
    size_t n;
    uint32_t first_vector;
    const int32_t *code; /**< [n][in]: inputs before they are aligned, codes or integers */
    const int32_t *x;    /**< [n][in]: aligned */
    const int *x_power;  /**< [n], 0 of integers, as of weights: [out] */
    const int32_t *w_power;
    const int16_t *weight;          /**< [in][out], aligned */
    const uint8_t *engine;          /**< [out], enum pm_khwa_engine */
    const struct pm_pva *arrays;    /**< of the kernels in memristors, in order; NULL: none */
    const int64_t *product;         /**< [n][out] */
    const struct pm_pva_cost *cost; /**< of arrays */
};

/** A placed layer's numbers. */
const struct pm_mix_cfg *pm_khwa_layer_config(const void *layer);
/** Its kernels in an engine. */
unsigned pm_khwa_layer_kernels(const void *layer, enum pm_khwa_engine engine);

#endif

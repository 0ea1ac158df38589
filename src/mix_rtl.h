// SPDX-License-Identifier: Apache-2.0
/* A mixed layer in RTL, block by block: inputs are aligned, each engine multiplies its kernels tile by tile,
 * the back end brings them together in kernel order and makes FP32 numbers of them. */
#ifndef PM_MIX_RTL_H
#define PM_MIX_RTL_H

#include "mix_gemv.h"
#include "pva_gemv.h"
#include "tb/common/pm_sim.h"

#include <stdio.h>

#define PM_MIX_ENGINES 3
#define PM_MIX_KERNELS 64 /**< of a back end's run */

/** Blocks, engines first and as enum pm_mix_engine. */
enum pm_mix_block { PM_MIX_PVA, PM_MIX_DCIM, PM_MIX_MAC, PM_MIX_ALIGN, PM_MIX_BACK, PM_MIX_BLOCKS };

extern const struct pm_mix_model { const char *block, *driver; } pm_mix_model[PM_MIX_BLOCKS];

/** The parameters of a block's model for layers of up to `rows` rows. */
void pm_mix_params(enum pm_mix_block block, const struct pm_mix_cfg *cfg, size_t rows, char *text,
                   size_t length);

struct pm_mix_rtl {
    const struct pm_mix_cfg *cfg;
    size_t vectors, rows, outputs;
    const int32_t *x;            /**< [vectors][rows]: codes where inputs are floating point, else integers */
    const int16_t *w;            /**< [rows][outputs], as pm_mix_weights() has them; so are pw and dest */
    const int32_t *pw;           /**< [outputs] */
    const uint8_t *dest;         /**< [outputs] */
    const struct pm_pva *arrays; /**< of the memristors' kernels, in order; NULL: none */
    uint32_t first_vector;       /**< of the arrays' noise */
    /** Of loaded models: of the engines that have kernels, of PM_MIX_ALIGN where inputs are floating point.
     * Without PM_MIX_BACK's the dot products are all there is. */
    void (*driver[PM_MIX_BLOCKS])(void);
    /** Options of a block's run number `run`, numbered from 0; NULL: the defaults. */
    struct pm_sim_opts (*sim)(void *ctx, enum pm_mix_block block, unsigned run);
    void *ctx;

    int32_t *q;     /**< [vectors][rows], aligned inputs; not written where they are integers */
    int32_t *px;    /**< [vectors]: their powers of two, 0 of integers */
    int64_t *dpv;   /**< [vectors][outputs] */
    int64_t *y;     /**< [vectors][outputs]: FP32's patterns, or the dot products; of the back end */
    uint8_t *flags; /**< [vectors][outputs]: enum of prealign.h */
    uint64_t clips; /**< of the memristors' conversions */
    uint64_t clocks[PM_MIX_ENGINES]; /**< tiles of memristors follow each other, as those of tiny digital;
                                        SRAM's work side by side: the slowest */
};

/** Runs it. The drivers' statuses, or PM_ENOMEM. */
pm_status pm_mix_rtl(struct pm_mix_rtl *layer);

#endif

// SPDX-License-Identifier: Apache-2.0
/* A network's matrix in 6T-MRAM near-memory macros (nmc.h): 8-bit integers by MAC, or, where weights and
 * inputs are binary, signs by XOR. Every output of a MAC has its macros, one for each 576 inputs; eight
 * outputs of an XOR share theirs. What a watch sees. */
#ifndef PM_SYSTEM_NMC_H
#define PM_SYSTEM_NMC_H

#include "system/system.h"
#include <nmc.h> /* the public one, not this */

extern const struct pm_system pm_system_nmc;

/** A placed matrix: macro (tile, group) is number tile * groups + group. Read-only: threads may share it. */
struct pm_nmc_layer {
    unsigned in, out, tiles, groups;
    bool is_xor;
    struct pm_nmc_cfg cfg; /**< of a MAC */
    struct pm_sense_cfg sense;
    struct pm_nmc_macro *macro;
    struct pm_integer *integer; /**< of a MAC */
    float *scale, *bias;        /**< of an XOR, [out] */
    double e_read, e_toggle[2]; /**< of a read; of a sense amplifier's and a product's change */
};
/** The outputs of a group: 1, or up to 8 of an XOR. */
unsigned pm_nmc_group_outputs(const struct pm_nmc_layer *l, unsigned group);

/** Of pm_watch.done. */
struct pm_nmc_run {
    const struct pm_nmc_layer *layer;
    size_t n;
    uint32_t first_vector;
    const struct pm_nmc_input *in;      /**< [n][tiles] */
    const int64_t *y;                   /**< [n][out] */
    const struct pm_nmc_counts *counts; /**< of this run */
};

#endif

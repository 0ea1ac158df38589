// SPDX-License-Identifier: Apache-2.0
/* FLARE: an attention as a whole, in MRAM and SRAM arrays (flare_attention.h). What a watch sees. */
#ifndef PM_SYSTEM_FLARE_H
#define PM_SYSTEM_FLARE_H

#include "flare_attention.h"
#include "system/system.h"

extern const struct pm_system pm_system_flare;

/** A programmed layer, for its RTL twin. */
const struct pm_attention_cfg *pm_flare_layer_config(const void *layer);
const struct pm_attention_weights *pm_flare_layer_weights(const void *layer);
/** Number of its first array. */
uint32_t pm_flare_layer_array(const void *layer);

/** Of pm_watch.stage: a const struct pm_attention_stages; of pm_watch.done: this, after the run. */
struct pm_flare_run {
    const int8_t *x;
    const int32_t *ex;
    const uint8_t *keep;
    unsigned n;
    uint32_t first_vector;
    const int8_t *y;
    const int32_t *e;
    const struct pm_attention_cost *cost; /**< of this run */
};

/** The parts of its counts: six kinds of GEMV, in the order of enum pm_gemv_kind, and what is the whole's. */
#define PM_FLARE_WHOLE PM_GEMV_KINDS

#endif

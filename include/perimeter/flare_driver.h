// SPDX-License-Identifier: Apache-2.0
/* Driver of pm_flare_apb, FLARE's attention engine as a peripheral: loads a layer's side data, runs tokens,
 * reads results and flags. It reaches the registers (flare_apb_registers.h) through two functions, on a
 * processor two volatile accesses:
 *
 *     static pm_status get(void *base, uint32_t address, uint32_t *data) {
 *         *data = *(volatile uint32_t *)((char *)base + address);
 *         return PM_OK;
 *     }
 */
#ifndef PM_FLARE_DRIVER_H
#define PM_FLARE_DRIVER_H

#include "flare_attention.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Transfers of 32 bits at byte addresses of the map. An error, a refused transfer for one, ends whatever the
 * driver does and is returned by it. */
struct pm_flare_bus {
    pm_status (*read)(void *ctx, uint32_t address, uint32_t *data);
    pm_status (*write)(void *ctx, uint32_t address, uint32_t data);
    void *ctx;
};

/** A peripheral; pm_flare_probe() fills it. */
struct pm_flare_device {
    struct pm_flare_bus bus;
    unsigned width, heads, kvb, max_tokens; /**< the engine's parameters */
    uint32_t mode;                          /**< the loaded layer's modes */
};

/** What was sticky during a run. */
struct pm_flare_flags {
    bool z_zero; /**< a head's row had Z = 0 */
    bool k_sat;  /**< an element of K was clamped */
    bool v_sat;  /**< an element of V was clamped */
};

/** Finds the peripheral's parameters. PM_EFORMAT: something else is there. */
pm_status pm_flare_probe(const struct pm_flare_bus *bus, struct pm_flare_device *dev);

/** Loads one layer's modes, shifts, softmax tables, e0 and biases (NULL: 0); its weights are in the arrays
 * already. PM_EINVAL: cfg is outside its range, PM_EMODE: the engine does not have its mode or shape. */
pm_status pm_flare_load(struct pm_flare_device *dev, const struct pm_attention_cfg *cfg,
                        const struct pm_attention_weights *w);

/** Runs n tokens x[n][D], ex[n], as pm_attention_run(); `append`: behind those that the arrays hold,
 * otherwise the first is token 0. keep[all tokens that the arrays hold then], or NULL. Returns y[n][D], e[n]
 * and, where it is not NULL, the flags. PM_ERANGE: the arrays have no room. */
pm_status pm_flare_run(const struct pm_flare_device *dev, const int8_t *x, const int32_t *ex,
                       const uint8_t *keep, unsigned n, bool append, int8_t *y, int32_t *e,
                       struct pm_flare_flags *flags);

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: Apache-2.0
/* pm_therm_enc in simulation, with whole tensors. */
#ifndef THERM_ENC_RTL_H
#define THERM_ENC_RTL_H

#include "pm_sim.h"

/** pm_therm_enc(pm_flash(a[i])) by RTL: code[n] of the column values a[n] in 1/256 LSB. */
pm_status pm_therm_enc_rtl(const struct pm_sim_opts *opts, const int32_t *a, size_t n, uint8_t *code);
/** The same from comparators: code[n] of therm[n], bit k = comparator k, bubbles included. */
pm_status pm_therm_enc_cmp_rtl(const struct pm_sim_opts *opts, const uint8_t *therm, size_t n, uint8_t *code);

typedef pm_status pm_therm_enc_rtl_fn(const struct pm_sim_opts *, const int32_t *, size_t, uint8_t *);
typedef pm_status pm_therm_enc_cmp_rtl_fn(const struct pm_sim_opts *, const uint8_t *, size_t, uint8_t *);

#endif

// SPDX-License-Identifier: Apache-2.0
/* Parsed K columns and V rows on their way into the SRAM arrays. */
#ifndef PM_KV_WRITE_H
#define PM_KV_WRITE_H

#include "analog/array.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Token t's key k[d_k] into column group t of a K^T array (rows d_k, columns N*kvb: column t*kvb + bit). */
void pm_k_write(struct pm_array *k_array, const int16_t *k, unsigned d_k, unsigned kvb, unsigned t);
/** Token t's value v[d_k] into row t of a V array (rows N, columns d_k*kvb: column m*kvb + bit). */
void pm_v_write(struct pm_array *v_array, const int16_t *v, unsigned d_k, unsigned kvb, unsigned t);

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: Apache-2.0
#include "kv_write.h"

void pm_k_write(struct pm_array *k_array, const int16_t *k, unsigned d_k, unsigned kvb, unsigned t) {
    for (unsigned i = 0; i < d_k; i++) {
        for (unsigned bit = 0; bit < kvb; bit++)
            pm_array_write(k_array, i, t * kvb + bit, (k[i] >> bit & 1) != 0);
    }
}

void pm_v_write(struct pm_array *v_array, const int16_t *v, unsigned d_k, unsigned kvb, unsigned t) {
    for (unsigned i = 0; i < d_k; i++) {
        for (unsigned bit = 0; bit < kvb; bit++)
            pm_array_write(v_array, t, i * kvb + bit, (v[i] >> bit & 1) != 0);
    }
}

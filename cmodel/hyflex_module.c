// SPDX-License-Identifier: Apache-2.0
#include "hyflex_module.h"

pm_status pm_requant_check(struct pm_requant r) {
    return r.m < 1u << 16 && r.s <= PM_REQUANT_MAX_SHIFT ? PM_OK : PM_EINVAL;
}

int8_t pm_requant8(int32_t y, struct pm_requant r) {
    const int64_t half = r.s > 0 ? INT64_C(1) << (r.s - 1) : 0;
    return (int8_t)pm_clamp(((int64_t)y * r.m + half) >> r.s, INT8_MIN, INT8_MAX);
}

void pm_hyflex_stage(const struct pm_hyflex *h, struct pm_requant r, const int8_t *x, uint32_t vector,
                     int32_t *y, int8_t *q, struct pm_hyflex_cost *cost) {
    pm_hyflex_gemv(h, x, vector, y, cost);
    for (unsigned m = 0; m < pm_hyflex_outputs(h); m++)
        q[m] = pm_requant8(y[m], r);
}

unsigned pm_hyflex_bus_clocks(const struct pm_hyflex *h) {
    const unsigned beats = pm_hyflex_per(pm_hyflex_config(h)) > PM_HYFLEX_COLS / 8 ? 2 : 1;
    return pm_hyflex_row_tiles(h) * (1 + beats * pm_hyflex_col_tiles(h));
}

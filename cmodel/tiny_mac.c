// SPDX-License-Identifier: Apache-2.0
#include "tiny_mac.h"

pm_status pm_tiny_check(const struct pm_tiny_cfg *cfg) {
    return cfg->xbits >= 2 && cfg->xbits <= 16 ? PM_OK : PM_EINVAL;
}

pm_status pm_tiny_gemv(const struct pm_tiny_cfg *cfg, const int32_t *x, const int8_t *w, size_t vectors,
                       size_t rows, size_t outputs, int32_t *y) {
    if (pm_tiny_check(cfg) != PM_OK || rows < 1 || rows > PM_TINY_ROWS)
        return PM_EINVAL;
    const size_t inputs = cfg->depthwise ? outputs * rows : rows;
    const int32_t half = (int32_t)1 << (cfg->xbits - 1);
    const int32_t lo = cfg->is_signed ? -half : 0, hi = cfg->is_signed ? half - 1 : 2 * half - 1;
    for (size_t i = 0; i < vectors * inputs; i++)
        if (x[i] < lo || x[i] > hi)
            return PM_ERANGE;
    for (size_t t = 0; t < vectors; t++)
        for (size_t m = 0; m < outputs; m++) {
            const int32_t *own = x + t * inputs + (cfg->depthwise ? m * rows : 0);
            int32_t acc = 0;
            for (size_t k = 0; k < rows; k++)
                acc += own[k] * w[k * outputs + m];
            y[t * outputs + m] = acc;
        }
    return PM_OK;
}

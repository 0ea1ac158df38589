// SPDX-License-Identifier: Apache-2.0
#include "dcim.h"

pm_status pm_dcim_check(const struct pm_dcim_cfg *cfg) {
    const bool bits = cfg->xbits >= (cfg->is_signed ? 2 : 1) && cfg->xbits <= 16;
    return bits && cfg->share >= 1 && cfg->share <= PM_DCIM_SHARE ? PM_OK : PM_EINVAL;
}

int32_t pm_dcim_mux(unsigned bits, const int8_t *w, size_t stride, unsigned share) {
    int32_t sum = 0;
    for (unsigned g = 0; g < share; g++)
        sum += bits >> g & 1 ? w[g * stride] : 0;
    return sum;
}

/* The sum of one plane: the last multiplexer may have fewer rows. */
static int64_t plane_sum(const struct pm_dcim_cfg *cfg, unsigned plane, const int32_t *x, const int8_t *w,
                         size_t rows, size_t stride) {
    int64_t sum = 0;
    for (size_t first = 0; first < rows; first += cfg->share) {
        const unsigned share = rows - first < cfg->share ? (unsigned)(rows - first) : cfg->share;
        unsigned bits = 0;
        for (unsigned g = 0; g < share; g++)
            bits |= ((uint32_t)x[first + g] >> plane & 1) << g;
        sum += pm_dcim_mux(bits, w + first * stride, stride, share);
    }
    return sum;
}

pm_status pm_dcim_gemv(const struct pm_dcim_cfg *cfg, const int32_t *x, const int8_t *w, size_t vectors,
                       size_t rows, size_t outputs, int64_t *y) {
    if (pm_dcim_check(cfg) != PM_OK)
        return PM_EINVAL;
    const int32_t half = (int32_t)1 << (cfg->xbits - 1);
    const int32_t lo = cfg->is_signed ? -half : 0, hi = cfg->is_signed ? half - 1 : 2 * half - 1;
    for (size_t i = 0; i < vectors * rows; i++)
        if (x[i] < lo || x[i] > hi)
            return PM_ERANGE;
    for (size_t t = 0; t < vectors; t++)
        for (size_t m = 0; m < outputs; m++) {
            int64_t acc = 0;
            for (unsigned plane = 0; plane < cfg->xbits; plane++) {
                const int64_t weight = (int64_t)1 << plane;
                const bool negative = cfg->is_signed && plane == cfg->xbits - 1;
                acc +=
                    (negative ? -weight : weight) * plane_sum(cfg, plane, x + t * rows, w + m, rows, outputs);
            }
            y[t * outputs + m] = acc;
        }
    return PM_OK;
}

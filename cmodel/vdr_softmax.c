// SPDX-License-Identifier: Apache-2.0
#include "vdr_softmax.h"

#include <math.h>

pm_status pm_vdr_lut_init(struct pm_vdr_lut *lut, double s0) {
    if (!(s0 >= 0.5 && s0 < 1.0))
        return PM_EINVAL;
    for (int ne = 0; ne < PM_VDR_ENTRIES; ne++) {
        double s = ldexp(s0, -(ne + PM_VDR_FRAC));
        /* round() takes halves away from zero. exp(-p) = 0.35815 * ((1.353 - p)^2 + 0.344 / 0.35815) of
         * I-BERT, in p / S' and without its factor: p^2 - 2.70733 p + 2.79211. */
        lut->e[ne].l = (uint32_t)round(log(2.0) / s);
        lut->e[ne].b = (uint32_t)round(2.70733 / s);
        lut->e[ne].c = (uint32_t)round(2.79211 / (s * s));
    }
    return PM_OK;
}

/* The distance from the row's maximum in units of 2^-F of the entry's scale: 0..4095. */
static uint32_t distance(uint32_t below_max, int64_t ne) {
    if (ne > 7)
        return below_max >> pm_clamp(ne - 7, 0, 8) << PM_VDR_FRAC;
    if (ne >= 0)
        return below_max << PM_VDR_FRAC;
    uint32_t d = below_max << pm_clamp(PM_VDR_FRAC - ne, 0, 12);
    return d < 4095 ? d : 4095;
}

uint8_t pm_vdr_exp(const struct pm_vdr_entry *e, uint32_t d, bool round) {
    int64_t l = e->l, b = e->b, c = e->c, rem = d;
    int q = 0;
    for (int k = 3; k >= 0; k--) { /* division by l, without a divider */
        if (rem >= l << k) {
            rem -= l << k;
            q |= 1 << k;
        }
    }
    if (rem >= l) /* q = 16 and more: exp is below half of the last bit by far */
        return 0;
    int t = pm_bl(e->c) - 8 + q;
    int64_t half = round ? (int64_t)1 << (t - 1) : 0;
    return (uint8_t)pm_clamp((c - rem * (b - rem) + half) >> t, 0, 255); /* 4c > b^2: above 0 */
}

uint32_t pm_vdr_softmax(const struct pm_vdr_lut *lut, const int8_t *x, const uint8_t *keep, size_t n,
                        int32_t ne, bool round, uint8_t *a) {
    const struct pm_vdr_entry *entry = &lut->e[pm_clamp(ne, 0, PM_VDR_ENTRIES - 1)];
    int max = INT8_MIN;
    for (size_t j = 0; j < n; j++)
        if ((!keep || keep[j]) && x[j] > max)
            max = x[j];
    uint32_t z = 0;
    for (size_t j = 0; j < n; j++) {
        a[j] = keep && !keep[j] ? 0 : pm_vdr_exp(entry, distance((uint32_t)(max - x[j]), ne), round);
        z += a[j];
    }
    return z;
}

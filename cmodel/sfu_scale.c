// SPDX-License-Identifier: Apache-2.0
#include "sfu_scale.h"

#include <math.h>

#include "sfu.h"

struct pm_scale pm_scale_fp16(uint16_t x) {
    struct pm_scale s = {0, 0};
    if ((x & ~PM_FP16_SIGN) == 0)
        return s;
    s.m = pm_fp16_normalised(x, &s.e) << 5;
    s.e -= 5;
    return s;
}

/* m of up to 32 bits, the top one of them set, in 16 bits. */
static struct pm_scale narrow(uint64_t m, int e) {
    const int lost = pm_bl(m) - 16;
    if (m == 0)
        return (struct pm_scale){0, 0};
    m = lost > 0 ? (m + (UINT64_C(1) << (lost - 1))) >> lost : m << -lost;
    return m >> 16 ? (struct pm_scale){(uint32_t)(m >> 1), e + lost + 1}
                   : (struct pm_scale){(uint32_t)m, e + lost};
}

struct pm_scale pm_scale_real(double x) {
    int e;
    const double m = frexp(x, &e);
    return narrow((uint64_t)ldexp(m, 53), e - 53);
}

struct pm_scale pm_scale_mul(struct pm_scale a, struct pm_scale b) {
    return narrow((uint64_t)a.m * b.m, a.e + b.e);
}

struct pm_scale pm_scale_recip(uint32_t z) {
    if (z == 0)
        return (struct pm_scale){0, 0};
    int t;
    const uint32_t r = pm_sfu_recip(z, &t);
    return narrow(r, -34 - t);
}

struct pm_scale pm_scale_scores(struct pm_scale a, struct pm_scale b) {
    const struct pm_scale s = pm_scale_mul(a, b);
    return s.m == 0 ? (struct pm_scale){0, -19} : s.e > -19 ? (struct pm_scale){65535, -19} : s;
}

uint16_t pm_sfu_restore(int32_t a, struct pm_scale row, struct pm_scale column, uint16_t bias,
                        uint16_t onto) {
    const uint16_t y = pm_fp16_i2f(a, pm_scale_mul(row, column));
    return pm_fp16_add(pm_fp16_add(y, bias), onto);
}

static struct pm_scale row_scale(const struct pm_sfu_scale_job *j, size_t r) {
    return j->recip ? pm_scale_recip(j->row[r]) : pm_scale_fp16((uint16_t)j->row[r]);
}

void pm_sfu_scale(const struct pm_sfu_scale_job *j, uint16_t *y, struct pm_scale *scale) {
    for (size_t r = 0; r < j->rows; r++) {
        const size_t set = r % j->sets * j->width, first = r * j->width;
        const struct pm_scale row = row_scale(j, r);
        if (scale != NULL)
            scale[r] = j->scores ? pm_scale_scores(row, j->column[set]) : pm_scale_mul(row, j->column[set]);
        for (size_t i = 0; y != NULL && i < j->width; i++)
            y[first + i] = pm_sfu_restore(j->a ? j->a[first + i] : 0, row, j->column[set + i],
                                          j->bias ? j->bias[set + i] : PM_FP16_NOTHING,
                                          j->onto ? j->onto[first + i] : PM_FP16_NOTHING);
    }
}

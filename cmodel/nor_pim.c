// SPDX-License-Identifier: Apache-2.0
#include "nor_pim.h"

pm_status pm_nor_check(const struct pm_nor_cfg *c) {
    const bool ok = c->abits >= PM_NOR_MIN_BITS && c->abits <= PM_NOR_MAX_BITS &&
                    c->bbits >= PM_NOR_MIN_BITS && c->bbits <= PM_NOR_MAX_BITS;
    return ok ? PM_OK : PM_EINVAL;
}

int64_t pm_nor_mul(int32_t a, int32_t b, unsigned abits, unsigned bbits, bool asigned, bool bsigned) {
    int64_t sum = 0;
    for (unsigned i = 0; i < abits; i++)
        for (unsigned j = 0; j < bbits; j++) {
            const bool not_a = !((uint32_t)a >> i & 1), not_b = !((uint32_t)b >> j & 1);
            const int64_t product = (int64_t) !(not_a || not_b) << (i + j);
            const bool negative = (asigned && i == abits - 1) != (bsigned && j == bbits - 1);
            sum += negative ? -product : product;
        }
    return sum;
}

static bool holds(int32_t v, unsigned bits, bool is_signed) {
    return is_signed ? v >= -(1 << (bits - 1)) && v < 1 << (bits - 1) : v >= 0 && v < 1 << bits;
}

pm_status pm_nor_muls(const struct pm_nor_cfg *c, const int32_t *a, const int32_t *b, size_t n, int32_t *y,
                      size_t *at) {
    if (pm_nor_check(c) != PM_OK)
        return PM_EINVAL;
    for (size_t i = 0; i < n; i++) {
        const int64_t p = pm_nor_mul(a[i], b[i], c->abits, c->bbits, c->asigned, c->bsigned);
        if (!holds(a[i], c->abits, c->asigned) || !holds(b[i], c->bbits, c->bsigned) || p > INT32_MAX) {
            if (at)
                *at = i;
            return PM_ERANGE;
        }
        y[i] = (int32_t)p;
    }
    return PM_OK;
}

struct pm_nor_layout pm_nor_layout(unsigned cols, unsigned abits, unsigned bbits) {
    struct pm_nor_layout l = {.lanes = cols / PM_NOR_COLUMNS, .products = abits * bbits};
    l.mults = l.lanes >= l.products ? l.lanes / l.products : 1;
    l.rows = (l.products + l.lanes - 1) / l.lanes;
    l.utilisation = (double)(PM_NOR_COLUMNS * l.products * l.mults) / ((double)cols * l.rows);
    return l;
}

uint64_t pm_nor_cycles(const struct pm_nor_layout *l, uint64_t n) {
    return (n + l->mults - 1) / l->mults * l->rows * PM_NOR_CLOCKS;
}

// SPDX-License-Identifier: Apache-2.0
#include "xbar.h"

struct pm_xbar_cfg pm_xbar_default(void) {
    return (struct pm_xbar_cfg){.wbits = 8, .abits = 8, .cell = 4, .rows = 256, .is_signed = true};
}

pm_status pm_xbar_check(const struct pm_xbar_cfg *c) {
    const bool good = c->wbits >= 2 && c->wbits <= 8 && c->abits >= (c->is_signed ? 2 : 1) && c->abits <= 8 &&
                      c->cell >= 1 && c->cell <= 4 && c->rows >= 16 && c->rows <= PM_XBAR_MAX_ROWS &&
                      (c->adc == 0 || (c->adc >= 2 && c->adc <= 16));
    return good ? PM_OK : PM_EINVAL;
}

unsigned pm_xbar_slices(const struct pm_xbar_cfg *c) {
    return (c->wbits + c->cell - 1) / c->cell;
}

unsigned pm_xbar_shift(const struct pm_xbar_cfg *c, unsigned s) {
    const unsigned above = c->cell * (s + 1);
    return c->wbits > above ? c->wbits - above : 0;
}

unsigned pm_xbar_level(const struct pm_xbar_cfg *c, int w, unsigned s) {
    const unsigned low = pm_xbar_shift(c, s), high = c->wbits - c->cell * s;
    return (unsigned)(w < 0 ? -w : w) >> low & ((1u << (high - low)) - 1);
}

int32_t pm_xbar_code(const struct pm_xbar_cfg *c, int32_t d, uint64_t *clips) {
    const int32_t most = c->adc == 0 ? INT32_MAX : ((int32_t)1 << (c->adc - 1)) - 1;
    if (d >= -most && d <= most)
        return d;
    ++*clips;
    return d < 0 ? -most : most;
}

/* The difference of output m's columns of slice s in a tile: its rows are those of w. */
static int32_t difference(const struct pm_xbar_cfg *c, const int32_t *x, const int16_t *w, size_t rows,
                          size_t outputs, unsigned plane, unsigned s) {
    int32_t d = 0;
    for (size_t r = 0; r < rows; r++)
        if (x[r] >> plane & 1) {
            const int32_t level = (int32_t)pm_xbar_level(c, w[r * outputs], s);
            d += w[r * outputs] < 0 ? -level : level;
        }
    return d;
}

static int64_t tile(const struct pm_xbar_cfg *c, const int32_t *x, const int16_t *w, size_t rows,
                    size_t outputs, uint64_t *clips) {
    int64_t y = 0;
    for (unsigned plane = 0; plane < c->abits; plane++)
        for (unsigned s = 0; s < pm_xbar_slices(c); s++) {
            const int64_t code = pm_xbar_code(c, difference(c, x, w, rows, outputs, plane, s), clips);
            const int64_t placed = code * ((int64_t)1 << (plane + pm_xbar_shift(c, s)));
            y += c->is_signed && plane == c->abits - 1 ? -placed : placed;
        }
    return y;
}

void pm_xbar_gemv(const struct pm_xbar_cfg *c, const int32_t *x, const int16_t *w, size_t vectors, size_t k,
                  size_t outputs, int64_t *y, uint64_t *clips) {
    for (size_t i = 0; i < vectors * outputs; i++) {
        const size_t t = i / outputs, m = i % outputs;
        y[i] = 0;
        for (size_t r = 0; r < k; r += c->rows)
            y[i] += tile(c, x + t * k + r, w + r * outputs + m, k - r < c->rows ? k - r : c->rows, outputs,
                         clips);
    }
}

static int64_t ceiling(int64_t a, int64_t b) {
    return a / b + (a % b != 0);
}

pm_status pm_xbar_cost(const struct pm_xbar_chip *chip, const struct pm_xbar_layer *l, unsigned wbits,
                       unsigned abits, int64_t *t, int64_t *tiles) {
    const int64_t slices = ((int64_t)wbits + chip->cell - 1) / chip->cell;
    int64_t cols, rows = l->k, once, one;
    bool over = __builtin_mul_overflow(l->outputs, slices * (chip->map == PM_XBAR_DC ? 2 : 1), &cols);
    over |= __builtin_add_overflow(cols, chip->map == PM_XBAR_OF, &cols);
    over |= __builtin_mul_overflow(rows, chip->map == PM_XBAR_DR ? 2 : 1, &rows);
    over |= __builtin_mul_overflow(ceiling(cols, chip->cols), ceiling(rows, chip->rows), &one);
    over |= __builtin_mul_overflow(one, l->repeat, tiles);
    over |= __builtin_mul_overflow(l->vectors, (int64_t)abits, &once);
    over |= __builtin_mul_overflow(once, chip->mvm, &once);
    over |= __builtin_add_overflow(once, chip->write, &once);
    over |= __builtin_mul_overflow(once, *tiles, t);
    return over ? PM_ERANGE : PM_OK;
}

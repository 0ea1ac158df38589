// SPDX-License-Identifier: Apache-2.0
#include "flare_whole.h"

#include <stdlib.h>
#include <string.h>

struct pm_flare_whole {
    unsigned rows, outputs, wbits;
    int64_t range; /* codes 0..range share out 0..rows; rows where they are exact */
    uint8_t *cell; /* [rows][wbits][outputs] the bits, a byte each */
};

pm_status pm_flare_whole_new(unsigned rows, unsigned outputs, unsigned wbits, unsigned adc,
                             struct pm_flare_whole **matrix) {
    *matrix = NULL;
    if (rows < 1 || rows > PM_MAX_ROWS || wbits < 2 || wbits > 16 || outputs < 1 ||
        outputs > PM_ARRAY_MAX_COLS / wbits || adc < 1 || adc > PM_WHOLE_MAX_ADC)
        return PM_EINVAL;
    struct pm_flare_whole *f = calloc(1, sizeof *f);
    if (f == NULL)
        return PM_ENOMEM;
    const unsigned codes = 1u << adc;
    *f = (struct pm_flare_whole){
        .rows = rows, .outputs = outputs, .wbits = wbits, .range = codes > rows ? rows : codes - 1};
    f->cell = calloc((size_t)rows * outputs * wbits, 1);
    if (f->cell == NULL) {
        free(f);
        return PM_ENOMEM;
    }
    *matrix = f;
    return PM_OK;
}

void pm_flare_whole_free(struct pm_flare_whole *f) {
    if (f == NULL)
        return;
    free(f->cell);
    free(f);
}

void pm_flare_whole_program(struct pm_flare_whole *f, const int16_t *w) {
    uint8_t *cell = f->cell;
    for (unsigned d = 0; d < f->rows; d++, w += f->outputs)
        for (unsigned b = 0; b < f->wbits; b++, cell += f->outputs)
            for (unsigned m = 0; m < f->outputs; m++)
                cell[m] = w[m] >> b & 1;
}

/* What a vector's planes become on the way. */
struct work {
    uint8_t *few;     /* [wbits * outputs] sums of up to 255 rows */
    uint16_t *sum;    /* [wbits * outputs] of a plane */
    uint16_t *code;   /* [rows + 1] of each sum */
    uint8_t *inexact; /* [rows + 1] it does not stand for the sum */
    uint64_t mask[PM_MAX_ROWS / 64];
};

static void free_work(struct work *k) {
    free(k->few);
    free(k->sum);
    free(k->code);
    free(k->inexact);
}

static pm_status make_work(const struct pm_flare_whole *f, struct work *k) {
    const size_t cols = (size_t)f->outputs * f->wbits;
    *k = (struct work){malloc(cols),
                       malloc(cols * sizeof *k->sum),
                       malloc((f->rows + 1) * sizeof *k->code),
                       malloc(f->rows + 1),
                       {0}};
    if (!k->few || !k->sum || !k->code || !k->inexact)
        return PM_ENOMEM;
    for (unsigned s = 0; s <= f->rows; s++) {
        k->code[s] = (uint16_t)((2 * s * f->range + f->rows) / (2 * (int64_t)f->rows));
        k->inexact[s] = k->code[s] * (int64_t)f->rows != s * f->range;
    }
    return PM_OK;
}

static void add_row(size_t cols, const uint8_t *restrict cell, uint8_t *restrict few) {
    for (size_t c = 0; c < cols; c++)
        few[c] = (uint8_t)(few[c] + cell[c]);
}

static void add_few(size_t cols, const uint8_t *restrict few, uint16_t *restrict sum) {
    for (size_t c = 0; c < cols; c++)
        sum[c] = (uint16_t)(sum[c] + few[c]);
}

/* The columns' sums of the rows under the mask, which is then empty. */
static void sum_columns(const struct pm_flare_whole *f, struct work *k) {
    const size_t cols = (size_t)f->outputs * f->wbits;
    unsigned rows = 0;
    memset(k->few, 0, cols);
    memset(k->sum, 0, cols * sizeof *k->sum);
    for (unsigned w = 0; w * 64 < f->rows; w++)
        for (; k->mask[w]; k->mask[w] &= k->mask[w] - 1) {
            add_row(cols, f->cell + (w * 64 + (size_t)__builtin_ctzll(k->mask[w])) * cols, k->few);
            if (++rows % UINT8_MAX != 0)
                continue;
            add_few(cols, k->few, k->sum);
            memset(k->few, 0, cols);
        }
    add_few(cols, k->few, k->sum);
}

/* Adds a plane's codes; returns how many do not stand for their sums. */
static uint64_t add_plane(const struct pm_flare_whole *f, struct work *k, int64_t weight, int64_t *y) {
    uint64_t wrong = 0;
    sum_columns(f, k);
    for (unsigned b = 0; b < f->wbits; b++) {
        const uint16_t *sum = k->sum + (size_t)b * f->outputs;
        const int64_t by = (b == f->wbits - 1 ? -weight : weight) * ((int64_t)1 << b);
        for (unsigned m = 0; m < f->outputs; m++) {
            y[m] += by * k->code[sum[m]];
            wrong += k->inexact[sum[m]];
        }
    }
    return wrong;
}

static void gemv(const struct pm_flare_whole *f, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                 struct work *k, int64_t *y, struct pm_gemv_cost *cost) {
    struct pm_bitsift sift;
    struct pm_access a;
    uint64_t planes = 0, wrong = 0, ones = 0;
    memset(y, 0, f->outputs * sizeof *y);
    pm_bitsift_begin(&sift, cfg, x);
    while (pm_bitsift_next(&sift, &a)) {
        ones += a.sawl;
        for (unsigned w = 0; w * 64 < f->rows; w++)
            k->mask[w] |= a.mask[w];
        if (!a.last_plane || a.sawl == 0)
            continue;
        wrong += add_plane(f, k, (a.neg ? -1 : 1) * ((int64_t)1 << a.plane), y);
        planes++;
    }
    for (unsigned m = 0; m < f->outputs; m++) {
        const int64_t twice = 2 * y[m] * f->rows + f->range;
        y[m] = twice / (2 * f->range) - (twice % (2 * f->range) < 0);
    }
    if (cost == NULL)
        return;
    cost->vectors++;
    cost->accesses += planes;
    cost->windows += (uint64_t)cfg->bits * ((cfg->rows + PM_K - 1) / PM_K);
    cost->ones += ones;
    cost->bits += (uint64_t)cfg->bits * cfg->rows;
    cost->conversions += planes * f->outputs * f->wbits;
    cost->conversion_errors += wrong;
}

pm_status pm_flare_whole_gemm(const struct pm_flare_whole *f, const struct pm_bitsift_cfg *cfg,
                              const int32_t *x, unsigned n, int64_t *y, struct pm_gemv_cost *cost) {
    struct work k;
    const pm_status status = make_work(f, &k);
    for (size_t v = 0; v < n && status == PM_OK; v++)
        gemv(f, cfg, x + v * cfg->rows, &k, y + v * f->outputs, cost);
    free_work(&k);
    return status;
}

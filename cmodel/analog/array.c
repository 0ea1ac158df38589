// SPDX-License-Identifier: Apache-2.0
#include "analog/array_convert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analog/random.h"

/* Columns that share one noise buffer, and the alignment of a row: a cache line of bytes. */
#define LANES 64
/* Fraction bits of an LSB in a cell, or as many as keep the sum of any PM_GROUP cells an int16. */
#define MAX_FRAC   11
#define VALUE_FRAC 8 /* of a column's value: 1/256 LSB */
/* Conductances stay positive to the last draw: 0.15 * PM_GAUSS_MAX < 1. */
#define MAX_SIGMA_R 0.15
#define MAX_LSB     16.0 /* of read noise and offset: 4096 lines still fit an int32 with 11 fraction bits */

/* The first counter word's upper bits keep the three kinds of draws apart. */
enum draw { DRAW_CELL = 0, DRAW_READ = 1, DRAW_OFFSET = 2 };

struct pm_array {
    struct pm_array_cfg cfg;
    uint32_t key[2], id;
    unsigned rows, cols;
    unsigned dummies; /* rows of them */
    size_t stride;    /* of a row, elements */
    unsigned frac;    /* fraction bits of a cell, in LSB */
    int64_t sigma[2]; /* of a cell that stores 0 and 1, in 2^-(frac + PM_GAUSS_FRAC) LSB */
    uint8_t *bit;     /* [rows + 1][stride]: stored bits; the last row is 0 */
    int16_t *cell;    /* [rows + dummies + 1][stride]: (g - g_off) / (g_on - g_off); the last row is 0 */
    int32_t *offset;  /* [stride]: comparator offset and half a value step, in 2^-frac LSB; NULL, as cell:
                         nominal */
};

struct pm_array_cfg pm_array_mram(bool noise, uint64_t seed) {
    return (struct pm_array_cfg){
        .cell = PM_CELL_MRAM, .lines = 8, .noise = noise, .tmr = 1.5, .sigma_r = 0.017, .seed = seed};
}

struct pm_array_cfg pm_array_sram(void) {
    return (struct pm_array_cfg){.cell = PM_CELL_SRAM, .lines = 8};
}

/* g_off / g_on, and the standard deviation in LSB of a cell that stores 1. R_off = (1 + TMR) R_on. */
static double off_ratio(const struct pm_array_cfg *c) {
    return 1 / (1 + c->tmr);
}
static double cell_sigma(const struct pm_array_cfg *c) {
    return c->sigma_r / (1 - off_ratio(c));
}

static bool in_range(double v, double limit) {
    return v >= 0 && v <= limit; /* false for NaN */
}

/* Standard deviation, in LSB, of a column with `lines` active cells of which `ones` store 1. */
static double column_sigma(const struct pm_array_cfg *c, unsigned lines, unsigned ones) {
    if (!c->noise)
        return 0;
    const double on = cell_sigma(c), off = on * off_ratio(c);
    return sqrt(ones * on * on + (lines - ones) * off * off + lines * c->read_noise * c->read_noise +
                c->sense_offset * c->sense_offset);
}

double pm_array_margin_sigma(const struct pm_array_cfg *c, unsigned lines) {
    return 0.5 / column_sigma(c, lines, lines);
}

/* Fraction bits of a cell for which any PM_GROUP cells sum within int16; below VALUE_FRAC: out of range. */
static unsigned cell_frac(const struct pm_array_cfg *c) {
    const double largest = 1 + cell_sigma(c) * PM_GAUSS_MAX / (1 << PM_GAUSS_FRAC);
    unsigned frac = MAX_FRAC;
    while (frac >= VALUE_FRAC && !(PM_GROUP * (largest * (1 << frac) + 1) <= INT16_MAX))
        frac--;
    return frac;
}

double pm_array_code_error(const struct pm_array_cfg *c, unsigned lines, unsigned ones,
                           unsigned comparators) {
    if (ones > lines || ones > comparators)
        return NAN;
    const double scale = column_sigma(c, lines, ones) * sqrt(2);
    /* Cells, then the value, are rounded before the comparison, halves upwards. */
    const double step = 0.5 / (1 << VALUE_FRAC) + 0.5 / (1 << cell_frac(c));
    const double below = ones > 0 ? erfc((0.5 + step) / scale) / 2 : 0;
    const double above = ones < comparators ? erfc((0.5 - step) / scale) / 2 : 0;
    return below + above;
}

pm_status pm_array_check(const struct pm_array_cfg *c) {
    if ((c->cell != PM_CELL_SRAM && c->cell != PM_CELL_MRAM) || c->lines < 1 || c->lines > PM_ARRAY_MAX_LINES)
        return PM_EINVAL;
    if (c->cell == PM_CELL_SRAM)
        return !c->noise && c->tmr == 0 && c->sigma_r == 0 && c->read_noise == 0 && c->sense_offset == 0
                   ? PM_OK
                   : PM_EINVAL;
    if (!(c->tmr >= 0.01 && c->tmr <= 1e6))
        return PM_EINVAL;
    if (!in_range(c->sigma_r, MAX_SIGMA_R) || !in_range(c->read_noise, MAX_LSB) ||
        !in_range(c->sense_offset, MAX_LSB))
        return PM_EINVAL;
    return cell_frac(c) >= VALUE_FRAC ? PM_OK : PM_EINVAL;
}

/* sigma times a Gaussian draw, rounded to 2^-frac LSB; sigma in 2^-(frac + PM_GAUSS_FRAC) LSB. */
static int32_t deviation(int64_t sigma, int32_t n) {
    return (int32_t)((sigma * n + ((int64_t)1 << (2 * PM_GAUSS_FRAC - 1))) >> (2 * PM_GAUSS_FRAC));
}

static int64_t fixed_sigma(const struct pm_array *a, double lsb) {
    return llround(lsb * (double)((int64_t)1 << (a->frac + PM_GAUSS_FRAC)));
}

/* Conductance of the cell with Gaussian n, in 2^-frac LSB above g_off. */
static int16_t conductance(const struct pm_array *a, int32_t n, bool bit) {
    return (int16_t)(((int32_t)bit << a->frac) + deviation(a->sigma[bit], n));
}

static void gauss_row(const struct pm_array *a, enum draw kind, uint32_t w1, uint32_t w2, size_t col,
                      size_t n, int32_t *out) {
    const uint32_t ctr[4] = {(uint32_t)kind << 28 | (uint32_t)(col / 4), w1, w2, a->id};
    pm_gauss_fill(ctr, a->key, n, out);
}

/* Row of the draws of row r: the dummy rows' come after those of the largest array. */
static uint32_t draw_row(const struct pm_array *a, unsigned r) {
    return r < a->rows ? r : PM_ARRAY_MAX_ROWS + r - a->rows;
}

static void program_zeros(struct pm_array *a) {
    int32_t n[LANES];
    const int64_t sense_offset = fixed_sigma(a, a->cfg.sense_offset);
    for (unsigned r = 0; r < a->rows + a->dummies; r++)
        for (size_t c = 0; c < a->cols; c += LANES) {
            gauss_row(a, DRAW_CELL, draw_row(a, r), 0, c, LANES, n);
            for (size_t i = 0; i < LANES; i++)
                a->cell[r * a->stride + c + i] = conductance(a, n[i], false);
        }
    for (size_t c = 0; c < a->cols; c += LANES) {
        gauss_row(a, DRAW_OFFSET, 0, 0, c, LANES, n);
        for (size_t i = 0; i < LANES; i++)
            a->offset[c + i] = deviation(sense_offset, n[i]) + (1 << (a->frac - VALUE_FRAC) >> 1);
    }
}

static void *rows_alloc(size_t bytes) {
    void *p = aligned_alloc(LANES, bytes); /* bytes is a multiple of LANES elements */
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

struct pm_array *pm_array_new(const struct pm_array_cfg *cfg, uint32_t id, unsigned rows, unsigned cols) {
    if (pm_array_check(cfg) != PM_OK || rows < 1 || rows > PM_ARRAY_MAX_ROWS || cols < 1 ||
        cols > PM_ARRAY_MAX_COLS)
        return NULL;
    struct pm_array *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->cfg = *cfg;
    a->key[0] = (uint32_t)cfg->seed;
    a->key[1] = (uint32_t)(cfg->seed >> 32);
    a->id = id;
    a->rows = rows;
    a->cols = cols;
    a->dummies = cfg->lines - 1;
    a->stride = ((size_t)cols + LANES - 1) / LANES * LANES;
    a->bit = rows_alloc((rows + 1) * a->stride);
    bool ok = a->bit != NULL;
    if (cfg->noise && (cfg->sigma_r > 0 || cfg->read_noise > 0 || cfg->sense_offset > 0)) {
        a->cell = rows_alloc((rows + a->dummies + 1) * a->stride * sizeof *a->cell);
        a->offset = rows_alloc(a->stride * sizeof *a->offset);
        ok = ok && a->cell != NULL && a->offset != NULL;
    }
    if (!ok) {
        pm_array_free(a);
        return NULL;
    }
    if (a->cell != NULL) {
        a->frac = cell_frac(cfg);
        a->sigma[1] = fixed_sigma(a, cell_sigma(cfg));
        a->sigma[0] = fixed_sigma(a, cell_sigma(cfg) * off_ratio(cfg));
        program_zeros(a);
    }
    return a;
}

void pm_array_free(struct pm_array *a) {
    if (a == NULL)
        return;
    free(a->bit);
    free(a->cell);
    free(a->offset);
    free(a);
}

void pm_array_write(struct pm_array *a, unsigned row, unsigned col, bool bit) {
    uint8_t *stored = &a->bit[row * a->stride + col];
    if (*stored == bit)
        return;
    *stored = bit;
    if (a->cell == NULL)
        return;
    int32_t n[4];
    gauss_row(a, DRAW_CELL, draw_row(a, row), 0, col, 4, n);
    a->cell[row * a->stride + col] = conductance(a, n[col % 4], bit);
}

/* Walks the rows of mask, then the first `dummy` dummy rows, PM_GROUP at a time. */
struct walk {
    const uint64_t *mask;
    uint64_t word;
    unsigned index, rows, dummy, next_dummy;
};

static uint64_t mask_word(const struct walk *w) {
    const unsigned left = w->rows - 64 * w->index;
    return left >= 64 ? w->mask[w->index] : w->mask[w->index] & (((uint64_t)1 << left) - 1);
}

/* To the next mask word with an active row, or past the last word. */
static void walk_skip(struct walk *w) {
    while (w->word == 0 && 64 * ++w->index < w->rows)
        w->word = mask_word(w);
}

static struct walk walk_begin(const struct pm_array *a, const uint64_t *mask, unsigned dummy) {
    struct walk w = {.mask = mask, .rows = a->rows, .dummy = dummy < a->dummies ? dummy : a->dummies};
    w.word = mask_word(&w);
    walk_skip(&w);
    return w;
}

static bool walk_ended(const struct walk *w) {
    return w->word == 0 && w->next_dummy == w->dummy;
}

/* Up to PM_GROUP active rows into row[]; how many. */
static unsigned walk_next(struct walk *w, size_t row[PM_GROUP]) {
    unsigned n = 0;
    for (; n < PM_GROUP && w->word != 0; walk_skip(w)) {
        row[n++] = 64 * w->index + (unsigned)__builtin_ctzll(w->word);
        w->word &= w->word - 1;
    }
    for (; n < PM_GROUP && w->next_dummy < w->dummy; w->next_dummy++)
        row[n++] = w->rows + w->next_dummy;
    return n;
}

/* Column c of PM_GROUP rows, summed in the rows' own width: it holds the sum and keeps the vectors narrow. */
#define SUM_GROUP(type, r, c)                                                                                \
    (type)(r[0][c] + r[1][c] + r[2][c] + r[3][c] + r[4][c] + r[5][c] + r[6][c] + r[7][c])

/* The n rows of a step, completed to a group by the row of zeros. */
static void row_bits(const struct pm_array *a, const size_t row[PM_GROUP], unsigned n,
                     const uint8_t *r[PM_GROUP]) {
    for (unsigned k = 0; k < PM_GROUP; k++)
        r[k] = a->bit + (k < n ? row[k] : a->rows) * a->stride;
}

static void row_cells(const struct pm_array *a, const size_t row[PM_GROUP], unsigned n,
                      const int16_t *r[PM_GROUP]) {
    for (unsigned k = 0; k < PM_GROUP; k++)
        r[k] = a->cell + (k < n ? row[k] : a->rows + a->dummies) * a->stride;
}

void pm_array_count(const struct pm_array *a, const uint64_t *mask, uint8_t *restrict count) {
    struct walk w = walk_begin(a, mask, 0);
    size_t row[PM_GROUP];
    bool first = true;
    for (unsigned n = walk_next(&w, row); n > 0 || first; n = walk_next(&w, row), first = false) {
        const uint8_t *r[PM_GROUP];
        row_bits(a, row, n, r);
        if (first)
            for (size_t c = 0; c < a->cols; c++)
                count[c] = SUM_GROUP(uint8_t, r, c);
        else
            for (size_t c = 0; c < a->cols; c++)
                count[c] = (uint8_t)(count[c] + SUM_GROUP(uint8_t, r, c));
    }
}

static void read_nominal(const struct pm_array *a, const uint64_t *mask, int32_t *restrict value) {
    struct walk w = walk_begin(a, mask, 0);
    size_t row[PM_GROUP];
    bool first = true;
    for (unsigned n = walk_next(&w, row); n > 0 || first; n = walk_next(&w, row), first = false) {
        const uint8_t *r[PM_GROUP];
        row_bits(a, row, n, r);
        if (first)
            for (size_t c = 0; c < a->cols; c++)
                value[c] = SUM_GROUP(uint8_t, r, c) << VALUE_FRAC;
        else
            for (size_t c = 0; c < a->cols; c++)
                value[c] += SUM_GROUP(uint8_t, r, c) << VALUE_FRAC;
    }
}

/* The standard deviation of n active cells' read noise: independent Gaussians sum to one, sqrt(n) wider. */
static int64_t read_sigma(const struct pm_array *a, unsigned lines) {
    return fixed_sigma(a, a->cfg.read_noise * sqrt(lines));
}

static struct pm_draws read_draws(const struct pm_array *a, struct pm_read_id id) {
    return (struct pm_draws){
        {(uint32_t)DRAW_READ << 28, id.vector, (uint32_t)id.plane << 16 | id.access, a->id},
        {a->key[0], a->key[1]}};
}

static void add_read_noise(const struct pm_array *a, unsigned lines, struct pm_read_id id, int32_t *value) {
    const struct pm_noise noise = {.draws = read_draws(a, id), .sigma = read_sigma(a, lines)};
    pm_kernels(PM_ISA_BEST)->noise(&noise, a->cols, value);
}

static void read_drawn(const struct pm_array *a, const uint64_t *mask, unsigned dummy, struct pm_read_id id,
                       int32_t *restrict value) {
    const unsigned shift = a->frac - VALUE_FRAC;
    const int32_t *offset = a->offset;
    struct walk w = walk_begin(a, mask, dummy);
    size_t row[PM_GROUP];
    unsigned lines = 0;
    for (unsigned n = walk_next(&w, row); n > 0 || lines == 0; n = walk_next(&w, row)) {
        const int16_t *r[PM_GROUP];
        row_cells(a, row, n, r);
        if (lines == 0 && walk_ended(&w) && a->cfg.read_noise == 0) { /* the usual access, in one pass */
            for (size_t c = 0; c < a->cols; c++)
                value[c] = (SUM_GROUP(int16_t, r, c) + offset[c]) >> shift;
            return;
        }
        if (lines == 0)
            for (size_t c = 0; c < a->cols; c++)
                value[c] = SUM_GROUP(int16_t, r, c) + offset[c];
        else
            for (size_t c = 0; c < a->cols; c++)
                value[c] += SUM_GROUP(int16_t, r, c);
        lines += n;
        if (walk_ended(&w))
            break;
    }
    if (a->cfg.read_noise > 0)
        add_read_noise(a, lines, id, value);
    for (size_t c = 0; c < a->cols; c++)
        value[c] >>= shift;
}

void pm_array_read(const struct pm_array *a, const uint64_t *mask, unsigned dummy, struct pm_read_id id,
                   int32_t *value) {
    if (a->cell == NULL)
        read_nominal(a, mask, value);
    else
        read_drawn(a, mask, dummy, id, value);
}

uint64_t pm_array_convert(const struct pm_array *a, const struct pm_kernels *k, const uint64_t *mask,
                          unsigned dummy, struct pm_read_id id, bool count, uint16_t *sum) {
    struct walk w = walk_begin(a, mask, dummy);
    size_t row[PM_GROUP];
    const unsigned n = walk_next(&w, row);
    const unsigned shift = a->frac - VALUE_FRAC;
    struct pm_drawn_access access = {.offset = a->offset, .shift = shift, .count = count};
    access.noise = (struct pm_noise){.draws = read_draws(a, id),
                                     .sigma = a->cfg.read_noise > 0 ? read_sigma(a, n) : 0,
                                     .level = 128 << shift,
                                     .period = 256 << shift};
    row_cells(a, row, n, access.cell);
    for (unsigned i = 0; i < n; i++) /* dummy cells store 0 */
        row[i] = row[i] < a->rows ? row[i] : a->rows;
    row_bits(a, row, n, access.bit);
    return k->drawn(&access, a->cols, sum);
}

bool pm_array_noisy(const struct pm_array *a) {
    return a->cell != NULL;
}

unsigned pm_array_rows(const struct pm_array *a) {
    return a->rows;
}

unsigned pm_array_cols(const struct pm_array *a) {
    return a->cols;
}

unsigned pm_array_lines(const struct pm_array *a) {
    return a->cfg.lines;
}

// SPDX-License-Identifier: Apache-2.0
#include "pva_gemv.h"

#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BITS = 16, WORDS = PM_PVA_ROWS / 64, EXACT_LINES = PM_PVA_TOP / 3 };

/* ---- configuration ---- */

void pm_pva_levels(struct pm_pva_cfg *c, unsigned n0, unsigned lo, unsigned hi, const uint8_t k[3]) {
    for (unsigned s = 0; s < PM_PVA_MAX_PLACES; s++) {
        const unsigned level = s >= hi ? 0 : s >= lo ? 1 : 2;
        c->place[s] = (struct pm_pva_place){(uint16_t)(n0 << level), k[level]};
    }
}

void pm_pva_default_bounds(unsigned xbits, unsigned wbits, unsigned *lo, unsigned *hi) {
    const unsigned top = pm_pva_places(xbits, wbits) - 1;
    *hi = top > 3 ? top - 3 : 0;
    *lo = top > 11 ? top - 11 : 0;
}

void pm_pva_default_table(struct pm_pva_cfg *c) {
    static const uint8_t k[3] = {0, 0, 1};
    unsigned lo, hi;
    pm_pva_default_bounds(c->xbits, c->wbits, &lo, &hi);
    pm_pva_levels(c, 16, lo, hi, k);
}

void pm_pva_exact_table(struct pm_pva_cfg *c) {
    for (unsigned s = 0; s < PM_PVA_MAX_PLACES; s++)
        c->place[s] = (struct pm_pva_place){8, 0};
}

struct pm_pva_cfg pm_pva_default(unsigned xbits, unsigned wbits) {
    struct pm_pva_cfg c = {
        .xbits = xbits, .wbits = wbits, .is_signed = true, .rows = PM_PVA_ROWS, .rram = pm_rram_preset(0, 0)};
    pm_pva_default_table(&c);
    return c;
}

pm_status pm_pva_check(const struct pm_pva_cfg *c) {
    if (c->xbits < 2 || c->xbits > MAX_BITS || c->wbits < 2 || c->wbits > 8 || c->coding > PM_PVA_OFFSET)
        return PM_EINVAL;
    if (c->rows < 64 || c->rows > PM_PVA_ROWS || c->rows % 64 != 0)
        return PM_EINVAL;
    for (unsigned s = 0; s < pm_pva_places(c->xbits, c->wbits); s++)
        if (c->place[s].k > 3 || c->place[s].n < 8u << c->place[s].k || c->place[s].n > PM_PVA_ROWS)
            return PM_EINVAL;
    if (c->path >= PM_PATHS || c->isa >= PM_ISAS || pm_kernels(c->isa) == NULL)
        return PM_EINVAL;
    return pm_rram_check(&c->rram);
}

static unsigned quotient_up(unsigned n, unsigned by) {
    return (n + by - 1) / by;
}

uint64_t pm_pva_accesses(const struct pm_pva_cfg *c, unsigned rows, bool conventional) {
    uint64_t sum = 0;
    for (unsigned first = 0; first < rows; first += c->rows) {
        const unsigned here = rows - first < c->rows ? rows - first : c->rows;
        for (unsigned i = 0; i < c->xbits; i++)
            for (unsigned j = 0; j < pm_pva_digits(c->wbits); j++)
                sum += quotient_up(here, conventional ? PM_PVA_WINDOW : c->place[i + 2 * j].n);
    }
    return sum;
}

unsigned pm_pva_code(int32_t value_q8, unsigned k, uint64_t *clips) {
    const int64_t code = ((int64_t)value_q8 + (128 << k)) >> (8 + k);
    if (clips)
        *clips += code > PM_PVA_TOP;
    return (unsigned)pm_clamp(code, 0, PM_PVA_TOP);
}

void pm_pva_cost_add(struct pm_pva_cost *sum, const struct pm_pva_cost *cost) {
    sum->vectors += cost->vectors;
    sum->accesses += cost->accesses;
    sum->windows += cost->windows;
    sum->conversions += cost->conversions;
    sum->clips += cost->clips;
}

/* Every sum of states of every access has a code. */
static bool is_exact(const struct pm_pva_cfg *c) {
    bool exact = pm_rram_is_nominal(&c->rram, 2);
    for (unsigned s = 0; s < pm_pva_places(c->xbits, c->wbits); s++)
        exact = exact && c->place[s].k == 0 && c->place[s].n <= EXACT_LINES;
    return exact;
}

/* ---- programming ---- */

struct tile {
    struct pm_rram *array;
    unsigned rows;
    uint8_t *state; /* of an ideal array: [digits][rows + 1][stride], the last row 0; else NULL */
};

struct pm_pva {
    struct pm_pva_cfg cfg;
    const struct pm_kernels *k;
    unsigned rows, outputs, digits, tiles;
    unsigned cols;              /* that an access reads: those of a digit */
    size_t stride;              /* the same, padded for the kernels */
    uint64_t accesses, windows; /* of a vector */
    int16_t *packed;            /* where every conversion is exact: y is the integer product */
    struct tile *tile;
};

/* state[rows][digits * cols] of weights w[rows][outputs]. */
static void map_tile(const struct pm_pva *p, const int16_t *w, unsigned rows, uint8_t *state) {
    const int half = 1 << (p->cfg.wbits - 1);
    for (unsigned r = 0; r < rows; r++)
        for (unsigned m = 0; m < p->outputs; m++) {
            const int v = w[(size_t)r * p->outputs + m];
            const unsigned held[2] = {(unsigned)(p->cfg.coding == PM_PVA_OFFSET ? v + half
                                                 : v > 0                        ? v
                                                                                : 0),
                                      (unsigned)(v < 0 ? -v : 0)};
            for (unsigned c = m, sign = 0; c < p->cols; c += p->outputs, sign++)
                for (unsigned j = 0; j < p->digits; j++)
                    state[((size_t)r * p->digits + j) * p->cols + c] = held[sign] >> (2 * j) & 3;
        }
}

/* The states as the ideal path reads them. */
static pm_status lay_out(const struct pm_pva *p, struct tile *t, const uint8_t *state) {
    const size_t plane = (t->rows + 1) * p->stride;
    t->state = calloc(p->digits * plane, 1);
    for (unsigned j = 0; t->state != NULL && j < p->digits; j++)
        for (unsigned r = 0; r < t->rows; r++)
            memcpy(t->state + j * plane + r * p->stride, state + ((size_t)r * p->digits + j) * p->cols,
                   p->cols);
    return t->state != NULL ? PM_OK : PM_ENOMEM;
}

static pm_status new_tile(struct pm_pva *p, unsigned index, const int16_t *w, uint32_t array_id,
                          uint8_t *state) {
    struct tile *t = &p->tile[index];
    const unsigned first = index * p->cfg.rows;
    t->rows = p->rows - first < p->cfg.rows ? p->rows - first : p->cfg.rows;
    t->array = pm_rram_new(&p->cfg.rram, array_id + index, t->rows, p->digits * p->cols, 2);
    if (t->array == NULL)
        return PM_ENOMEM;
    map_tile(p, w + (size_t)first * p->outputs, t->rows, state);
    pm_rram_program(t->array, state);
    return pm_rram_nominal(t->array) && p->cfg.path != PM_PATH_PLAIN ? lay_out(p, t, state) : PM_OK;
}

/* Whether the product of any inputs stays within int32, inputs within int16. */
static bool is_narrow(const struct pm_pva *p) {
    const unsigned bits = p->cfg.xbits - p->cfg.is_signed;
    return bits < MAX_BITS && (uint64_t)p->rows << (bits + p->cfg.wbits - 1) <= INT32_MAX;
}

static pm_status check_weights(const struct pm_pva_cfg *c, const int16_t *w, size_t n) {
    const int half = 1 << (c->wbits - 1);
    for (size_t i = 0; i < n; i++)
        if (w[i] < -half || w[i] >= half)
            return PM_ERANGE;
    return PM_OK;
}

static pm_status prepare(struct pm_pva *p, const int16_t *w, uint32_t array_id) {
    if (p->cfg.path != PM_PATH_PLAIN && p->cfg.path != PM_PATH_ARRAY && is_exact(&p->cfg) && is_narrow(p)) {
        p->packed = malloc(pm_gemm_packed(p->rows, p->outputs) * sizeof *p->packed);
        if (p->packed == NULL)
            return PM_ENOMEM;
        pm_gemm_pack(w, p->rows, p->outputs, p->packed);
    }
    p->tile = calloc(p->tiles, sizeof *p->tile);
    uint8_t *state = malloc((size_t)p->cfg.rows * p->digits * p->cols);
    pm_status status = p->tile != NULL && state != NULL ? PM_OK : PM_ENOMEM;
    for (unsigned t = 0; t < p->tiles && status == PM_OK; t++)
        status = new_tile(p, t, w, array_id, state);
    free(state);
    return status;
}

pm_status pm_pva_new(const struct pm_pva_cfg *cfg, const int16_t *w, unsigned rows, unsigned outputs,
                     uint32_t array_id, struct pm_pva **matrix) {
    *matrix = NULL;
    if (pm_pva_check(cfg) != PM_OK || rows < 1 || rows > PM_PVA_MAX_DIM || outputs < 1 ||
        outputs > PM_PVA_MAX_OUTPUTS)
        return PM_EINVAL;
    if (check_weights(cfg, w, (size_t)rows * outputs) != PM_OK)
        return PM_ERANGE;
    struct pm_pva *p = calloc(1, sizeof *p);
    if (p == NULL)
        return PM_ENOMEM;
    p->cfg = *cfg;
    p->k = pm_kernels(cfg->isa);
    p->rows = rows;
    p->outputs = outputs;
    p->digits = pm_pva_digits(cfg->wbits);
    p->tiles = quotient_up(rows, cfg->rows);
    p->cols = cfg->coding == PM_PVA_DIFF ? 2 * outputs : outputs;
    p->stride = ((size_t)p->cols + PM_LINE_COLS - 1) / PM_LINE_COLS * PM_LINE_COLS;
    p->accesses = pm_pva_accesses(cfg, rows, false);
    p->windows = pm_pva_accesses(cfg, rows, true);
    pm_status status = prepare(p, w, array_id);
    if (status == PM_OK && cfg->path == PM_PATH_EXACT && p->packed == NULL)
        status = PM_EINVAL;
    if (status != PM_OK) {
        pm_pva_free(p);
        return status;
    }
    *matrix = p;
    return PM_OK;
}

void pm_pva_free(struct pm_pva *p) {
    if (p == NULL)
        return;
    for (unsigned t = 0; p->tile != NULL && t < p->tiles; t++) {
        pm_rram_free(p->tile[t].array);
        free(p->tile[t].state);
    }
    free(p->tile);
    free(p->packed);
    free(p);
}

const struct pm_pva_cfg *pm_pva_config(const struct pm_pva *p) {
    return &p->cfg;
}
unsigned pm_pva_rows(const struct pm_pva *p) {
    return p->rows;
}
unsigned pm_pva_outputs(const struct pm_pva *p) {
    return p->outputs;
}
unsigned pm_pva_tiles(const struct pm_pva *p) {
    return p->tiles;
}
unsigned pm_pva_tile_rows(const struct pm_pva *p, unsigned tile) {
    return p->tile[tile].rows;
}

/* ---- accesses ---- */

uint64_t pm_pva_read(const struct pm_pva *p, const struct pm_pva_access *a, const uint64_t *wordlines,
                     uint8_t *code) {
    const struct pm_read_id id = {.vector = a->vector, .plane = (uint16_t)a->access};
    uint64_t clips = 0;
    for (unsigned c = 0; c < a->n; c += PM_LINE_COLS) {
        int32_t value[PM_LINE_COLS];
        const unsigned n = a->n - c < PM_LINE_COLS ? a->n - c : PM_LINE_COLS;
        pm_rram_read_columns(p->tile[a->tile].array, wordlines, id, a->digit * p->cols + a->first + c, n,
                             value);
        for (unsigned i = 0; i < n; i++)
            code[c + i] = (uint8_t)pm_pva_code(value[i], a->k, &clips);
    }
    return clips;
}

/* All columns from a plain read of the whole array. */
static uint64_t read_plain(const struct pm_pva *p, const struct pm_pva_access *a, const uint64_t *wordlines,
                           int32_t *value, uint8_t *code) {
    const struct pm_read_id id = {.vector = a->vector, .plane = (uint16_t)a->access};
    uint64_t clips = 0;
    pm_rram_read_plain(p->tile[a->tile].array, wordlines, id, value);
    for (unsigned c = 0; c < p->cols; c++)
        code[c] = (uint8_t)pm_pva_code(value[a->digit * p->cols + c], a->k, &clips);
    return clips;
}

/* wordlines: rows first..first + n - 1 of a plane. False: none is on. */
static bool cut_window(const uint64_t *plane, unsigned first, unsigned n, uint64_t wordlines[WORDS]) {
    uint64_t any = 0;
    for (unsigned w = 0; w < WORDS; w++) {
        const int from = (int)first - 64 * (int)w, to = from + (int)n;
        const uint64_t above = from <= 0 ? UINT64_MAX : from < 64 ? UINT64_MAX << from : 0;
        const uint64_t below = to >= 64 ? UINT64_MAX : to > 0 ? ((uint64_t)1 << to) - 1 : 0;
        wordlines[w] = plane[w] & above & below;
        any |= wordlines[w];
    }
    return any != 0;
}

/* One vector's way through a tile. */
struct pass {
    const struct pm_pva *p;
    unsigned tile;
    uint32_t vector;
    uint64_t plane[MAX_BITS][WORDS];
    uint16_t *sum;     /* [stride] */
    uint32_t *limited; /* [stride]; clips by column, of the ideal path */
    uint8_t *code;     /* [cols] */
    int32_t *value;    /* [digits * cols], of the plain path */
    uint64_t clips;
};

/* sum[cols] of the codes of all accesses of input bit i and digit j, of which the first is number `access`.
 */
static void read_groups(struct pass *s, unsigned i, unsigned j, unsigned access) {
    const struct pm_pva *p = s->p;
    const struct tile *t = &p->tile[s->tile];
    const struct pm_pva_place place = p->cfg.place[i + 2 * j];
    if (t->state != NULL) {
        const struct pm_lines lines = {s->plane[i], t->rows, p->stride};
        p->k->flash(&lines, t->state + (size_t)j * (t->rows + 1) * p->stride, place.n, place.k, p->stride,
                    s->sum, s->limited);
        return;
    }
    memset(s->sum, 0, p->cols * sizeof *s->sum);
    for (unsigned first = 0; first < t->rows; first += place.n, access++) {
        const bool plain = p->cfg.path == PM_PATH_PLAIN;
        const unsigned n = t->rows - first < place.n ? t->rows - first : place.n;
        const struct pm_pva_access a = {s->tile, j, place.k, s->vector, access, 0, p->cols};
        uint64_t wordlines[WORDS];
        if (!cut_window(s->plane[i], first, n, wordlines) && !plain)
            continue; /* a read without lines has no current and no noise */
        s->clips +=
            plain ? read_plain(p, &a, wordlines, s->value, s->code) : pm_pva_read(p, &a, wordlines, s->code);
        for (unsigned c = 0; c < p->cols; c++)
            s->sum[c] = (uint16_t)(s->sum[c] + s->code[c]);
    }
}

static void cut_planes(const int32_t *x, unsigned rows, unsigned bits, uint64_t plane[MAX_BITS][WORDS]) {
    memset(plane, 0, MAX_BITS * sizeof *plane);
    for (unsigned first = 0; first < rows; first += 8)
        for (unsigned half = 0; half < bits; half += 8) {
            uint64_t m = 0;
            for (unsigned r = 0; r < 8 && first + r < rows; r++)
                m |= (uint64_t)((uint32_t)x[first + r] >> half & 0xff) << (8 * r);
            m = m != 0 ? pm_transpose8(m) : 0;
            for (unsigned i = 0; m != 0 && i < 8 && half + i < bits; i++)
                plane[half + i][first / 64] |= (m >> (8 * i) & 0xff) << first % 64;
        }
}

/* y[outputs] += what a tile gives for x. */
static void pass_tile(struct pass *s, const int32_t *x, int64_t *y) {
    const struct pm_pva *p = s->p;
    const struct tile *t = &p->tile[s->tile];
    unsigned access = 0;
    cut_planes(x, t->rows, p->cfg.xbits, s->plane);
    for (unsigned i = 0; i < p->cfg.xbits; i++)
        for (unsigned j = p->digits; j-- > 0;) {
            const struct pm_pva_place place = p->cfg.place[i + 2 * j];
            const int64_t weight = (int64_t)1 << (place.k + i + 2 * j);
            const bool negative = p->cfg.is_signed && i == p->cfg.xbits - 1;
            read_groups(s, i, j, access);
            access += quotient_up(t->rows, place.n);
            for (unsigned m = 0; m < p->outputs; m++) {
                const int sum = p->cfg.coding == PM_PVA_DIFF ? s->sum[m] - s->sum[p->outputs + m] : s->sum[m];
                y[m] += negative ? -weight * sum : weight * sum;
            }
        }
    for (unsigned r = 0; p->cfg.coding == PM_PVA_OFFSET && r < t->rows; r++)
        for (unsigned m = 0; m < p->outputs; m++)
            y[m] -= (int64_t)x[r] * (1 << (p->cfg.wbits - 1));
}

static pm_status gemm_arrays(const struct pm_pva *p, const int32_t *x, size_t stride, size_t n,
                             uint32_t first_vector, int64_t *y, uint64_t *clips) {
    struct pass s = {.p = p,
                     .sum = malloc(p->stride * sizeof *s.sum),
                     .limited = calloc(p->stride, sizeof *s.limited),
                     .code = malloc(p->cols),
                     .value = malloc((size_t)p->digits * p->cols * sizeof *s.value)};
    const pm_status status = s.sum && s.limited && s.code && s.value ? PM_OK : PM_ENOMEM;
    memset(y, 0, n * p->outputs * sizeof *y);
    for (s.tile = 0; s.tile < p->tiles && status == PM_OK; s.tile++)
        for (size_t v = 0; v < n; v++) {
            s.vector = first_vector + (uint32_t)v;
            pass_tile(&s, x + v * stride + (size_t)s.tile * p->cfg.rows, y + v * p->outputs);
        }
    for (unsigned c = 0; c < p->cols && status == PM_OK; c++)
        s.clips += s.limited[c];
    *clips = s.clips;
    free(s.sum);
    free(s.limited);
    free(s.code);
    free(s.value);
    return status;
}

pm_status pm_pva_gemm(const struct pm_pva *p, const int32_t *x, size_t stride, size_t n,
                      uint32_t first_vector, int64_t *y, struct pm_pva_cost *cost) {
    uint64_t clips = 0;
    const pm_status status = p->packed != NULL
                                 ? pm_gemm_wide(p->k, x, stride, n, p->packed, p->rows, p->outputs, y)
                                 : gemm_arrays(p, x, stride, n, first_vector, y, &clips);
    if (cost != NULL && status == PM_OK)
        pm_pva_cost_add(cost, &(struct pm_pva_cost){.vectors = n,
                                                    .accesses = n * p->accesses,
                                                    .windows = n * p->windows,
                                                    .conversions = n * p->accesses * p->cols,
                                                    .clips = clips});
    return status;
}

pm_status pm_pva_gemv(const struct pm_pva *p, const int32_t *x, uint32_t vector, int64_t *y,
                      struct pm_pva_cost *cost) {
    return pm_pva_gemm(p, x, p->rows, 1, vector, y, cost);
}

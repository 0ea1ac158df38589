// SPDX-License-Identifier: Apache-2.0
#include "xbar.h"

#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = PM_XBAR_MAX_ROWS / 64 };

struct pm_xbar_cfg pm_xbar_default(void) {
    return (struct pm_xbar_cfg){.wbits = 8,
                                .abits = 8,
                                .cell = 4,
                                .rows = 256,
                                .cols = 256,
                                .is_signed = true,
                                .rram = pm_rram_preset(0, 0)};
}

pm_status pm_xbar_check(const struct pm_xbar_cfg *c) {
    const unsigned most = pm_rram_is_nominal(&c->rram, c->cell) ? PM_XBAR_MAX_ROWS : PM_RRAM_MAX_ROWS;
    const bool good = c->wbits >= 2 && c->wbits <= 8 && c->abits >= (c->is_signed ? 2 : 1) && c->abits <= 8 &&
                      c->cell >= 1 && c->cell <= 4 && c->rows >= 16 && c->rows <= most && c->cols >= 2 &&
                      c->cols <= PM_ARRAY_MAX_COLS && c->cols % 2 == 0 && c->adc != 1 && c->adc <= 16 &&
                      c->path < PM_PATHS;
    return good ? pm_rram_check(&c->rram) : PM_EINVAL;
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

int32_t pm_xbar_code(const struct pm_xbar_cfg *c, int32_t difference_q8, uint64_t *clips) {
    const int32_t most = c->adc == 0 ? INT32_MAX : ((int32_t)1 << (c->adc - 1)) - 1;
    const int32_t code = (int32_t)(((int64_t)difference_q8 + 128) >> 8);
    *clips += code > most || code < -most;
    return (int32_t)pm_clamp(code, -most, most);
}

/* One row tile: differences of nominal cells, or arrays. */
struct tile {
    unsigned rows;
    int8_t *level;          /* [rows][pairs], G+ less G-; NULL: arrays, or the weights' */
    struct pm_rram **array; /* [col_tiles]; NULL: nominal cells */
};

struct pm_xbar {
    struct pm_xbar_cfg cfg;
    unsigned rows, outputs, slices, pairs, row_tiles, col_tiles;
    int16_t *weight; /* [rows][outputs] */
    int16_t *packed; /* where every conversion is exact: y is the integer product */
    struct tile *tile;
};

static bool is_nominal(const struct pm_xbar *h) {
    return pm_rram_is_nominal(&h->cfg.rram, h->cfg.cell);
}

/* Whether a converter has a code for every sum of a slice's states. */
static bool holds_all(const struct pm_xbar_cfg *c) {
    return c->adc == 0 || c->rows * ((1u << c->cell) - 1) < 1u << (c->adc - 1);
}

static unsigned rows_of(const struct pm_xbar *h, unsigned tile) {
    const unsigned left = h->rows - tile * h->cfg.rows;
    return left < h->cfg.rows ? left : h->cfg.rows;
}

/* Pairs of a full column tile. */
static unsigned pairs_of_array(const struct pm_xbar *h) {
    return h->cfg.cols / 2;
}

static int level_of(const struct pm_xbar *h, unsigned row, unsigned pair) {
    const int w = h->weight[(size_t)row * h->outputs + pair / h->slices];
    const int level = (int)pm_xbar_level(&h->cfg, w, pair % h->slices);
    return w < 0 ? -level : level;
}

static pm_status lay_out(const struct pm_xbar *h, unsigned index) {
    struct tile *t = &h->tile[index];
    t->level = malloc((size_t)t->rows * h->pairs);
    for (size_t i = 0; t->level != NULL && i < (size_t)t->rows * h->pairs; i++)
        t->level[i] =
            (int8_t)level_of(h, index * h->cfg.rows + (unsigned)(i / h->pairs), (unsigned)(i % h->pairs));
    return t->level != NULL ? PM_OK : PM_ENOMEM;
}

static pm_status program(const struct pm_xbar *h, unsigned index, uint32_t array_id) {
    struct tile *t = &h->tile[index];
    const unsigned per = pairs_of_array(h);
    uint8_t *state = malloc((size_t)t->rows * h->cfg.cols);
    t->array = calloc(h->col_tiles, sizeof *t->array);
    pm_status status = state != NULL && t->array != NULL ? PM_OK : PM_ENOMEM;
    for (unsigned q = 0; q < h->col_tiles && status == PM_OK; q++) {
        memset(state, 0, (size_t)t->rows * h->cfg.cols);
        for (unsigned r = 0; r < t->rows; r++)
            for (unsigned p = 0; p < per && q * per + p < h->pairs; p++) {
                const int level = level_of(h, index * h->cfg.rows + r, q * per + p);
                state[(size_t)r * h->cfg.cols + 2 * p + (level < 0)] = (uint8_t)abs(level);
            }
        t->array[q] =
            pm_rram_new(&h->cfg.rram, array_id + index * h->col_tiles + q, t->rows, h->cfg.cols, h->cfg.cell);
        if (t->array[q] != NULL)
            pm_rram_program(t->array[q], state);
        else
            status = PM_ENOMEM;
    }
    free(state);
    return status;
}

static pm_status prepare(struct pm_xbar *h, const int16_t *w, uint32_t array_id) {
    h->weight = malloc((size_t)h->rows * h->outputs * sizeof *h->weight);
    h->tile = calloc(h->row_tiles, sizeof *h->tile);
    if (h->weight == NULL || h->tile == NULL)
        return PM_ENOMEM;
    memcpy(h->weight, w, (size_t)h->rows * h->outputs * sizeof *w);
    if (h->cfg.path != PM_PATH_PLAIN && h->cfg.path != PM_PATH_ARRAY && is_nominal(h) && holds_all(&h->cfg)) {
        h->packed = malloc(pm_gemm_packed(h->rows, h->outputs) * sizeof *h->packed);
        if (h->packed == NULL)
            return PM_ENOMEM;
        pm_gemm_pack(w, h->rows, h->outputs, h->packed);
    }
    pm_status status = PM_OK;
    for (unsigned i = 0; i < h->row_tiles && status == PM_OK; i++) {
        h->tile[i].rows = rows_of(h, i);
        if (h->packed == NULL)
            status = is_nominal(h) ? lay_out(h, i) : program(h, i, array_id);
    }
    return status;
}

static bool weights_fit(const struct pm_xbar_cfg *c, const int16_t *w, size_t n) {
    const int top = 1 << (c->wbits - 1);
    for (size_t i = 0; i < n; i++)
        if (w[i] < -top || w[i] >= top)
            return false;
    return true;
}

pm_status pm_xbar_new(const struct pm_xbar_cfg *cfg, const int16_t *w, unsigned rows, unsigned outputs,
                      uint32_t array_id, struct pm_xbar **matrix) {
    *matrix = NULL;
    if (pm_xbar_check(cfg) != PM_OK || rows < 1 || rows > PM_XBAR_MAX_DIM || outputs < 1 ||
        outputs > PM_XBAR_MAX_DIM)
        return PM_EINVAL;
    if (!weights_fit(cfg, w, (size_t)rows * outputs))
        return PM_ERANGE;
    struct pm_xbar *h = calloc(1, sizeof *h);
    if (h == NULL)
        return PM_ENOMEM;
    h->cfg = *cfg;
    h->rows = rows;
    h->outputs = outputs;
    h->slices = pm_xbar_slices(cfg);
    h->pairs = outputs * h->slices;
    h->row_tiles = (rows + cfg->rows - 1) / cfg->rows;
    h->col_tiles = (h->pairs + cfg->cols / 2 - 1) / (cfg->cols / 2);
    pm_status status = prepare(h, w, array_id);
    if (status == PM_OK && cfg->path == PM_PATH_EXACT && h->packed == NULL)
        status = PM_EINVAL;
    if (status == PM_OK)
        *matrix = h;
    else
        pm_xbar_free(h);
    return status;
}

void pm_xbar_free(struct pm_xbar *h) {
    if (h == NULL)
        return;
    for (unsigned i = 0; h->tile != NULL && i < h->row_tiles; i++) {
        for (unsigned q = 0; h->tile[i].array != NULL && q < h->col_tiles; q++)
            pm_rram_free(h->tile[i].array[q]);
        free(h->tile[i].array);
        free(h->tile[i].level);
    }
    free(h->tile);
    free(h->weight);
    free(h->packed);
    free(h);
}

const struct pm_xbar_cfg *pm_xbar_config(const struct pm_xbar *h) {
    return &h->cfg;
}
unsigned pm_xbar_rows(const struct pm_xbar *h) {
    return h->rows;
}
unsigned pm_xbar_outputs(const struct pm_xbar *h) {
    return h->outputs;
}
unsigned pm_xbar_row_tiles(const struct pm_xbar *h) {
    return h->row_tiles;
}
unsigned pm_xbar_col_tiles(const struct pm_xbar *h) {
    return h->col_tiles;
}
const int16_t *pm_xbar_weights(const struct pm_xbar *h) {
    return h->weight;
}

uint64_t pm_xbar_read(const struct pm_xbar *h, const struct pm_xbar_access *a, const uint64_t *wordlines,
                      int32_t *code) {
    const struct tile *t = &h->tile[a->tile];
    const struct pm_read_id id = {.vector = a->vector, .plane = (uint16_t)a->plane};
    uint64_t clips = 0;
    for (unsigned i = 0; i < a->n; i++) {
        const unsigned pair = (a->first + i) * h->slices + a->slice;
        int32_t d = 0, value[2];
        if (t->array != NULL) {
            pm_rram_read_columns(t->array[pair / pairs_of_array(h)], wordlines, id,
                                 2 * (pair % pairs_of_array(h)), 2, value);
            d = value[0] - value[1];
        }
        for (unsigned r = 0; t->array == NULL && r < t->rows; r++)
            if (wordlines[r / 64] >> r % 64 & 1)
                d += 256 * (t->level != NULL ? t->level[(size_t)r * h->pairs + pair]
                                             : level_of(h, a->tile * h->cfg.rows + r, pair));
        code[i] = pm_xbar_code(&h->cfg, d, &clips);
    }
    return clips;
}

/* The differences of all pairs in a plane: difference[pairs]. value: [cols]. */
static void read_plane(const struct pm_xbar *h, const struct tile *t, const uint64_t *wordlines,
                       struct pm_read_id id, int32_t *difference, int32_t *value) {
    const unsigned per = pairs_of_array(h);
    memset(difference, 0, h->pairs * sizeof *difference);
    for (unsigned r = 0; t->array == NULL && r < t->rows; r++)
        if (wordlines[r / 64] >> r % 64 & 1)
            for (unsigned p = 0; p < h->pairs; p++)
                difference[p] += 256 * t->level[(size_t)r * h->pairs + p];
    for (unsigned q = 0; t->array != NULL && q < h->col_tiles; q++) {
        (h->cfg.path == PM_PATH_PLAIN ? pm_rram_read_plain : pm_rram_read)(t->array[q], wordlines, id, value);
        for (unsigned p = 0; p < per && q * per + p < h->pairs; p++)
            difference[q * per + p] = value[2 * p] - value[2 * p + 1];
    }
}

/* y[outputs] += what a tile gives for x. */
static void pass_tile(const struct pm_xbar *h, unsigned tile, const int32_t *x, uint32_t vector,
                      int32_t *difference, int32_t *value, int64_t *y, uint64_t *clips) {
    const struct tile *t = &h->tile[tile];
    for (unsigned plane = 0; plane < h->cfg.abits; plane++) {
        const struct pm_read_id id = {.vector = vector, .plane = (uint16_t)plane};
        const bool negative = h->cfg.is_signed && plane == h->cfg.abits - 1;
        uint64_t wordlines[WORDS] = {0};
        for (unsigned r = 0; r < t->rows; r++)
            wordlines[r / 64] |= (uint64_t)(x[r] >> plane & 1) << r % 64;
        read_plane(h, t, wordlines, id, difference, value);
        for (unsigned p = 0; p < h->pairs; p++) {
            const int64_t place = (int64_t)1 << (plane + pm_xbar_shift(&h->cfg, p % h->slices));
            const int64_t code = pm_xbar_code(&h->cfg, difference[p], clips);
            y[p / h->slices] += negative ? -code * place : code * place;
        }
    }
}

static pm_status gemm_arrays(const struct pm_xbar *h, const int32_t *x, size_t stride, size_t n,
                             uint32_t first_vector, int64_t *y, uint64_t *clips) {
    int32_t *difference = malloc(h->pairs * sizeof *difference), *value = malloc(h->cfg.cols * sizeof *value);
    const pm_status status = difference != NULL && value != NULL ? PM_OK : PM_ENOMEM;
    memset(y, 0, n * h->outputs * sizeof *y);
    for (size_t v = 0; v < n && status == PM_OK; v++)
        for (unsigned t = 0; t < h->row_tiles; t++)
            pass_tile(h, t, x + v * stride + (size_t)t * h->cfg.rows, first_vector + (uint32_t)v, difference,
                      value, y + v * h->outputs, clips);
    free(difference);
    free(value);
    return status;
}

pm_status pm_xbar_gemm(const struct pm_xbar *h, const int32_t *x, size_t stride, size_t n,
                       uint32_t first_vector, int64_t *y, struct pm_xbar_cost *cost) {
    uint64_t clips = 0;
    const pm_status status = h->packed != NULL ? pm_gemm_wide(pm_kernels(PM_ISA_BEST), x, stride, n,
                                                              h->packed, h->rows, h->outputs, y)
                                               : gemm_arrays(h, x, stride, n, first_vector, y, &clips);
    if (cost != NULL && status == PM_OK) {
        const uint64_t planes = (uint64_t)n * h->cfg.abits;
        cost->vectors += n;
        cost->reads += planes * h->row_tiles * h->col_tiles;
        cost->conversions += planes * h->row_tiles * h->pairs;
        cost->clips += clips;
        cost->clocks += planes * h->slices;
    }
    return status;
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

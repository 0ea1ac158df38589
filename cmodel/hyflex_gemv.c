// SPDX-License-Identifier: Apache-2.0
#include "analog/random.h"
#include "kernels/hyflex.h"
#include "kernels/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PER (PM_HYFLEX_COLS / 2) /* outputs of a tile of 4-bit cells */

/* First counter word of disturbed weights' draws, apart from those of arrays and converters. */
#define DRAW_WEIGHT (7u << 28)

struct pm_hyflex_cfg pm_hyflex_default(void) {
    return (struct pm_hyflex_cfg){
        .cell = 1, .flip = true, .adc = 6, .sars = 1, .read_clocks = 128, .rram = pm_rram_preset(0, 0)};
}

static bool ideal_converters(const struct pm_hyflex_cfg *c) {
    return c->sar.cap_sigma == 0 && c->sar.offset == 0 && c->sar.noise == 0;
}

/* Whether only programming errors are asked for. */
static bool only_programming(const struct pm_hyflex_cfg *c) {
    struct pm_rram_cfg rram = c->rram;
    rram.mlc_sigma = rram.slc_sigma = 0;
    return rram.verify == 0 && pm_rram_is_nominal(&rram, c->cell) && ideal_converters(c);
}

pm_status pm_hyflex_check(const struct pm_hyflex_cfg *c) {
    if (c->cell < 1 || c->cell > 4)
        return PM_EINVAL;
    if (c->weights != PM_WEIGHTS_OFFSET && (c->weights != PM_WEIGHTS_DIFFERENTIAL || c->flip))
        return PM_EINVAL; /* differential weights would ignore flip */
    if (c->noise != PM_HYFLEX_NOISE_CELL && (c->noise != PM_HYFLEX_NOISE_WEIGHT || !only_programming(c) ||
                                             c->weights != PM_WEIGHTS_OFFSET || c->path == PM_PATH_EXACT))
        return PM_EINVAL; /* disturbed weights would ignore what cells and converters do */
    if (c->adc != 0 && (c->adc < PM_SAR_BITS - 1 || c->adc > PM_SAR_MAX_BITS))
        return PM_EINVAL;
    if (c->sars != 1 && c->sars != 2 && c->sars != 4 && c->sars != 8)
        return PM_EINVAL;
    if (c->read_clocks < 1 || c->read_clocks > 4096)
        return PM_EINVAL;
    if (c->adc == 0 && !ideal_converters(c))
        return PM_EINVAL; /* an ideal converter would ignore them */
    if (c->path >= PM_PATHS || c->isa >= PM_ISAS || pm_kernels(c->isa) == NULL)
        return PM_EINVAL;
    const pm_status status = pm_rram_check(&c->rram);
    return status != PM_OK ? status : pm_sar_check(&c->sar);
}

unsigned pm_hyflex_plane_clocks(const struct pm_hyflex_cfg *c) {
    return pm_plane_clocks(c->read_clocks, PM_HYFLEX_COLS, c->adc == 0 ? PM_SAR_BITS : c->adc, c->sars);
}

/* State of the cell that weight w has in its column c. */
static unsigned cell_state(const struct pm_hyflex_cfg *cfg, int w, unsigned c) {
    const unsigned top = (1u << cfg->cell) - 1;
    if (cfg->weights == PM_WEIGHTS_OFFSET)
        return (unsigned)(w + 128) >> (cfg->cell * c) & top;
    const int magnitude = c % 2 ? -w : w;
    return magnitude > 0 ? (unsigned)magnitude >> (cfg->cell * (c / 2)) & top : 0;
}

/* Sum of the states in column c of output m of the array whose first row is `row`, w[rows][outputs]. */
static unsigned column_sum(const struct pm_hyflex_cfg *cfg, const int8_t *w, unsigned rows, unsigned outputs,
                           unsigned row, unsigned m, unsigned c) {
    unsigned sum = 0;
    for (unsigned r = row; r < row + PM_HYFLEX_ROWS && r < rows; r++)
        sum += cell_state(cfg, w[(size_t)r * outputs + m], c);
    return sum;
}

/* Largest sum of states that a column can show: of offset weights with any weights, half of the full sum with
 * column flip; of differential ones with these. */
static unsigned largest_sum(const struct pm_hyflex_cfg *cfg, const int8_t *w, unsigned rows,
                            unsigned outputs) {
    if (cfg->weights == PM_WEIGHTS_OFFSET)
        return PM_HYFLEX_ROWS * ((1u << cfg->cell) - 1) / (cfg->flip ? 2 : 1);
    unsigned most = 0;
    for (unsigned row = 0; row < rows; row += PM_HYFLEX_ROWS)
        for (unsigned m = 0; m < outputs; m++)
            for (unsigned c = 0; c < pm_mlc_columns(cfg->cell, cfg->weights); c++) {
                const unsigned sum = column_sum(cfg, w, rows, outputs, row, m, c);
                most = sum > most ? sum : most;
            }
    return most;
}

/* States of one tile's cells from w (row stride `stride`), and its flip bits. */
static void map_tile(const struct pm_hyflex *h, struct pm_hyflex_tile *t, const int8_t *w, uint8_t *state) {
    const struct pm_hyflex_cfg *cfg = &h->cfg;
    const unsigned columns = pm_mlc_columns(cfg->cell, cfg->weights), top = (1u << cfg->cell) - 1;
    memset(state, 0, PM_HYFLEX_ROWS * PM_HYFLEX_COLS);
    for (unsigned m = 0; m < t->outputs; m++)
        for (unsigned c = 0; c < columns; c++) {
            const unsigned column = m * columns + c;
            t->flip[column] =
                cfg->flip && pm_mlc_flip(column_sum(cfg, w, t->rows, h->outputs, 0, m, c), cfg->cell);
            for (unsigned r = 0; r < t->rows; r++) {
                const unsigned s = cell_state(cfg, w[(size_t)r * h->outputs + m], c);
                state[r * PM_HYFLEX_COLS + column] = (uint8_t)(t->flip[column] ? top - s : s);
            }
        }
}

/* W (1 + eta), a draw for each weight. */
static pm_status disturb(struct pm_hyflex *h, const int8_t *w, uint32_t array_id) {
    const struct pm_rram_cfg *c = &h->cfg.rram;
    const int64_t sigma =
        llround((h->cfg.cell == 1 ? c->slc_sigma : c->mlc_sigma) * (double)((int64_t)1 << 32));
    const uint32_t key[2] = {(uint32_t)c->seed, (uint32_t)(c->seed >> 32)};
    int32_t *gauss = malloc(h->outputs * sizeof *gauss);
    h->disturbed = malloc((size_t)h->rows * h->outputs * sizeof *h->disturbed);
    for (unsigned d = 0; gauss != NULL && h->disturbed != NULL && d < h->rows; d++) {
        pm_gauss_fill((uint32_t[4]){DRAW_WEIGHT, d, 0, array_id}, key, h->outputs, gauss);
        for (unsigned m = 0; m < h->outputs; m++) {
            const size_t i = (size_t)d * h->outputs + m;
            const int64_t error = (w[i] * (gauss[m] * sigma) + ((int64_t)1 << 31)) >> 32;
            h->disturbed[i] = (double)((int64_t)w[i] * (1 << PM_DISTURBED_FRAC) + error);
        }
    }
    const pm_status status = gauss != NULL && h->disturbed != NULL ? PM_OK : PM_ENOMEM;
    free(gauss);
    return status;
}

static pm_status new_tile(struct pm_hyflex *h, const int8_t *w, unsigned index, uint32_t array_id,
                          uint8_t *state) {
    struct pm_hyflex_tile *t = &h->tile[index];
    const unsigned row = index / h->col_tiles * PM_HYFLEX_ROWS, output = index % h->col_tiles * h->per;
    t->rows = h->rows - row < PM_HYFLEX_ROWS ? h->rows - row : PM_HYFLEX_ROWS;
    t->outputs = h->outputs - output < h->per ? h->outputs - output : h->per;
    t->array = pm_rram_new(&h->cfg.rram, array_id + index, PM_HYFLEX_ROWS, PM_HYFLEX_COLS, h->cfg.cell);
    if (t->array == NULL)
        return PM_ENOMEM;
    map_tile(h, t, w + (size_t)row * h->outputs + output, state);
    pm_rram_program(t->array, state);
    if (h->column != NULL)
        pm_hyflex_list_columns(h, index, state);
    for (unsigned s = 0; s < h->cfg.sars; s++)
        pm_sar_init(&t->sar[s], &h->cfg.sar, array_id + index, s);
    return PM_OK;
}

pm_status pm_hyflex_new(const struct pm_hyflex_cfg *cfg, const int8_t *w, unsigned rows, unsigned outputs,
                        uint32_t array_id, struct pm_hyflex **matrix) {
    *matrix = NULL;
    if (pm_hyflex_check(cfg) != PM_OK || rows < 1 || rows > PM_HYFLEX_MAX_DIM || outputs < 1 ||
        outputs > PM_HYFLEX_MAX_DIM)
        return PM_EINVAL;
    const bool arrays = cfg->noise == PM_HYFLEX_NOISE_CELL, ideal_sar = ideal_converters(cfg);
    const bool ideal = arrays && ideal_sar && pm_rram_is_nominal(&cfg->rram, cfg->cell);
    const bool exact = ideal && (cfg->adc == 0 || largest_sum(cfg, w, rows, outputs) < 1u << cfg->adc);
    if (cfg->path == PM_PATH_EXACT && !exact)
        return PM_EINVAL;
    struct pm_hyflex *h = calloc(1, sizeof *h);
    uint8_t *state = malloc(PM_HYFLEX_ROWS * PM_HYFLEX_COLS);
    pm_status status = h != NULL && state != NULL ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        h->cfg = *cfg;
        h->k = pm_kernels(cfg->isa);
        h->ideal_sar = ideal_sar;
        h->rows = rows;
        h->outputs = outputs;
        h->per = pm_hyflex_per(cfg);
        h->row_tiles = (rows + PM_HYFLEX_ROWS - 1) / PM_HYFLEX_ROWS;
        h->col_tiles = (outputs + h->per - 1) / h->per;
        const size_t tiles = (size_t)h->row_tiles * h->col_tiles;
        h->tile = calloc(tiles, sizeof *h->tile);
        h->w = malloc((size_t)rows * outputs);
        status = h->tile != NULL && h->w != NULL ? PM_OK : PM_ENOMEM;
        if (status == PM_OK)
            status = arrays ? pm_hyflex_prepare(h, w, ideal, exact) : disturb(h, w, array_id);
    }
    for (unsigned i = 0; status == PM_OK && arrays && i < h->row_tiles * h->col_tiles; i++)
        status = new_tile(h, w, i, array_id, state);
    free(state);
    if (status != PM_OK) {
        pm_hyflex_free(h);
        return status;
    }
    memcpy(h->w, w, (size_t)rows * outputs);
    *matrix = h;
    return PM_OK;
}

void pm_hyflex_free(struct pm_hyflex *h) {
    if (h == NULL)
        return;
    for (unsigned i = 0; h->tile != NULL && i < h->row_tiles * h->col_tiles; i++)
        pm_rram_free(h->tile[i].array);
    free(h->tile);
    free(h->w);
    free(h->packed);
    free(h->column);
    free(h->disturbed);
    free(h);
}

const struct pm_hyflex_cfg *pm_hyflex_config(const struct pm_hyflex *h) {
    return &h->cfg;
}
unsigned pm_hyflex_rows(const struct pm_hyflex *h) {
    return h->rows;
}
unsigned pm_hyflex_outputs(const struct pm_hyflex *h) {
    return h->outputs;
}
const int8_t *pm_hyflex_weights(const struct pm_hyflex *h) {
    return h->w;
}
unsigned pm_hyflex_row_tiles(const struct pm_hyflex *h) {
    return h->row_tiles;
}
unsigned pm_hyflex_col_tiles(const struct pm_hyflex *h) {
    return h->col_tiles;
}
const struct pm_hyflex_tile *pm_hyflex_tile(const struct pm_hyflex *h, unsigned row_tile, unsigned col_tile) {
    return &h->tile[row_tile * h->col_tiles + col_tile];
}

uint64_t pm_hyflex_cells(const struct pm_hyflex *h) {
    return (uint64_t)h->row_tiles * h->col_tiles * PM_HYFLEX_ROWS * PM_HYFLEX_COLS;
}
uint64_t pm_hyflex_pulses(const struct pm_hyflex *h) {
    uint64_t sum = 0;
    for (unsigned i = 0; h->disturbed == NULL && i < h->row_tiles * h->col_tiles; i++)
        sum += pm_rram_pulses(h->tile[i].array);
    return h->disturbed == NULL ? sum : pm_hyflex_cells(h);
}

void pm_hyflex_split(const int8_t *x, unsigned rows, uint64_t wordlines[PM_HYFLEX_PLANES]) {
    memset(wordlines, 0, PM_HYFLEX_PLANES * sizeof *wordlines);
    for (unsigned r = 0; r < rows; r++)
        for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++)
            wordlines[i] |= (uint64_t)((uint8_t)x[r] >> i & 1) << r;
}

void pm_hyflex_convert(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, const int32_t *value,
                       struct pm_read_id id, int32_t *code) {
    for (unsigned c = 0; c < PM_HYFLEX_COLS; c++) {
        id.access = (uint16_t)c;
        code[c] = h->cfg.adc == 0
                      ? (value[c] + 128) >> 8
                      : (int32_t)pm_sar_convert(&t->sar[c % h->cfg.sars], h->cfg.adc, value[c], id);
    }
}

uint64_t pm_hyflex_tile_stages(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, const int8_t *x,
                               uint32_t vector, uint64_t *wordlines, int32_t *code, int32_t *acc) {
    const unsigned used = t->outputs * pm_mlc_columns(h->cfg.cell, h->cfg.weights);
    uint64_t wrong = 0;
    pm_hyflex_split(x, t->rows, wordlines);
    for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++) {
        const struct pm_read_id id = {.vector = vector, .plane = (uint16_t)i};
        int32_t value[PM_HYFLEX_COLS];
        uint16_t count[PM_HYFLEX_COLS];
        int32_t *plane_code = code + i * PM_HYFLEX_COLS;
        pm_rram_read_plain(t->array, &wordlines[i], id, value);
        pm_rram_count(t->array, &wordlines[i], count);
        pm_hyflex_convert(h, t, value, id, plane_code);
        for (unsigned c = 0; c < used; c++)
            wrong += plane_code[c] != count[c];
        if (h->cfg.weights == PM_WEIGHTS_DIFFERENTIAL)
            pm_mlc_shift_add_pairs(plane_code, h->cfg.cell, i, h->per, acc);
        else
            pm_mlc_shift_add(plane_code, t->flip, h->cfg.cell, (unsigned)__builtin_popcountll(wordlines[i]),
                             i, h->per, acc);
    }
    return wrong;
}

void pm_hyflex_cost_add(struct pm_hyflex_cost *sum, const struct pm_hyflex_cost *c) {
    sum->vectors += c->vectors;
    sum->array_reads += c->array_reads;
    sum->conversions += c->conversions;
    sum->wrong += c->wrong;
    sum->cycles += c->cycles;
}

void pm_hyflex_add_vectors(const struct pm_hyflex *h, uint64_t n, uint64_t wrong,
                           struct pm_hyflex_cost *cost) {
    if (cost == NULL)
        return;
    const uint64_t tiles = (uint64_t)h->row_tiles * h->col_tiles;
    cost->vectors += n;
    cost->array_reads += n * PM_HYFLEX_PLANES * tiles;
    cost->conversions += n * PM_HYFLEX_PLANES * tiles * PM_HYFLEX_COLS;
    cost->wrong += wrong;
    cost->cycles += n * PM_HYFLEX_PLANES * pm_hyflex_plane_clocks(&h->cfg);
}

/* Products with disturbed weights, one after the other. */
static void gemv_disturbed(const struct pm_hyflex *h, const int8_t *x, int32_t *y) {
    for (unsigned m = 0; m < h->outputs; m++) {
        int64_t sum = 0;
        for (unsigned d = 0; d < h->rows; d++)
            sum += x[d] * (int64_t)h->disturbed[(size_t)d * h->outputs + m];
        y[m] = pm_hyflex_rounded(sum);
    }
}

void pm_hyflex_gemv_plain(const struct pm_hyflex *h, const int8_t *x, uint32_t vector, int32_t *y,
                          struct pm_hyflex_cost *cost) {
    uint64_t wrong = 0;
    memset(y, 0, h->outputs * sizeof *y);
    if (h->disturbed != NULL)
        gemv_disturbed(h, x, y);
    for (unsigned i = 0; h->disturbed == NULL && i < h->row_tiles * h->col_tiles; i++) {
        const struct pm_hyflex_tile *t = &h->tile[i];
        uint64_t wordlines[PM_HYFLEX_PLANES];
        int32_t code[PM_HYFLEX_PLANES * PM_HYFLEX_COLS], acc[MAX_PER];
        wrong +=
            pm_hyflex_tile_stages(h, t, x + i / h->col_tiles * PM_HYFLEX_ROWS, vector, wordlines, code, acc);
        for (unsigned m = 0; m < t->outputs; m++)
            y[i % h->col_tiles * h->per + m] += acc[m];
    }
    pm_hyflex_add_vectors(h, 1, wrong, cost);
}

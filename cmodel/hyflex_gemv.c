#include "hyflex_gemv.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PER (PM_RRAM_COLS / 4) /* outputs of a tile of 2-bit cells */

struct pm_hyflex {
    struct pm_hyflex_cfg cfg;
    unsigned rows, outputs, row_tiles, col_tiles;
    unsigned per;   /* outputs a tile */
    bool exact;     /* nominal arrays, ideal converters, no sum beyond the converter: y is the dot product */
    bool ideal_sar; /* the converters only round and saturate */
    int8_t *w;      /* [rows][outputs] */
    struct pm_hyflex_tile *tile;
};

struct pm_hyflex_cfg pm_hyflex_default(void) {
    return (struct pm_hyflex_cfg){
        .cell = 1, .flip = true, .adc = 6, .sars = 1, .read_clocks = 128, .rram = pm_rram_preset(0, 0)};
}

pm_status pm_hyflex_check(const struct pm_hyflex_cfg *c) {
    if (c->cell != 1 && c->cell != 2)
        return PM_EINVAL;
    if (c->adc != 0 && c->adc != PM_SAR_BITS && c->adc != PM_SAR_BITS - 1)
        return PM_EINVAL;
    if (c->sars != 1 && c->sars != 2 && c->sars != 4 && c->sars != 8)
        return PM_EINVAL;
    if (c->read_clocks < 1 || c->read_clocks > 4096)
        return PM_EINVAL;
    if (c->adc == 0 && (c->sar.cap_sigma != 0 || c->sar.offset != 0 || c->sar.noise != 0))
        return PM_EINVAL; /* an ideal converter would ignore them */
    const pm_status status = pm_rram_check(&c->rram);
    return status != PM_OK ? status : pm_sar_check(&c->sar);
}

unsigned pm_hyflex_plane_clocks(const struct pm_hyflex_cfg *c) {
    return pm_plane_clocks(c->read_clocks, PM_RRAM_COLS, c->adc == 0 ? PM_SAR_BITS : c->adc, c->sars);
}

/* Largest sum of states that a column can have: half of the full sum with column flip. */
static unsigned largest_sum(const struct pm_hyflex_cfg *c) {
    return PM_RRAM_ROWS * ((1u << c->cell) - 1) / (c->flip ? 2 : 1);
}

/* States of one tile's cells from w (row stride `stride`), and its flip bits. */
static void map_tile(const struct pm_hyflex *h, struct pm_hyflex_tile *t, const int8_t *w, uint8_t *state) {
    const unsigned cell = h->cfg.cell, slices = pm_mlc_slices(cell);
    memset(state, 0, PM_RRAM_ROWS * PM_RRAM_COLS);
    for (unsigned m = 0; m < t->outputs; m++)
        for (unsigned c = 0; c < slices; c++) {
            const unsigned column = m * slices + c, top = (1u << cell) - 1;
            unsigned sum = 0;
            for (unsigned r = 0; r < t->rows; r++) {
                const unsigned u = (unsigned)(w[(size_t)r * h->outputs + m] + 128);
                state[r * PM_RRAM_COLS + column] = (uint8_t)(u >> (cell * c) & top);
                sum += u >> (cell * c) & top;
            }
            t->flip[column] = h->cfg.flip && pm_mlc_flip(sum, cell);
            for (unsigned r = 0; r < t->rows && t->flip[column]; r++)
                state[r * PM_RRAM_COLS + column] = (uint8_t)(top - state[r * PM_RRAM_COLS + column]);
        }
}

static pm_status new_tile(struct pm_hyflex *h, const int8_t *w, unsigned index, uint32_t array_id,
                          uint8_t *state) {
    struct pm_hyflex_tile *t = &h->tile[index];
    const unsigned row = index / h->col_tiles * PM_RRAM_ROWS, output = index % h->col_tiles * h->per;
    t->rows = h->rows - row < PM_RRAM_ROWS ? h->rows - row : PM_RRAM_ROWS;
    t->outputs = h->outputs - output < h->per ? h->outputs - output : h->per;
    t->array = pm_rram_new(&h->cfg.rram, array_id + index, h->cfg.cell);
    if (t->array == NULL)
        return PM_ENOMEM;
    map_tile(h, t, w + (size_t)row * h->outputs + output, state);
    pm_rram_program(t->array, state);
    for (unsigned s = 0; s < h->cfg.sars; s++) {
        pm_sar_init(&t->sar[s], &h->cfg.sar, array_id + index, s);
        h->ideal_sar = t->sar[s].ideal;
    }
    return PM_OK;
}

pm_status pm_hyflex_new(const struct pm_hyflex_cfg *cfg, const int8_t *w, unsigned rows, unsigned outputs,
                        uint32_t array_id, struct pm_hyflex **matrix) {
    *matrix = NULL;
    if (pm_hyflex_check(cfg) != PM_OK || rows < 1 || rows > PM_HYFLEX_MAX_DIM || outputs < 1 ||
        outputs > PM_HYFLEX_MAX_DIM)
        return PM_EINVAL;
    struct pm_hyflex *h = calloc(1, sizeof *h);
    uint8_t *state = malloc(PM_RRAM_ROWS * PM_RRAM_COLS);
    pm_status status = h != NULL && state != NULL ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        h->cfg = *cfg;
        h->rows = rows;
        h->outputs = outputs;
        h->per = PM_RRAM_COLS / pm_mlc_slices(cfg->cell);
        h->row_tiles = (rows + PM_RRAM_ROWS - 1) / PM_RRAM_ROWS;
        h->col_tiles = (outputs + h->per - 1) / h->per;
        h->tile = calloc((size_t)h->row_tiles * h->col_tiles, sizeof *h->tile);
        h->w = malloc((size_t)rows * outputs);
        status = h->tile != NULL && h->w != NULL ? PM_OK : PM_ENOMEM;
    }
    for (unsigned i = 0; status == PM_OK && i < h->row_tiles * h->col_tiles; i++)
        status = new_tile(h, w, i, array_id, state);
    free(state);
    if (status != PM_OK) {
        pm_hyflex_free(h);
        return status;
    }
    memcpy(h->w, w, (size_t)rows * outputs);
    h->exact = pm_rram_nominal(h->tile[0].array) && h->ideal_sar &&
               (cfg->adc == 0 || largest_sum(cfg) < 1u << cfg->adc);
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

static void split_planes(const int8_t *x, unsigned rows, uint64_t wordlines[PM_HYFLEX_PLANES]) {
    memset(wordlines, 0, PM_HYFLEX_PLANES * sizeof *wordlines);
    for (unsigned r = 0; r < rows; r++)
        for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++)
            wordlines[i] |= (uint64_t)((uint8_t)x[r] >> i & 1) << r;
}

/* An ideal converter, vectorised; pm_sar_code() or a rounding without limits. |value| < 2^31 - 128. */
static void convert_ideal(unsigned adc, const int32_t *restrict value, int32_t *restrict code) {
    const int32_t top = (1 << adc) - 1;
    for (unsigned c = 0; c < PM_RRAM_COLS; c++)
        code[c] = (value[c] + 128) >> 8;
    for (unsigned c = 0; c < PM_RRAM_COLS && adc != 0; c++)
        code[c] = code[c] < 0 ? 0 : code[c] > top ? top : code[c];
}

static void convert(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, const int32_t *value,
                    struct pm_read_id id, int32_t *code) {
    for (unsigned c = 0; c < PM_RRAM_COLS; c++) {
        id.access = (uint16_t)c;
        code[c] = h->cfg.adc == 0 ? (value[c] + 128) >> 8
                                  : pm_sar_convert(&t->sar[c % h->cfg.sars], h->cfg.adc, value[c], id);
    }
}

uint64_t pm_hyflex_tile_stages(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, const int8_t *x,
                               uint32_t vector, uint64_t *wordlines, int32_t *code, int32_t *acc) {
    const unsigned used = t->outputs * pm_mlc_slices(h->cfg.cell);
    uint64_t clips = 0;
    split_planes(x, t->rows, wordlines);
    for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++) {
        const struct pm_read_id id = {.vector = vector, .plane = (uint16_t)i};
        int32_t value[PM_RRAM_COLS];
        uint8_t count[PM_RRAM_COLS];
        int32_t *plane_code = code + i * PM_RRAM_COLS;
        pm_rram_read_plain(t->array, wordlines[i], id, value);
        pm_rram_count(t->array, wordlines[i], count);
        convert(h, t, value, id, plane_code);
        for (unsigned c = 0; c < used; c++)
            clips += plane_code[c] != count[c];
        pm_mlc_shift_add(plane_code, t->flip, h->cfg.cell, (unsigned)__builtin_popcountll(wordlines[i]), i,
                         h->per, acc);
    }
    return clips;
}

void pm_hyflex_cost_add(struct pm_hyflex_cost *sum, const struct pm_hyflex_cost *c) {
    sum->vectors += c->vectors;
    sum->array_reads += c->array_reads;
    sum->conversions += c->conversions;
    sum->clips += c->clips;
    sum->cycles += c->cycles;
}

static void add_cost(const struct pm_hyflex *h, uint64_t clips, struct pm_hyflex_cost *cost) {
    if (cost == NULL)
        return;
    const uint64_t tiles = (uint64_t)h->row_tiles * h->col_tiles;
    cost->vectors++;
    cost->array_reads += PM_HYFLEX_PLANES * tiles;
    cost->conversions += PM_HYFLEX_PLANES * tiles * PM_RRAM_COLS;
    cost->clips += clips;
    cost->cycles += PM_HYFLEX_PLANES * (uint64_t)pm_hyflex_plane_clocks(&h->cfg);
}

void pm_hyflex_gemv_plain(const struct pm_hyflex *h, const int8_t *x, uint32_t vector, int32_t *y,
                          struct pm_hyflex_cost *cost) {
    uint64_t clips = 0;
    memset(y, 0, h->outputs * sizeof *y);
    for (unsigned i = 0; i < h->row_tiles * h->col_tiles; i++) {
        const struct pm_hyflex_tile *t = &h->tile[i];
        uint64_t wordlines[PM_HYFLEX_PLANES];
        int32_t code[PM_HYFLEX_PLANES * PM_RRAM_COLS], acc[MAX_PER];
        clips +=
            pm_hyflex_tile_stages(h, t, x + i / h->col_tiles * PM_RRAM_ROWS, vector, wordlines, code, acc);
        for (unsigned m = 0; m < t->outputs; m++)
            y[i % h->col_tiles * h->per + m] += acc[m];
    }
    add_cost(h, clips, cost);
}

/* Codes and clips of one plane by the shortest way that gives the same integers. */
static uint64_t read_plane(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, uint64_t wordlines,
                           struct pm_read_id id, unsigned used, int32_t *restrict code) {
    uint8_t count[PM_RRAM_COLS];
    pm_rram_count(t->array, wordlines, count);
    if (pm_rram_nominal(t->array) && h->ideal_sar) {
        const int32_t top = h->cfg.adc == 0 ? INT32_MAX : (1 << h->cfg.adc) - 1;
        for (unsigned c = 0; c < PM_RRAM_COLS; c++)
            code[c] = count[c] > top ? top : count[c];
    } else {
        int32_t value[PM_RRAM_COLS];
        pm_rram_read(t->array, wordlines, id, value);
        if (h->ideal_sar)
            convert_ideal(h->cfg.adc, value, code);
        else
            convert(h, t, value, id, code);
    }
    unsigned clips = 0;
    for (unsigned c = 0; c < used; c++)
        clips += code[c] != count[c];
    return clips;
}

static void gemv_exact(const struct pm_hyflex *h, const int8_t *x, int32_t *restrict y) {
    for (unsigned d = 0; d < h->rows; d++) {
        const int8_t *w = h->w + (size_t)d * h->outputs;
        for (unsigned m = 0; m < h->outputs; m++)
            y[m] += x[d] * w[m];
    }
}

/* y[m] += what pm_mlc_shift_add() accumulates over the planes: it is linear in codes and wordlines, so that a
 * column's planes add up first: sum[c] and pop are weighted by 2^i, -2^7 for plane 7. */
static void add_columns(const struct pm_hyflex_tile *t, unsigned cell, const int32_t *sum, int32_t pop,
                        int32_t *y) {
    const unsigned slices = pm_mlc_slices(cell);
    const int32_t full = (int32_t)((1u << cell) - 1) * pop;
    for (unsigned m = 0; m < t->outputs; m++) {
        int32_t acc = -128 * pop;
        for (unsigned c = 0; c < slices; c++) {
            const int32_t s = sum[m * slices + c];
            acc += (t->flip[m * slices + c] ? full - s : s) * (1 << (cell * c));
        }
        y[m] += acc;
    }
}

static uint64_t gemv_tile(const struct pm_hyflex *h, const struct pm_hyflex_tile *t,
                          const uint64_t *wordlines, uint32_t vector, int32_t *y) {
    const unsigned used = t->outputs * pm_mlc_slices(h->cfg.cell);
    int32_t code[PM_RRAM_COLS], sum[PM_RRAM_COLS] = {0}, pop = 0;
    uint64_t clips = 0;
    for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++) {
        const int32_t weight = i == 7 ? -128 : 1 << i;
        clips += read_plane(h, t, wordlines[i], (struct pm_read_id){.vector = vector, .plane = (uint16_t)i},
                            used, code);
        for (unsigned c = 0; c < PM_RRAM_COLS; c++)
            sum[c] += code[c] * weight;
        pop += __builtin_popcountll(wordlines[i]) * weight;
    }
    add_columns(t, h->cfg.cell, sum, pop, y);
    return clips;
}

void pm_hyflex_gemv(const struct pm_hyflex *h, const int8_t *x, uint32_t vector, int32_t *y,
                    struct pm_hyflex_cost *cost) {
    uint64_t clips = 0;
    memset(y, 0, h->outputs * sizeof *y);
    if (h->exact)
        gemv_exact(h, x, y);
    for (unsigned r = 0; r < h->row_tiles && !h->exact; r++) {
        uint64_t wordlines[PM_HYFLEX_PLANES];
        split_planes(x + r * PM_RRAM_ROWS, h->tile[r * h->col_tiles].rows, wordlines);
        for (unsigned k = 0; k < h->col_tiles; k++)
            clips += gemv_tile(h, &h->tile[r * h->col_tiles + k], wordlines, vector, y + k * h->per);
    }
    add_cost(h, clips, cost);
}

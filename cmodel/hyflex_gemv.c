// SPDX-License-Identifier: Apache-2.0
#include "hyflex_gemv.h"

#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PER (PM_HYFLEX_COLS / 4) /* outputs of a tile of 2-bit cells */

struct pm_hyflex {
    struct pm_hyflex_cfg cfg;
    unsigned rows, outputs, row_tiles, col_tiles;
    unsigned per; /* outputs a tile */
    const struct pm_kernels *k;
    int8_t *w;       /* [rows][outputs] */
    bool ideal_sar;  /* the converters only round and saturate */
    int16_t *packed; /* where every conversion is exact: y is the dot product */
    struct pm_hyflex_tile *tile;
    struct pm_column
        *column; /* [tiles][PM_HYFLEX_COLS], where arrays and converters are ideal but not exact */
};

/* Vectors that are bit-sliced at a time, and from how many on that pays. */
#define BLOCK_WORDS (PM_COLUMN_STRIDE / PM_HYFLEX_PLANES)
#define BLOCK       (64 * BLOCK_WORDS)
#define MIN_SLICED  16

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
    if (c->path >= PM_PATHS || c->isa >= PM_ISAS || pm_kernels(c->isa) == NULL)
        return PM_EINVAL;
    const pm_status status = pm_rram_check(&c->rram);
    return status != PM_OK ? status : pm_sar_check(&c->sar);
}

unsigned pm_hyflex_plane_clocks(const struct pm_hyflex_cfg *c) {
    return pm_plane_clocks(c->read_clocks, PM_HYFLEX_COLS, c->adc == 0 ? PM_SAR_BITS : c->adc, c->sars);
}

/* Largest sum of states that a column can have: half of the full sum with column flip. */
static unsigned largest_sum(const struct pm_hyflex_cfg *c) {
    return PM_HYFLEX_ROWS * ((1u << c->cell) - 1) / (c->flip ? 2 : 1);
}

/* States of one tile's cells from w (row stride `stride`), and its flip bits. */
static void map_tile(const struct pm_hyflex *h, struct pm_hyflex_tile *t, const int8_t *w, uint8_t *state) {
    const unsigned cell = h->cfg.cell, slices = pm_mlc_slices(cell);
    memset(state, 0, PM_HYFLEX_ROWS * PM_HYFLEX_COLS);
    for (unsigned m = 0; m < t->outputs; m++)
        for (unsigned c = 0; c < slices; c++) {
            const unsigned column = m * slices + c, top = (1u << cell) - 1;
            unsigned sum = 0;
            for (unsigned r = 0; r < t->rows; r++) {
                const unsigned u = (unsigned)(w[(size_t)r * h->outputs + m] + 128);
                state[r * PM_HYFLEX_COLS + column] = (uint8_t)(u >> (cell * c) & top);
                sum += u >> (cell * c) & top;
            }
            t->flip[column] = h->cfg.flip && pm_mlc_flip(sum, cell);
            for (unsigned r = 0; r < t->rows && t->flip[column]; r++)
                state[r * PM_HYFLEX_COLS + column] = (uint8_t)(top - state[r * PM_HYFLEX_COLS + column]);
        }
}

static void list_columns(const struct pm_hyflex_cfg *cfg, const struct pm_hyflex_tile *t,
                         const uint8_t *state, struct pm_column *column) {
    for (unsigned c = 0; c < PM_HYFLEX_COLS; c++) {
        struct pm_column *col = &column[c];
        unsigned most = 0;
        for (unsigned r = 0; r < PM_HYFLEX_ROWS; r++) {
            const unsigned s = state[r * PM_HYFLEX_COLS + c];
            most += s;
            for (unsigned b = 0; b < 2; b++)
                if (s >> b & 1)
                    col->row[b][col->n[b]++] = (uint16_t)(PM_COLUMN_STRIDE * r);
        }
        for (unsigned b = 0; b < 2; b++)
            while (col->n[b] % PM_GROUP != 0)
                col->row[b][col->n[b]++] = PM_COLUMN_STRIDE * PM_HYFLEX_ROWS;
        col->saturates = cfg->adc != 0 && most >> cfg->adc != 0;
        col->bits = (uint8_t)(col->saturates ? (int)cfg->adc : pm_bl(most));
        col->flip = t->flip[c];
    }
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
        list_columns(&h->cfg, t, state, h->column + (size_t)index * PM_HYFLEX_COLS);
    for (unsigned s = 0; s < h->cfg.sars; s++)
        pm_sar_init(&t->sar[s], &h->cfg.sar, array_id + index, s);
    return PM_OK;
}

static pm_status pack(struct pm_hyflex *h, const int8_t *w) {
    const size_t cells = (size_t)h->rows * h->outputs;
    int16_t *wide = malloc(cells * sizeof *wide);
    h->packed = malloc(pm_gemm_packed(h->rows, h->outputs) * sizeof *h->packed);
    for (size_t i = 0; wide != NULL && i < cells; i++)
        wide[i] = w[i];
    if (wide != NULL && h->packed != NULL)
        pm_gemm_pack(wide, h->rows, h->outputs, h->packed);
    const pm_status status = wide != NULL && h->packed != NULL ? PM_OK : PM_ENOMEM;
    free(wide);
    return status;
}

pm_status pm_hyflex_new(const struct pm_hyflex_cfg *cfg, const int8_t *w, unsigned rows, unsigned outputs,
                        uint32_t array_id, struct pm_hyflex **matrix) {
    *matrix = NULL;
    if (pm_hyflex_check(cfg) != PM_OK || rows < 1 || rows > PM_HYFLEX_MAX_DIM || outputs < 1 ||
        outputs > PM_HYFLEX_MAX_DIM)
        return PM_EINVAL;
    const bool ideal_sar = cfg->sar.cap_sigma == 0 && cfg->sar.offset == 0 && cfg->sar.noise == 0;
    const bool ideal = ideal_sar && pm_rram_is_nominal(&cfg->rram, cfg->cell);
    const bool exact = ideal && (cfg->adc == 0 || largest_sum(cfg) < 1u << cfg->adc);
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
        h->per = PM_HYFLEX_COLS / pm_mlc_slices(cfg->cell);
        h->row_tiles = (rows + PM_HYFLEX_ROWS - 1) / PM_HYFLEX_ROWS;
        h->col_tiles = (outputs + h->per - 1) / h->per;
        const size_t tiles = (size_t)h->row_tiles * h->col_tiles;
        h->tile = calloc(tiles, sizeof *h->tile);
        h->w = malloc((size_t)rows * outputs);
        status = h->tile != NULL && h->w != NULL ? PM_OK : PM_ENOMEM;
        const bool product = exact && (cfg->path == PM_PATH_BEST || cfg->path == PM_PATH_EXACT);
        if (status == PM_OK && product)
            status = pack(h, w);
        else if (status == PM_OK && ideal && cfg->path != PM_PATH_PLAIN &&
                 (h->column = calloc(tiles * PM_HYFLEX_COLS, sizeof *h->column)) == NULL)
            status = PM_ENOMEM;
    }
    for (unsigned i = 0; status == PM_OK && i < h->row_tiles * h->col_tiles; i++)
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
    for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
        code[c] = (value[c] + 128) >> 8;
    for (unsigned c = 0; c < PM_HYFLEX_COLS && adc != 0; c++)
        code[c] = code[c] < 0 ? 0 : code[c] > top ? top : code[c];
}

static void convert(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, const int32_t *value,
                    struct pm_read_id id, int32_t *code) {
    for (unsigned c = 0; c < PM_HYFLEX_COLS; c++) {
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
        int32_t value[PM_HYFLEX_COLS];
        uint16_t count[PM_HYFLEX_COLS];
        int32_t *plane_code = code + i * PM_HYFLEX_COLS;
        pm_rram_read_plain(t->array, &wordlines[i], id, value);
        pm_rram_count(t->array, &wordlines[i], count);
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
    cost->conversions += PM_HYFLEX_PLANES * tiles * PM_HYFLEX_COLS;
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
        int32_t code[PM_HYFLEX_PLANES * PM_HYFLEX_COLS], acc[MAX_PER];
        clips +=
            pm_hyflex_tile_stages(h, t, x + i / h->col_tiles * PM_HYFLEX_ROWS, vector, wordlines, code, acc);
        for (unsigned m = 0; m < t->outputs; m++)
            y[i % h->col_tiles * h->per + m] += acc[m];
    }
    add_cost(h, clips, cost);
}

/* Codes and clips of one plane by the shortest way that gives the same integers. */
static uint64_t read_plane(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, uint64_t wordlines,
                           struct pm_read_id id, unsigned used, int32_t *restrict code) {
    uint16_t count[PM_HYFLEX_COLS];
    pm_rram_count(t->array, &wordlines, count);
    if (pm_rram_nominal(t->array) && h->ideal_sar) {
        const int32_t top = h->cfg.adc == 0 ? INT32_MAX : (1 << h->cfg.adc) - 1;
        for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
            code[c] = count[c] > top ? top : count[c];
    } else {
        int32_t value[PM_HYFLEX_COLS];
        if (h->ideal_sar) {
            pm_rram_read_rounded(t->array, &wordlines, id, value);
            convert_ideal(h->cfg.adc, value, code);
        } else {
            pm_rram_read(t->array, &wordlines, id, value);
            convert(h, t, value, id, code);
        }
    }
    unsigned clips = 0;
    for (unsigned c = 0; c < used; c++)
        clips += code[c] != count[c];
    return clips;
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
    int32_t code[PM_HYFLEX_COLS], sum[PM_HYFLEX_COLS] = {0}, pop = 0;
    uint64_t clips = 0;
    for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++) {
        const int32_t weight = i == 7 ? -128 : 1 << i;
        clips += read_plane(h, t, wordlines[i], (struct pm_read_id){.vector = vector, .plane = (uint16_t)i},
                            used, code);
        for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
            sum[c] += code[c] * weight;
        pop += __builtin_popcountll(wordlines[i]) * weight;
    }
    add_columns(t, h->cfg.cell, sum, pop, y);
    return clips;
}

/* All vectors through one tile, then through the next: a tile's cells stay in the cache. */
static void gemm_tiles(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n,
                       uint32_t first_vector, int32_t *y, struct pm_hyflex_cost *cost) {
    uint64_t clips = 0;
    memset(y, 0, (size_t)n * h->outputs * sizeof *y);
    for (unsigned i = 0; i < h->row_tiles * h->col_tiles; i++) {
        const struct pm_hyflex_tile *t = &h->tile[i];
        for (unsigned v = 0; v < n; v++) {
            uint64_t wordlines[PM_HYFLEX_PLANES];
            split_planes(x + v * stride + i / h->col_tiles * PM_HYFLEX_ROWS, t->rows, wordlines);
            clips += gemv_tile(h, t, wordlines, first_vector + v,
                               y + (size_t)v * h->outputs + i % h->col_tiles * h->per);
        }
    }
    for (unsigned v = 0; v < n; v++)
        add_cost(h, v == 0 ? clips : 0, cost);
}

/* Bit slices of up to BLOCK vectors, lane v is vector v, through up to GROUP tiles of rows. A weight's
 * columns add up to at most 255 * 85 (MLC) or 127 * 255 (SLC) < 2^15 a tile, its planes to 255 times as much.
 */
#define GROUP      8
#define PLANE_BITS 18
#define PART_BITS  26
struct sliced {
    uint64_t (*x)[(PM_HYFLEX_ROWS + 1) * PM_COLUMN_STRIDE]; /* [tile][row][plane][words], the last row is 0 */
    int32_t (*pop)[BLOCK]; /* [tile]: sum of a vector's elements, its planes' weighted active wordlines */
    int32_t (*y)[BLOCK];   /* [output] */
    size_t words;          /* in use */
    uint64_t plane[PLANE_BITS * PM_COLUMN_STRIDE]; /* [slice][plane][words]: a weight's columns */
    uint64_t part[PART_BITS * BLOCK_WORDS];        /* [slice][words]: its planes */
};

static struct sliced *new_sliced(const struct pm_hyflex *h) {
    const unsigned tiles = h->row_tiles < GROUP ? h->row_tiles : GROUP;
    struct sliced *s =
        malloc(sizeof *s + tiles * (sizeof *s->x + sizeof *s->pop) + h->outputs * sizeof *s->y);
    if (s == NULL)
        return NULL;
    s->x = (void *)(s + 1);
    s->pop = (void *)(s->x + tiles);
    s->y = s->pop + tiles;
    return s;
}

/* `rows` columns of x[n][stride] into the slices of tile g. */
static void slice_vectors(const struct pm_kernels *k, const int8_t *x, size_t stride, unsigned rows,
                          unsigned n, struct sliced *s, unsigned g) {
    memset(s->x[g], 0, sizeof s->x[g]);
    memset(s->pop[g], 0, sizeof s->pop[g]);
    for (unsigned r = 0; r < rows; r++) {
        uint8_t bytes[BLOCK] = {0};
        for (unsigned v = 0; v < n; v++)
            bytes[v] = (uint8_t)x[v * stride + r];
        for (unsigned v = 0; v < n; v++)
            s->pop[g][v] += (int8_t)bytes[v];
        k->slice(bytes, s->words, s->words, s->x[g] + r * PM_COLUMN_STRIDE);
    }
}

/* Output m of column tile `tile` through a group's tiles of rows, from row tile `first` on, over all planes,
 * added to y[BLOCK]. What is to be subtracted, codes of flipped columns and plane 7, is complemented and
 * added: -v = ~v - (2^bits - 1); the constants add up apart, those of the columns with the planes' weights,
 * whose sum is -1. */
static uint64_t output_sliced(const struct pm_hyflex *h, unsigned first, unsigned tiles, unsigned tile,
                              unsigned m, struct sliced *s, int32_t *restrict y) {
    const unsigned cell = h->cfg.cell, slices = pm_mlc_slices(cell);
    const size_t words = PM_HYFLEX_PLANES * s->words, lanes = 64 * s->words;
    int32_t constant = 0; /* of each vector */
    uint32_t most = 0, bound = 0;
    uint64_t clips = 0;
    for (unsigned g = 0; g < tiles; g++) {
        const struct pm_column *column =
            h->column + ((size_t)(first + g) * h->col_tiles + tile) * PM_HYFLEX_COLS + m * slices;
        int32_t offset = -128; /* of each active wordline */
        for (unsigned c = 0; c < slices; c++)
            if (column[c].flip) {
                offset += (int32_t)((1u << cell) - 1) << (cell * c);
                constant += (int32_t)(((1u << column[c].bits) - 1) << (cell * c));
            }
        for (size_t v = 0; v < lanes; v++)
            y[v] += offset * s->pop[g][v];
        clips += h->k->weight(s->x[g], words, column, slices, cell, &most, s->plane);
    }
    if (most == 0)
        return clips;
    const unsigned bits = (unsigned)pm_bl(most);
    const uint32_t top = ((uint32_t)1 << bits) - 1;
    for (unsigned b = 0; b < bits; b++)
        for (size_t w = 0; w < s->words; w++)
            s->plane[b * words + 7 * s->words + w] ^= UINT64_MAX;
    constant -= (int32_t)(top << 7);
    memset(s->part, 0, sizeof s->part);
    for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++) {
        bound += top << i;
        h->k->add(s->part + i * s->words, s->words, (unsigned)pm_bl(bound) - i, s->plane + i * s->words,
                  words, bits, s->words);
    }
    h->k->unpack(s->part, s->words, (unsigned)pm_bl(bound), s->words, y);
    for (size_t v = 0; v < lanes; v++)
        y[v] += constant;
    return clips;
}

static void gemm_sliced(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n,
                        struct sliced *s, int32_t *y, struct pm_hyflex_cost *cost) {
    uint64_t clips = 0;
    memset(s->y, 0, h->outputs * sizeof *s->y);
    s->words = (n + 63) / 64;
    for (unsigned first = 0; first < h->row_tiles; first += GROUP) {
        const unsigned tiles = h->row_tiles - first < GROUP ? h->row_tiles - first : GROUP;
        for (unsigned g = 0; g < tiles; g++)
            slice_vectors(h->k, x + (size_t)(first + g) * PM_HYFLEX_ROWS, stride,
                          pm_hyflex_tile(h, first + g, 0)->rows, n, s, g);
        for (unsigned m = 0; m < h->outputs; m++)
            clips += output_sliced(h, first, tiles, m / h->per, m % h->per, s, s->y[m]);
    }
    for (unsigned v = 0; v < n; v += 16) /* in blocks that stay in the cache */
        for (unsigned m = 0; m < h->outputs; m++)
            for (unsigned i = v; i < v + 16 && i < n; i++)
                y[(size_t)i * h->outputs + m] = s->y[m][i];
    for (unsigned v = 0; v < n; v++)
        add_cost(h, v == 0 ? clips : 0, cost);
}

static void gemm_exact(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n, int16_t *x16,
                       int32_t *y, struct pm_hyflex_cost *cost) {
    const size_t padded = pm_gemm_stride(h->rows);
    for (unsigned v = 0; v < n; v++) {
        for (unsigned d = 0; d < h->rows; d++)
            x16[v * padded + d] = x[v * stride + d];
        memset(x16 + v * padded + h->rows, 0, (padded - h->rows) * sizeof *x16);
        add_cost(h, 0, cost);
    }
    pm_gemm(h->k, x16, n, h->packed, h->rows, h->outputs, NULL, y);
}

pm_status pm_hyflex_gemm(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n,
                         uint32_t first_vector, int32_t *y, struct pm_hyflex_cost *cost) {
    const bool sliced = h->column != NULL && n >= MIN_SLICED;
    void *memory = NULL;
    if (h->packed != NULL)
        memory = malloc((n < BLOCK ? n : BLOCK) * pm_gemm_stride(h->rows) * sizeof(int16_t));
    else if (sliced)
        memory = new_sliced(h);
    if (memory == NULL && (h->packed != NULL || sliced))
        return PM_ENOMEM;
    for (unsigned v = 0; v < n; v += BLOCK) {
        const unsigned vectors = n - v < BLOCK ? n - v : BLOCK;
        const int8_t *block = x + v * stride;
        int32_t *out = y + (size_t)v * h->outputs;
        if (h->packed != NULL)
            gemm_exact(h, block, stride, vectors, memory, out, cost);
        else if (sliced)
            gemm_sliced(h, block, stride, vectors, memory, out, cost);
        else if (h->cfg.path != PM_PATH_PLAIN)
            gemm_tiles(h, block, stride, vectors, first_vector + v, out, cost);
        for (unsigned i = 0; h->cfg.path == PM_PATH_PLAIN && i < vectors; i++)
            pm_hyflex_gemv_plain(h, block + i * stride, first_vector + v + i, out + (size_t)i * h->outputs,
                                 cost);
    }
    free(memory);
    return PM_OK;
}

/* The product of one vector, without memory of its own. */
static void gemv_exact(const struct pm_hyflex *h, const int8_t *x, int32_t *y) {
    enum { CHUNK = 512 };
    const size_t pairs = (h->rows + 1) / 2;
    memset(y, 0, h->outputs * sizeof *y);
    for (unsigned at = 0; at < h->rows; at += CHUNK) {
        const unsigned rows = h->rows - at < CHUNK ? h->rows - at : CHUNK;
        int16_t x16[CHUNK] = {0};
        for (unsigned d = 0; d < rows; d++)
            x16[d] = x[at + d];
        for (unsigned m = 0; m < h->outputs; m += PM_PANEL) {
            int32_t tile[PM_PANEL];
            h->k->gemm(x16, CHUNK, 1, h->packed + (m * pairs + at / 2 * PM_PANEL) * 2, (rows + 1) / 2, tile);
            for (unsigned i = 0; i < PM_PANEL && m + i < h->outputs; i++)
                y[m + i] += tile[i];
        }
    }
}

void pm_hyflex_gemv(const struct pm_hyflex *h, const int8_t *x, uint32_t vector, int32_t *y,
                    struct pm_hyflex_cost *cost) {
    if (h->cfg.path == PM_PATH_PLAIN) {
        pm_hyflex_gemv_plain(h, x, vector, y, cost);
    } else if (h->packed != NULL) {
        gemv_exact(h, x, y);
        add_cost(h, 0, cost);
    } else {
        gemm_tiles(h, x, h->rows, 1, vector, y, cost);
    }
}

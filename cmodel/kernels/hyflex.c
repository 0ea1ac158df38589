// SPDX-License-Identifier: Apache-2.0
#include "kernels/hyflex.h"

#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

/* Vectors that are bit-sliced at a time, and from how many on that pays. */
#define BLOCK_WORDS (PM_COLUMN_STRIDE / PM_HYFLEX_PLANES)
#define BLOCK       (64 * BLOCK_WORDS)
#define MIN_SLICED  16

void pm_hyflex_list_columns(struct pm_hyflex *h, unsigned index, const uint8_t *state) {
    const struct pm_hyflex_cfg *cfg = &h->cfg;
    const struct pm_hyflex_tile *t = &h->tile[index];
    struct pm_column *column = h->column + (size_t)index * PM_HYFLEX_COLS;
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

pm_status pm_hyflex_prepare(struct pm_hyflex *h, const int8_t *w, bool ideal, bool exact) {
    if (exact && (h->cfg.path == PM_PATH_BEST || h->cfg.path == PM_PATH_EXACT))
        return pack(h, w);
    if (!ideal || h->cfg.path == PM_PATH_PLAIN || h->cfg.weights != PM_WEIGHTS_OFFSET || h->cfg.cell > 2)
        return PM_OK;
    h->column = calloc((size_t)h->row_tiles * h->col_tiles * PM_HYFLEX_COLS, sizeof *h->column);
    return h->column != NULL ? PM_OK : PM_ENOMEM;
}

/* An ideal converter, vectorised; pm_sar_code() or a rounding without limits. |value| < 2^31 - 128. */
static void convert_ideal(unsigned adc, const int32_t *restrict value, int32_t *restrict code) {
    const int32_t top = (1 << adc) - 1;
    for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
        code[c] = (value[c] + 128) >> 8;
    for (unsigned c = 0; c < PM_HYFLEX_COLS && adc != 0; c++)
        code[c] = code[c] < 0 ? 0 : code[c] > top ? top : code[c];
}

/* Codes of one plane, and how many are wrong, by the shortest way that gives the same integers. */
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
            pm_hyflex_convert(h, t, value, id, code);
        }
    }
    unsigned wrong = 0;
    for (unsigned c = 0; c < used; c++)
        wrong += code[c] != count[c];
    return wrong;
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

/* The same of pm_mlc_shift_add_pairs(). */
static void add_pairs(const struct pm_hyflex_tile *t, unsigned cell, const int32_t *sum, int32_t *y) {
    for (unsigned m = 0; m < t->outputs; m++)
        y[m] += pm_mlc_partial_pairs(sum + m * pm_mlc_columns(cell, PM_WEIGHTS_DIFFERENTIAL), cell);
}

static uint64_t gemv_tile(const struct pm_hyflex *h, const struct pm_hyflex_tile *t,
                          const uint64_t *wordlines, uint32_t vector, int32_t *y) {
    const unsigned used = t->outputs * pm_mlc_columns(h->cfg.cell, h->cfg.weights);
    int32_t code[PM_HYFLEX_COLS], sum[PM_HYFLEX_COLS] = {0}, pop = 0;
    uint64_t wrong = 0;
    for (unsigned i = 0; i < PM_HYFLEX_PLANES; i++) {
        const int32_t weight = i == 7 ? -128 : 1 << i;
        wrong += read_plane(h, t, wordlines[i], (struct pm_read_id){.vector = vector, .plane = (uint16_t)i},
                            used, code);
        for (unsigned c = 0; c < PM_HYFLEX_COLS; c++)
            sum[c] += code[c] * weight;
        pop += __builtin_popcountll(wordlines[i]) * weight;
    }
    if (h->cfg.weights == PM_WEIGHTS_DIFFERENTIAL)
        add_pairs(t, h->cfg.cell, sum, y);
    else
        add_columns(t, h->cfg.cell, sum, pop, y);
    return wrong;
}

/* All vectors through one tile, then through the next: a tile's cells stay in the cache. */
static void gemm_tiles(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n,
                       uint32_t first_vector, int32_t *y, struct pm_hyflex_cost *cost) {
    uint64_t wrong = 0;
    memset(y, 0, (size_t)n * h->outputs * sizeof *y);
    for (unsigned i = 0; i < h->row_tiles * h->col_tiles; i++) {
        const struct pm_hyflex_tile *t = &h->tile[i];
        for (unsigned v = 0; v < n; v++) {
            uint64_t wordlines[PM_HYFLEX_PLANES];
            pm_hyflex_split(x + v * stride + i / h->col_tiles * PM_HYFLEX_ROWS, t->rows, wordlines);
            wrong += gemv_tile(h, t, wordlines, first_vector + v,
                               y + (size_t)v * h->outputs + i % h->col_tiles * h->per);
        }
    }
    pm_hyflex_add_vectors(h, n, wrong, cost);
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
    uint64_t wrong = 0;
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
        wrong += h->k->weight(s->x[g], words, column, slices, cell, &most, s->plane);
    }
    if (most == 0)
        return wrong;
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
    return wrong;
}

static void gemm_sliced(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n,
                        struct sliced *s, int32_t *y, struct pm_hyflex_cost *cost) {
    uint64_t wrong = 0;
    memset(s->y, 0, h->outputs * sizeof *s->y);
    s->words = (n + 63) / 64;
    for (unsigned first = 0; first < h->row_tiles; first += GROUP) {
        const unsigned tiles = h->row_tiles - first < GROUP ? h->row_tiles - first : GROUP;
        for (unsigned g = 0; g < tiles; g++)
            slice_vectors(h->k, x + (size_t)(first + g) * PM_HYFLEX_ROWS, stride,
                          pm_hyflex_tile(h, first + g, 0)->rows, n, s, g);
        for (unsigned m = 0; m < h->outputs; m++)
            wrong += output_sliced(h, first, tiles, m / h->per, m % h->per, s, s->y[m]);
    }
    for (unsigned v = 0; v < n; v += 16) /* in blocks that stay in the cache */
        for (unsigned m = 0; m < h->outputs; m++)
            for (unsigned i = v; i < v + 16 && i < n; i++)
                y[(size_t)i * h->outputs + m] = s->y[m][i];
    pm_hyflex_add_vectors(h, n, wrong, cost);
}

static void gemm_exact(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n, int16_t *x16,
                       int32_t *y, struct pm_hyflex_cost *cost) {
    const size_t padded = pm_gemm_stride(h->rows);
    for (unsigned v = 0; v < n; v++) {
        for (unsigned d = 0; d < h->rows; d++)
            x16[v * padded + d] = x[v * stride + d];
        memset(x16 + v * padded + h->rows, 0, (padded - h->rows) * sizeof *x16);
    }
    pm_hyflex_add_vectors(h, n, 0, cost);
    pm_gemm(h->k, x16, padded, n, h->packed, h->rows, h->outputs, NULL, y);
}

/* Products with disturbed weights: integers that a double holds, in any order. */
static void gemv_disturbed(const struct pm_hyflex *h, const int8_t *x, int32_t *y) {
    enum { CHUNK = 128 };
    for (unsigned m = 0; m < h->outputs; m += CHUNK) {
        const unsigned n = h->outputs - m < CHUNK ? h->outputs - m : CHUNK;
        double sum[CHUNK] = {0};
        for (unsigned d = 0; d < h->rows; d++) {
            const double *w = h->disturbed + (size_t)d * h->outputs + m, xd = x[d];
            for (unsigned i = 0; i < n; i++)
                sum[i] += xd * w[i];
        }
        for (unsigned i = 0; i < n; i++)
            y[m + i] = pm_hyflex_rounded((int64_t)sum[i]);
    }
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
    for (unsigned v = 0; v < n && h->disturbed != NULL; v++)
        pm_hyflex_gemv(h, x + v * stride, first_vector + v, y + (size_t)v * h->outputs, cost);
    for (unsigned v = 0; v < n && h->disturbed == NULL; v += BLOCK) {
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
    } else if (h->disturbed != NULL) {
        gemv_disturbed(h, x, y);
        pm_hyflex_add_vectors(h, 1, 0, cost);
    } else if (h->packed != NULL) {
        gemv_exact(h, x, y);
        pm_hyflex_add_vectors(h, 1, 0, cost);
    } else {
        gemm_tiles(h, x, h->rows, 1, vector, y, cost);
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "analog/rram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analog/random.h"
#include "kernels/simd.h"

#define FRAC       16 /* fraction bits of a cell, in LSB */
#define VALUE_FRAC 8  /* of a column's value */
#define MAX_SIGMA  0.5
#define MAX_LSB    16.0
#define MAX_WIRE   0.01
#define GROUP      8   /* rows added at a time */
#define BLOCK      128 /* columns of one step: a row is padded to a multiple of it */
#define ALIGN      64  /* of a row: a cache line */

/* The first counter word's upper bits: kinds of draws, apart from those of the other arrays and of the
 * converters. */
enum draw { DRAW_CELL = 4, DRAW_STUCK = 5, DRAW_READ = 6 };

struct pm_rram {
    struct pm_rram_cfg cfg;
    uint32_t key[2], id;
    unsigned rows, cols, cell;
    size_t stride; /* of a row, elements */
    bool nominal;
    /* [rows + 1][stride], the last row is 0: it completes a group. (g - g_off) / (g_on - g_off) * (2^cell -
     * 1) in 2^-FRAC LSB; at most 3 * 2 * (1 + 0.5 * 6.34) < 2^5 LSB, so that 512 rows fit an int32. */
    int32_t *conductance;
    uint8_t *state;
    /* With wire resistance, else NULL: each active cell, over g_on, as its bitline's ladder sees it,
     * [rows][stride + 1], the first of a row is the replica column's. load: conductance; source:
     * short-circuit current, over g_on times the driver's voltage. */
    double *load, *source;
};

struct pm_rram_cfg pm_rram_preset(double mlc_sigma, uint64_t seed) {
    return (struct pm_rram_cfg){
        .on_off = 150, .mlc_sigma = mlc_sigma, .time = 1, .replica = true, .seed = seed};
}

static bool in_range(double v, double low, double high) {
    return v >= low && v <= high; /* false for NaN */
}

pm_status pm_rram_check(const struct pm_rram_cfg *c) {
    return in_range(c->on_off, 2, 1e6) && in_range(c->mlc_sigma, 0, MAX_SIGMA) &&
                   in_range(c->slc_sigma, 0, MAX_SIGMA) && in_range(c->read_noise, 0, MAX_LSB) &&
                   in_range(c->stuck_on, 0, 1) && in_range(c->stuck_off, 0, 1 - c->stuck_on) &&
                   in_range(c->drift, 0, 1) && in_range(c->time, 1, 1e12) && in_range(c->wire, 0, MAX_WIRE)
               ? PM_OK
               : PM_EINVAL;
}

static double cell_sigma(const struct pm_rram_cfg *c, unsigned cell) {
    return cell == 1 ? c->slc_sigma : c->mlc_sigma;
}

bool pm_rram_is_nominal(const struct pm_rram_cfg *c, unsigned cell) {
    return c->replica && cell_sigma(c, cell) == 0 && c->read_noise == 0 && c->stuck_on == 0 &&
           c->stuck_off == 0 && c->wire == 0 && (c->drift == 0 || c->time == 1);
}

/* Conductance of a cell, over g_on: stuck, or its level times its programming error; never negative. */
static double drawn(const struct pm_rram *a, unsigned state, int32_t gauss, uint32_t stuck) {
    const double off = 1 / a->cfg.on_off, top = (1u << a->cell) - 1;
    const double u = (stuck + 0.5) / 4294967296.0;
    if (u < a->cfg.stuck_on)
        return 1;
    if (u < a->cfg.stuck_on + a->cfg.stuck_off)
        return off;
    const double level = off + state / top * (1 - off);
    return fmax(0, level * (1 + cell_sigma(&a->cfg, a->cell) * gauss / (1 << PM_GAUSS_FRAC)));
}

/* An active wordline, with ideal bitlines: cell[n] has the conductances from the driver on, and receives each
 * cell's current; load: its conductance in series with that of the wordline around it. */
static void wordline(double wire, unsigned n, double *cell, double *load) {
    double right =
        0; /* conductances that a node sees towards the far end and, without its cell, the driver */
    for (unsigned c = n; c-- > 0;) {
        load[c] = right;
        right = (cell[c] + right) / (1 + wire * (cell[c] + right));
    }
    double left = 1 / wire, voltage = 1;
    for (unsigned c = 0; c < n; c++) {
        const double g = cell[c];
        voltage /= 1 + wire * (g + load[c]);
        cell[c] = g * voltage;
        const double around = left + load[c], node = left + g;
        load[c] = g * around / (g + around);
        left = node / (1 + wire * node);
    }
}

/* Conductances of one row's cells as drawn, and of the replica column's. */
static void draw_row(struct pm_rram *a, uint32_t r) {
    const double off = 1 / a->cfg.on_off, scale = ((1u << a->cell) - 1) / (1 - off) * (1 << FRAC);
    const double aged = a->cfg.drift == 0 ? 1 : pow(a->cfg.time, -a->cfg.drift);
    const double replica = a->cfg.replica ? off * aged : 0;
    double *const wired = a->source != NULL ? a->source + r * (a->stride + 1) : NULL;
    int32_t gauss[BLOCK];
    uint32_t stuck[4];
    for (uint32_t c = 0; c < a->cols; c++) {
        if (c % BLOCK == 0)
            pm_gauss_fill((uint32_t[4]){(uint32_t)DRAW_CELL << 28 | c / 4, r, 0, a->id}, a->key, BLOCK,
                          gauss);
        if (c % 4 == 0)
            pm_philox((uint32_t[4]){(uint32_t)DRAW_STUCK << 28 | c / 4, r, 0, a->id}, a->key, stuck);
        const double g = drawn(a, a->state[r * a->stride + c], gauss[c % BLOCK], stuck[c % 4]) * aged;
        a->conductance[r * a->stride + c] = (int32_t)llround((g - replica) * scale);
        if (wired != NULL)
            wired[c] = g;
    }
    if (wired != NULL) {
        wired[a->cols] = replica;
        wordline(a->cfg.wire, a->cols + 1, wired, a->load + r * (a->stride + 1));
    }
}

/* The cells as their states say. */
static void program(struct pm_rram *a) {
    for (uint32_t r = 0; r < a->rows; r++) {
        if (!a->nominal) {
            draw_row(a, r);
            continue;
        }
        /* llround() of the general form may miss an exact level by one. */
        for (size_t c = r * a->stride; c < r * a->stride + a->cols; c++)
            a->conductance[c] = a->state[c] << FRAC;
    }
}

static void *zeros(size_t bytes) {
    void *p = aligned_alloc(ALIGN, bytes); /* bytes is a multiple of BLOCK */
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

struct pm_rram *pm_rram_new(const struct pm_rram_cfg *cfg, uint32_t id, unsigned rows, unsigned cols,
                            unsigned cell) {
    if (pm_rram_check(cfg) != PM_OK || rows < 1 || rows > PM_RRAM_MAX_ROWS || cols < 1 ||
        cols > PM_ARRAY_MAX_COLS || cell < 1 || cell > 2)
        return NULL;
    struct pm_rram *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->cfg = *cfg;
    a->key[0] = (uint32_t)cfg->seed;
    a->key[1] = (uint32_t)(cfg->seed >> 32);
    a->id = id;
    a->rows = rows;
    a->cols = cols;
    a->stride = ((size_t)cols + BLOCK - 1) / BLOCK * BLOCK;
    a->cell = cell;
    a->nominal = pm_rram_is_nominal(cfg, cell);
    a->conductance = zeros((rows + 1) * a->stride * sizeof *a->conductance);
    a->state = zeros((rows + 1) * a->stride);
    bool ok = a->conductance != NULL && a->state != NULL;
    if (cfg->wire > 0) {
        a->load = malloc(rows * (a->stride + 1) * sizeof *a->load);
        a->source = malloc(rows * (a->stride + 1) * sizeof *a->source);
        ok = ok && a->load != NULL && a->source != NULL;
    }
    if (!ok) {
        pm_rram_free(a);
        return NULL;
    }
    program(a);
    return a;
}

void pm_rram_free(struct pm_rram *a) {
    if (a == NULL)
        return;
    free(a->conductance);
    free(a->state);
    free(a->load);
    free(a->source);
    free(a);
}

void pm_rram_program(struct pm_rram *a, const uint8_t *state) {
    for (size_t r = 0; r < a->rows; r++)
        memcpy(a->state + r * a->stride, state + r * a->cols, a->cols);
    program(a);
}

/* Rows 64 w .. 64 w + 63 that are on. */
static uint64_t active(const struct pm_rram *a, const uint64_t *wordlines, unsigned w) {
    const unsigned left = a->rows - 64 * w;
    return wordlines[w] & (left < 64 ? ((uint64_t)1 << left) - 1 : UINT64_MAX);
}

static unsigned count_lines(const struct pm_rram *a, const uint64_t *wordlines) {
    unsigned lines = 0;
    for (unsigned w = 0; 64 * w < a->rows; w++)
        lines += (unsigned)__builtin_popcountll(active(a, wordlines, w));
    return lines;
}

/* The first cells of the next GROUP of these rows, completed by the row of zeros. */
static uint64_t next_rows(const struct pm_rram *a, unsigned w, uint64_t word, size_t at[GROUP]) {
    for (unsigned g = 0; g < GROUP; g++) {
        at[g] = (word ? 64 * w + (unsigned)__builtin_ctzll(word) : a->rows) * a->stride;
        word &= word - 1;
    }
    return word;
}

/* n active cells' noise in one draw: independent Gaussians sum to one, sqrt(n) wider. 2^-FRAC LSB. */
static struct pm_noise read_noise(const struct pm_rram *a, unsigned lines, struct pm_read_id id) {
    return (struct pm_noise){
        .draws = {{(uint32_t)DRAW_READ << 28, id.vector, id.plane, a->id}, {a->key[0], a->key[1]}},
        .sigma = llround(a->cfg.read_noise * sqrt(lines) * (double)((int64_t)1 << (FRAC + PM_GAUSS_FRAC)))};
}

/* Columns of the step from `col` on. */
static size_t block_cols(const struct pm_rram *a, size_t col) {
    return a->cols - col < BLOCK ? a->cols - col : BLOCK;
}

/* A column's sum as its value. */
static int32_t rounded_value(int64_t sum) {
    return (int32_t)((sum + (1 << (FRAC - VALUE_FRAC) >> 1)) >> (FRAC - VALUE_FRAC));
}

/* The currents of n columns from `col` on: each bitline's ladder from the far end down, a Norton equivalent
 * at a time. */
static void ladders(const struct pm_rram *a, const uint64_t *wordlines, size_t col, size_t n,
                    double current[BLOCK]) {
    double load[BLOCK] = {0};
    memset(current, 0, BLOCK * sizeof *current);
    for (size_t r = a->rows; r-- > 0;) {
        const double on = wordlines[r / 64] >> r % 64 & 1 ? 1 : 0;
        const size_t at = r * (a->stride + 1) + col;
        for (size_t c = 0; c < n; c++) {
            const double i = current[c] + on * a->source[at + c], g = load[c] + on * a->load[at + c];
            current[c] = i / (1 + a->cfg.wire * g);
            load[c] = g / (1 + a->cfg.wire * g);
        }
    }
}

/* value[] holds the noise, in 2^-FRAC LSB. */
static void read_wires(const struct pm_rram *a, const uint64_t *wordlines, int32_t *value) {
    const double scale = ((1u << a->cell) - 1) / (1 - 1 / a->cfg.on_off) * (1 << FRAC);
    double replica[BLOCK], current[BLOCK];
    ladders(a, wordlines, a->cols, 1, replica);
    for (size_t col = 0; col < a->cols; col += BLOCK) {
        ladders(a, wordlines, col, block_cols(a, col), current);
        for (size_t c = 0; c < block_cols(a, col); c++)
            value[col + c] = rounded_value(value[col + c] + llround((current[c] - replica[0]) * scale));
    }
}

void pm_rram_read_plain(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                        int32_t *value) {
    const struct pm_noise noise = read_noise(a, count_lines(a, wordlines), id);
    memset(value, 0, a->cols * sizeof *value);
    if (noise.sigma != 0)
        pm_kernels(PM_ISA_PORTABLE)->noise(&noise, a->cols, value);
    if (a->source != NULL) {
        read_wires(a, wordlines, value);
        return;
    }
    for (size_t c = 0; c < a->cols; c++) {
        int64_t sum = value[c];
        for (size_t r = 0; r < a->rows; r++)
            if (wordlines[r / 64] >> r % 64 & 1)
                sum += a->conductance[r * a->stride + c];
        value[c] = rounded_value(sum);
    }
}

static void read_cells(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id, bool rounded,
                       int32_t *restrict value) {
    const struct pm_kernels *k = pm_kernels(PM_ISA_BEST);
    struct pm_noise noise = read_noise(a, count_lines(a, wordlines), id);
    if (a->source != NULL) {
        memset(value, 0, a->cols * sizeof *value);
        if (noise.sigma != 0)
            k->noise(&noise, a->cols, value);
        read_wires(a, wordlines, value);
        return;
    }
    /* A value rounds upwards from half an LSB, less half of its own last bit, on. */
    noise.level = -(1 << (FRAC - 1)) - (1 << (FRAC - VALUE_FRAC) >> 1);
    noise.period = rounded ? 1 << FRAC : 0;
    for (size_t col = 0; col < a->cols; col += BLOCK, noise.draws.ctr[0] += BLOCK / 4) {
        int32_t sum[BLOCK] = {0};
        for (unsigned w = 0; 64 * w < a->rows; w++)
            for (uint64_t word = active(a, wordlines, w); word != 0;) {
                size_t at[GROUP];
                const int32_t *r[GROUP];
                word = next_rows(a, w, word, at);
                for (unsigned g = 0; g < GROUP; g++)
                    r[g] = a->conductance + at[g] + col;
                for (unsigned c = 0; c < BLOCK; c++)
                    sum[c] += r[0][c] + r[1][c] + r[2][c] + r[3][c] + r[4][c] + r[5][c] + r[6][c] + r[7][c];
            }
        if (noise.sigma != 0)
            k->noise(&noise, BLOCK, sum);
        for (size_t c = 0; c < block_cols(a, col); c++)
            value[col + c] = (sum[c] + (1 << (FRAC - VALUE_FRAC) >> 1)) >> (FRAC - VALUE_FRAC);
    }
}

void pm_rram_read(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id, int32_t *value) {
    read_cells(a, wordlines, id, false, value);
}

void pm_rram_read_rounded(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                          int32_t *value) {
    read_cells(a, wordlines, id, true, value);
}

void pm_rram_count(const struct pm_rram *a, const uint64_t *wordlines, uint16_t *restrict count) {
    for (size_t col = 0; col < a->cols; col += BLOCK)
        for (unsigned w = 0; 64 * w < a->rows; w++) {
            uint8_t sum[BLOCK] = {0}; /* at most 64 * 3 */
            for (uint64_t word = active(a, wordlines, w); word != 0;) {
                size_t at[GROUP];
                const uint8_t *r[GROUP];
                word = next_rows(a, w, word, at);
                for (unsigned g = 0; g < GROUP; g++)
                    r[g] = a->state + at[g] + col;
                for (unsigned c = 0; c < BLOCK; c++)
                    sum[c] = (uint8_t)(sum[c] + r[0][c] + r[1][c] + r[2][c] + r[3][c] + r[4][c] + r[5][c] +
                                       r[6][c] + r[7][c]);
            }
            for (size_t c = 0; c < block_cols(a, col); c++)
                count[col + c] = (uint16_t)((w > 0 ? count[col + c] : 0) + sum[c]);
        }
}

bool pm_rram_nominal(const struct pm_rram *a) {
    return a->nominal;
}

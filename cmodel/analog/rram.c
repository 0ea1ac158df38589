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
#define MAX_PULSES 1000
#define BLOCK      PM_LINE_COLS /* columns of one step: a row is padded to a multiple of it */
#define ALIGN      64           /* of a row: a cache line */

/* The first counter word's upper bits: kinds of draws, apart from those of the other arrays and of the
 * converters. */
enum draw { DRAW_CELL = 4, DRAW_STUCK = 5, DRAW_READ = 6, DRAW_PULSE = 11 };

struct pm_rram {
    struct pm_rram_cfg cfg;
    uint32_t key[2], id;
    unsigned rows, cols, cell;
    size_t stride; /* of a row, elements */
    bool nominal;
    /* [rows + 1][stride], the last row is 0: it completes a group. (g - g_off) / (g_on - g_off) * (2^cell -
     * 1) in 2^-FRAC LSB; at most top * 2 * (1 + 0.5 * 6.34): < 2^5 LSB of 1 or 2 bits, so that 512 rows fit
     * an int32, < 2^6 and 2^7 of 3 and 4 bits. */
    int32_t *conductance;
    uint8_t *state;
    uint64_t pulses;
    /* With wire resistance, else NULL: each active cell, over g_on, as its bitline's ladder sees it,
     * [rows][stride + 1], the first of a row is the replica column's. load: conductance; source:
     * short-circuit current, over g_on times the driver's voltage. */
    double *load, *source;
};

struct pm_rram_cfg pm_rram_preset(double mlc_sigma, uint64_t seed) {
    return (struct pm_rram_cfg){
        .on_off = 150, .mlc_sigma = mlc_sigma, .time = 1, .pulses = 1, .replica = true, .seed = seed};
}

static bool in_range(double v, double low, double high) {
    return v >= low && v <= high; /* false for NaN */
}

pm_status pm_rram_check(const struct pm_rram_cfg *c) {
    return in_range(c->on_off, 2, 1e6) && in_range(c->mlc_sigma, 0, MAX_SIGMA) &&
                   in_range(c->slc_sigma, 0, MAX_SIGMA) && in_range(c->read_noise, 0, MAX_LSB) &&
                   in_range(c->stuck_on, 0, 1) && in_range(c->stuck_off, 0, 1 - c->stuck_on) &&
                   in_range(c->drift, 0, 1) && in_range(c->time, 1, 1e12) && in_range(c->wire, 0, MAX_WIRE) &&
                   in_range(c->verify, 0, 0.5) && c->pulses >= 1 && c->pulses <= MAX_PULSES
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

/* What one pulse gives a cell of conductance `level`, over g_on; never negative. */
static double pulse(const struct pm_rram *a, double level, int32_t gauss) {
    return fmax(0, level * (1 + cell_sigma(&a->cfg, a->cell) * gauss / (1 << PM_GAUSS_FRAC)));
}

/* Conductance of a cell, over g_on, after as many pulses as it takes. */
static double drawn(struct pm_rram *a, uint32_t row, uint32_t column, int32_t gauss, uint32_t stuck) {
    const double off = 1 / a->cfg.on_off, top = (1u << a->cell) - 1, lsb = (1 - off) / top;
    const double u = (stuck + 0.5) / 4294967296.0;
    const bool on = u < a->cfg.stuck_on, dead = on || u < a->cfg.stuck_on + a->cfg.stuck_off;
    const double level = off + a->state[row * a->stride + column] / top * (1 - off);
    double g = dead ? (on ? 1 : off) : pulse(a, level, gauss);
    unsigned pulses = 1;
    for (; a->cfg.verify > 0 && pulses < a->cfg.pulses && fabs(g - level) > a->cfg.verify * lsb; pulses++) {
        int32_t again[4];
        pm_gauss_fill((uint32_t[4]){(uint32_t)DRAW_PULSE << 28 | column / 4, row, pulses, a->id}, a->key, 4,
                      again);
        g = dead ? g : pulse(a, level, again[column % 4]);
    }
    a->pulses += pulses;
    return g;
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
        const double g = drawn(a, r, c, gauss[c % BLOCK], stuck[c % 4]) * aged;
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
    a->pulses = a->nominal ? (uint64_t)a->rows * a->cols : 0;
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
    if (pm_rram_check(cfg) != PM_OK || cell < 1 || cell > 4 || rows < 1 ||
        rows > (unsigned)PM_RRAM_MAX_ROWS >> (cell > 2 ? cell - 2 : 0) || cols < 1 ||
        cols > PM_ARRAY_MAX_COLS)
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

uint64_t pm_rram_pulses(const struct pm_rram *a) {
    return a->pulses;
}

static struct pm_lines lines(const struct pm_rram *a, const uint64_t *wordlines) {
    return (struct pm_lines){.mask = wordlines, .rows = a->rows, .stride = a->stride};
}

static unsigned count_lines(const struct pm_rram *a, const uint64_t *wordlines) {
    unsigned n = 0;
    for (unsigned r = 0; r < a->rows; r += 64) {
        const unsigned left = a->rows - r;
        n += (unsigned)__builtin_popcountll(wordlines[r / 64] &
                                            (left < 64 ? ((uint64_t)1 << left) - 1 : UINT64_MAX));
    }
    return n;
}

/* n active cells' noise in one draw: independent Gaussians sum to one, sqrt(n) wider. 2^-FRAC LSB. */
static struct pm_noise read_noise(const struct pm_rram *a, unsigned lines, struct pm_read_id id) {
    return (struct pm_noise){
        .draws = {{(uint32_t)DRAW_READ << 28, id.vector, id.plane, a->id}, {a->key[0], a->key[1]}},
        .sigma = llround(a->cfg.read_noise * sqrt(lines) * (double)((int64_t)1 << (FRAC + PM_GAUSS_FRAC)))};
}

/* A column's sum as its value. */
static int32_t rounded_value(int64_t sum) {
    return (int32_t)((sum + (1 << (FRAC - VALUE_FRAC) >> 1)) >> (FRAC - VALUE_FRAC));
}

/* value[] of `cols` columns from `first` on, a multiple of BLOCK, is added to the noise, in 2^-FRAC LSB. */
static void read_wires(const struct pm_rram *a, const struct pm_kernels *k, const uint64_t *wordlines,
                       const struct pm_noise *noise, size_t first, size_t cols, int32_t *value) {
    const double scale = ((1u << a->cell) - 1) / (1 - 1 / a->cfg.on_off) * (1 << FRAC);
    struct pm_lines l = lines(a, wordlines);
    double replica, current[BLOCK];
    l.stride++;
    memset(value, 0, cols * sizeof *value);
    if (noise->sigma != 0)
        k->noise(noise, cols, value);
    k->ladders(&l, a->source + a->cols, a->load + a->cols, a->cfg.wire, 1, &replica);
    for (size_t col = 0; col < cols; col += BLOCK) {
        const size_t n = cols - col < BLOCK ? cols - col : BLOCK;
        k->ladders(&l, a->source + first + col, a->load + first + col, a->cfg.wire, n, current);
        for (size_t c = 0; c < n; c++)
            value[col + c] = rounded_value(value[col + c] + llround((current[c] - replica) * scale));
    }
}

void pm_rram_read_plain(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                        int32_t *value) {
    const struct pm_kernels *k = pm_kernels(PM_ISA_PORTABLE);
    const struct pm_noise noise = read_noise(a, count_lines(a, wordlines), id);
    if (a->source != NULL) {
        read_wires(a, k, wordlines, &noise, 0, a->cols, value);
        return;
    }
    memset(value, 0, a->cols * sizeof *value);
    if (noise.sigma != 0)
        k->noise(&noise, a->cols, value);
    for (size_t c = 0; c < a->cols; c++) {
        int64_t sum = value[c];
        for (size_t r = 0; r < a->rows; r++)
            if (wordlines[r / 64] >> r % 64 & 1)
                sum += a->conductance[r * a->stride + c];
        value[c] = rounded_value(sum);
    }
}

/* `cols` columns from `first` on, a multiple of BLOCK. */
static void read_cells(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id, bool rounded,
                       size_t first, size_t cols, int32_t *value) {
    const struct pm_kernels *k = pm_kernels(PM_ISA_BEST);
    struct pm_noise noise = read_noise(a, count_lines(a, wordlines), id);
    noise.draws.ctr[0] += (uint32_t)(first / 4);
    if (a->source != NULL) {
        read_wires(a, k, wordlines, &noise, first, cols, value);
        return;
    }
    /* A value rounds upwards from half an LSB, less half of its own last bit, on. */
    noise.level = -(1 << (FRAC - 1)) - (1 << (FRAC - VALUE_FRAC) >> 1);
    noise.period = rounded ? 1 << FRAC : 0;
    const struct pm_lines l = lines(a, wordlines);
    k->cells(&l, a->conductance + first, &noise, FRAC - VALUE_FRAC, cols, value);
}

void pm_rram_read(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id, int32_t *value) {
    read_cells(a, wordlines, id, false, 0, a->cols, value);
}

void pm_rram_read_rounded(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                          int32_t *value) {
    read_cells(a, wordlines, id, true, 0, a->cols, value);
}

void pm_rram_read_columns(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                          unsigned first, unsigned n, int32_t *value) {
    const size_t end = (size_t)first + n;
    for (size_t col = first / BLOCK * BLOCK; col < end; col += BLOCK) {
        int32_t block[BLOCK];
        const size_t from = col < first ? first : col, to = end - col < BLOCK ? end : col + BLOCK;
        read_cells(a, wordlines, id, false, col, to - col, block);
        memcpy(value + (from - first), block + (from - col), (to - from) * sizeof *value);
    }
}

void pm_rram_count(const struct pm_rram *a, const uint64_t *wordlines, uint16_t *count) {
    const struct pm_lines l = lines(a, wordlines);
    if (a->cell <= 2) {
        pm_kernels(PM_ISA_BEST)->states(&l, a->state, a->cols, count);
        return;
    }
    memset(count, 0, a->cols * sizeof *count);
    for (size_t r = 0; r < a->rows; r++)
        for (size_t c = 0; c < a->cols && wordlines[r / 64] >> r % 64 & 1; c++)
            count[c] = (uint16_t)(count[c] + a->state[r * a->stride + c]);
}

bool pm_rram_nominal(const struct pm_rram *a) {
    return a->nominal;
}

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
#define GROUP      8 /* rows added at a time */

/* The first counter word's upper bits: kinds of draws, apart from those of the other arrays and of the
 * converters. */
enum draw { DRAW_CELL = 4, DRAW_STUCK = 5, DRAW_READ = 6 };

/* With wire resistance: each active cell, over g_on, as its bitline's ladder sees it. */
struct wires {
    double load[PM_RRAM_ROWS][PM_RRAM_COLS + 1]; /* conductance; the last is the replica column's */
    double source[PM_RRAM_ROWS]
                 [PM_RRAM_COLS + 1]; /* short-circuit current, over g_on times the driver's voltage */
};

struct pm_rram {
    struct pm_rram_cfg cfg;
    uint32_t key[2], id;
    unsigned cell;
    bool nominal;
    struct wires *wires; /* NULL: wires without resistance */
    /* The last row is 0: it completes a group. (g - g_off) / (g_on - g_off) * (2^cell - 1) in 2^-FRAC LSB; at
     * most 3 * 2 * (1 + 0.5 * 6.34) < 2^5 LSB, so that 64 rows sum to less than 2^27 and fit an int32. */
    int32_t conductance[PM_RRAM_ROWS + 1][PM_RRAM_COLS];
    uint8_t state[PM_RRAM_ROWS + 1][PM_RRAM_COLS];
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

struct pm_rram *pm_rram_new(const struct pm_rram_cfg *cfg, uint32_t id, unsigned cell) {
    if (pm_rram_check(cfg) != PM_OK || cell < 1 || cell > 2)
        return NULL;
    struct pm_rram *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->cfg = *cfg;
    a->key[0] = (uint32_t)cfg->seed;
    a->key[1] = (uint32_t)(cfg->seed >> 32);
    a->id = id;
    a->cell = cell;
    a->nominal = pm_rram_is_nominal(cfg, cell);
    if (cfg->wire > 0 && (a->wires = malloc(sizeof *a->wires)) == NULL) {
        free(a);
        return NULL;
    }
    static const uint8_t zeros[PM_RRAM_ROWS * PM_RRAM_COLS];
    pm_rram_program(a, zeros);
    return a;
}

void pm_rram_free(struct pm_rram *a) {
    if (a == NULL)
        return;
    free(a->wires);
    free(a);
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

/* An active wordline, with ideal bitlines: g[n] from the driver on. source: each cell's current; load: its
 * conductance in series with that of the wordline around it. */
static void wordline(double wire, const double *g, unsigned n, double *source, double *load) {
    double right =
        0; /* conductances that a node sees towards the far end and, without its cell, the driver */
    for (unsigned c = n; c-- > 0;) {
        load[c] = right;
        right = (g[c] + right) / (1 + wire * (g[c] + right));
    }
    double left = 1 / wire, voltage = 1;
    for (unsigned c = 0; c < n; c++) {
        voltage /= 1 + wire * (g[c] + load[c]);
        source[c] = g[c] * voltage;
        const double around = left + load[c], node = left + g[c];
        load[c] = g[c] * around / (g[c] + around);
        left = node / (1 + wire * node);
    }
}

void pm_rram_program(struct pm_rram *a, const uint8_t *state) {
    const double off = 1 / a->cfg.on_off, scale = ((1u << a->cell) - 1) / (1 - off) * (1 << FRAC);
    const double aged = a->cfg.drift == 0 ? 1 : pow(a->cfg.time, -a->cfg.drift);
    for (uint32_t r = 0; r < PM_RRAM_ROWS; r++) {
        memcpy(a->state[r], state + r * PM_RRAM_COLS, PM_RRAM_COLS);
        if (a->nominal) { /* llround() of the general form may miss an exact level by one */
            for (unsigned c = 0; c < PM_RRAM_COLS; c++)
                a->conductance[r][c] = a->state[r][c] << FRAC;
            continue;
        }
        double g[PM_RRAM_COLS + 1];
        int32_t gauss[PM_RRAM_COLS];
        pm_gauss_fill((uint32_t[4]){(uint32_t)DRAW_CELL << 28, r, 0, a->id}, a->key, PM_RRAM_COLS, gauss);
        for (uint32_t c = 0; c < PM_RRAM_COLS; c++) {
            uint32_t stuck[4];
            if (c % 4 == 0)
                pm_philox((uint32_t[4]){(uint32_t)DRAW_STUCK << 28 | c / 4, r, 0, a->id}, a->key, stuck);
            g[c] = drawn(a, a->state[r][c], gauss[c], stuck[c % 4]) * aged;
            a->conductance[r][c] = (int32_t)llround((g[c] - (a->cfg.replica ? off * aged : 0)) * scale);
        }
        if (a->wires != NULL) {
            g[PM_RRAM_COLS] = a->cfg.replica ? off * aged : 0;
            wordline(a->cfg.wire, g, PM_RRAM_COLS + 1, a->wires->source[r], a->wires->load[r]);
        }
    }
}

/* n active cells' noise in one draw: independent Gaussians sum to one, sqrt(n) wider. 2^-FRAC LSB. */
static struct pm_noise read_noise(const struct pm_rram *a, int lines, struct pm_read_id id) {
    return (struct pm_noise){
        .draws = {{(uint32_t)DRAW_READ << 28, id.vector, id.plane, a->id}, {a->key[0], a->key[1]}},
        .sigma = llround(a->cfg.read_noise * sqrt(lines) * (double)((int64_t)1 << (FRAC + PM_GAUSS_FRAC)))};
}

/* Each bitline's ladder from the far end down, a Norton equivalent at a time; noise is added in 2^-FRAC LSB.
 */
static void read_wires(const struct pm_rram *a, uint64_t wordlines, const int32_t *noise, int32_t *value) {
    const double scale = ((1u << a->cell) - 1) / (1 - 1 / a->cfg.on_off) * (1 << FRAC), wire = a->cfg.wire;
    double current[PM_RRAM_COLS + 1] = {0}, load[PM_RRAM_COLS + 1] = {0};
    for (unsigned r = PM_RRAM_ROWS; r-- > 0;) {
        const double on = wordlines >> r & 1 ? 1 : 0;
        for (unsigned c = 0; c <= PM_RRAM_COLS; c++) {
            const double i = current[c] + on * a->wires->source[r][c],
                         g = load[c] + on * a->wires->load[r][c];
            current[c] = i / (1 + wire * g);
            load[c] = g / (1 + wire * g);
        }
    }
    for (unsigned c = 0; c < PM_RRAM_COLS; c++) {
        const int64_t sum = noise[c] + llround((current[c] - current[PM_RRAM_COLS]) * scale);
        value[c] = (int32_t)((sum + (1 << (FRAC - VALUE_FRAC) >> 1)) >> (FRAC - VALUE_FRAC));
    }
}

void pm_rram_read_plain(const struct pm_rram *a, uint64_t wordlines, struct pm_read_id id, int32_t *value) {
    int32_t noise[PM_RRAM_COLS] = {0};
    const struct pm_noise drawn = read_noise(a, __builtin_popcountll(wordlines), id);
    if (drawn.sigma != 0)
        pm_kernels(PM_ISA_PORTABLE)->noise(&drawn, PM_RRAM_COLS, noise);
    if (a->wires != NULL) {
        read_wires(a, wordlines, noise, value);
        return;
    }
    for (unsigned c = 0; c < PM_RRAM_COLS; c++) {
        int64_t sum = noise[c] + (1 << (FRAC - VALUE_FRAC) >> 1);
        for (unsigned r = 0; r < PM_RRAM_ROWS; r++)
            if (wordlines >> r & 1)
                sum += a->conductance[r][c];
        value[c] = (int32_t)(sum >> (FRAC - VALUE_FRAC));
    }
}

/* The next GROUP active rows, completed by the row of zeros. */
static uint64_t next_rows(uint64_t wordlines, unsigned row[GROUP]) {
    for (unsigned k = 0; k < GROUP; k++) {
        row[k] = wordlines ? (unsigned)__builtin_ctzll(wordlines) : PM_RRAM_ROWS;
        wordlines &= wordlines - 1;
    }
    return wordlines;
}

static void read_cells(const struct pm_rram *a, uint64_t wordlines, struct pm_read_id id, bool rounded,
                       int32_t *restrict value) {
    int32_t sum[PM_RRAM_COLS] = {0};
    struct pm_noise noise = read_noise(a, __builtin_popcountll(wordlines), id);
    if (a->wires != NULL) {
        if (noise.sigma != 0)
            pm_kernels(PM_ISA_BEST)->noise(&noise, PM_RRAM_COLS, sum);
        read_wires(a, wordlines, sum, value);
        return;
    }
    while (wordlines) {
        unsigned row[GROUP];
        const int32_t *r[GROUP];
        wordlines = next_rows(wordlines, row);
        for (unsigned k = 0; k < GROUP; k++)
            r[k] = a->conductance[row[k]];
        for (unsigned c = 0; c < PM_RRAM_COLS; c++)
            sum[c] += r[0][c] + r[1][c] + r[2][c] + r[3][c] + r[4][c] + r[5][c] + r[6][c] + r[7][c];
    }
    /* A value rounds upwards from half an LSB, less half of its own last bit, on. */
    noise.level = -(1 << (FRAC - 1)) - (1 << (FRAC - VALUE_FRAC) >> 1);
    noise.period = rounded ? 1 << FRAC : 0;
    if (noise.sigma != 0)
        pm_kernels(PM_ISA_BEST)->noise(&noise, PM_RRAM_COLS, sum);
    for (unsigned c = 0; c < PM_RRAM_COLS; c++)
        value[c] = (sum[c] + (1 << (FRAC - VALUE_FRAC) >> 1)) >> (FRAC - VALUE_FRAC);
}

void pm_rram_read(const struct pm_rram *a, uint64_t wordlines, struct pm_read_id id, int32_t *value) {
    read_cells(a, wordlines, id, false, value);
}

void pm_rram_read_rounded(const struct pm_rram *a, uint64_t wordlines, struct pm_read_id id, int32_t *value) {
    read_cells(a, wordlines, id, true, value);
}

void pm_rram_count(const struct pm_rram *a, uint64_t wordlines, uint8_t *restrict count) {
    memset(count, 0, PM_RRAM_COLS);
    while (wordlines) {
        unsigned row[GROUP];
        const uint8_t *r[GROUP];
        wordlines = next_rows(wordlines, row);
        for (unsigned k = 0; k < GROUP; k++)
            r[k] = a->state[row[k]];
        for (unsigned c = 0; c < PM_RRAM_COLS; c++)
            count[c] = (uint8_t)(count[c] + r[0][c] + r[1][c] + r[2][c] + r[3][c] + r[4][c] + r[5][c] +
                                 r[6][c] + r[7][c]);
    }
}

bool pm_rram_nominal(const struct pm_rram *a) {
    return a->nominal;
}

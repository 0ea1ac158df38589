// SPDX-License-Identifier: Apache-2.0
#include "nmc.h"

#include "kernels/simd.h"

#include <string.h>

void pm_nmc_counts_add(struct pm_nmc_counts *sum, const struct pm_nmc_counts *c) {
    sum->accesses += c->accesses;
    sum->reads += c->reads;
    sum->t_sa += c->t_sa;
    sum->t_mul += c->t_mul;
    sum->t_xor += c->t_xor;
}

void pm_nmc_program_mac(struct pm_nmc_macro *m, uint32_t id, const int8_t *w, unsigned n, size_t stride) {
    *m = (struct pm_nmc_macro){.cols = n, .id = id};
    for (unsigned c = 0; c < n; c++)
        for (unsigned k = 0; k < PM_NMC_ROWS; k++)
            m->row[k][c / 64] |= (uint64_t)((uint8_t)w[c * stride] >> k & 1) << c % 64;
}

void pm_nmc_program_xor(struct pm_nmc_macro *m, uint32_t id, const uint8_t *w, unsigned n, unsigned rows,
                        size_t stride) {
    *m = (struct pm_nmc_macro){.cols = n, .id = id};
    for (unsigned c = 0; c < n; c++)
        for (unsigned k = 0; k < rows; k++)
            m->row[k][c / 64] |= (uint64_t)(w[c * stride + k] & 1) << c % 64;
}

unsigned pm_nmc_schedule(enum pm_nmc_order order, unsigned planes,
                         struct pm_nmc_access access[PM_NMC_ACCESSES]) {
    uint8_t plane[8];
    unsigned remain = 0, n = 0;
    for (unsigned i = 0; i < 8; i++)
        if (planes >> i & 1)
            plane[remain++] = (uint8_t)i;
    for (unsigned outer = 0; outer < (order == PM_NMC_ONCE ? 8 : remain); outer++)
        for (unsigned inner = 0; inner < (order == PM_NMC_ONCE ? remain : 8); inner++) {
            const bool up = order == PM_NMC_SNAKE && outer % 2 == 1;
            const unsigned row = order == PM_NMC_ONCE ? 7 - outer : up ? inner : 7 - inner;
            access[n++] = (struct pm_nmc_access){.row = (uint8_t)row,
                                                 .plane = plane[order == PM_NMC_ONCE ? inner : outer],
                                                 .read = order != PM_NMC_ONCE || inner == 0};
        }
    return n;
}

void pm_nmc_slice(const int32_t *x, unsigned n, struct pm_nmc_input *in) {
    memset(in, 0, sizeof *in);
    for (unsigned c = 0; c < n; c++)
        for (unsigned i = 0; i < 8; i++)
            in->plane[i][c / 64] |= (uint64_t)((uint32_t)x[c] >> i & 1) << c % 64;
}

unsigned pm_nmc_remaining(const struct pm_nmc_cfg *cfg, const struct pm_nmc_input *in) {
    unsigned planes = cfg->skip ? 0 : 0xff;
    for (unsigned i = 0; i < 8; i++)
        for (unsigned j = 0; j < PM_NMC_WORDS; j++)
            planes |= (unsigned)(in->plane[i][j] != 0) << i;
    return planes;
}

static unsigned ones(const uint64_t *bits, size_t words) {
    return (unsigned)pm_kernels(PM_ISA_BEST)->ones(bits, words);
}

static unsigned words_of(const struct pm_nmc_macro *m) {
    return (m->cols + 63) / 64;
}

/* What a register toggles when it takes `bits`; the first time nothing. */
struct toggles {
    uint64_t before[PM_NMC_WORDS];
    bool any;
    uint64_t count;
};
static void toggle(struct toggles *t, const uint64_t *bits, unsigned words) {
    for (unsigned j = 0; j < words; j++)
        t->before[j] ^= bits[j];
    t->count += t->any ? ones(t->before, words) : 0;
    memcpy(t->before, bits, words * sizeof *bits);
    t->any = true;
}

/* What the sense amplifiers give of a row, or of a row xor in[]. */
static void read_row(const struct pm_nmc_macro *m, unsigned row, const uint64_t *in,
                     const struct pm_sense_cfg *sense, uint32_t threshold, struct pm_sense_id id,
                     uint64_t sa[PM_NMC_WORDS]) {
    for (unsigned j = 0; j < words_of(m); j++)
        sa[j] = m->row[row][j] ^ (in != NULL ? in[j] : 0);
    if (threshold != 0)
        pm_sense_flip(sense->seed, threshold, id, m->cols, sa);
}

int32_t pm_nmc_mac_run(const struct pm_nmc_macro *m, const struct pm_nmc_cfg *cfg,
                       const struct pm_nmc_input *in, uint32_t vector, const struct pm_sense_cfg *sense,
                       struct pm_nmc_counts *counts) {
    struct pm_nmc_access access[PM_NMC_ACCESSES];
    const unsigned n = pm_nmc_schedule(cfg->order, pm_nmc_remaining(cfg, in), access), words = words_of(m);
    const uint32_t threshold = sense != NULL ? pm_sense_threshold(sense) : 0;
    struct toggles t_sa = {.any = false}, t_mul = {.any = false};
    uint64_t sa[PM_NMC_WORDS], product[PM_NMC_WORDS], reads = 0;
    int32_t y = 0;
    for (unsigned a = 0; a < n; a++) {
        const unsigned k = access[a].row, i = access[a].plane;
        if (access[a].read) {
            read_row(m, k, NULL, sense, threshold,
                     (struct pm_sense_id){m->id, vector, (uint16_t)k, (uint16_t)a}, sa);
            toggle(&t_sa, sa, words);
            reads++;
        }
        for (unsigned j = 0; j < words; j++)
            product[j] = sa[j] & in->plane[i][j];
        toggle(&t_mul, product, words);
        const int32_t term = (int32_t)(ones(product, words) << (i + k));
        y += (cfg->is_signed && i == 7) != (k == 7) ? -term : term;
    }
    if (counts != NULL)
        pm_nmc_counts_add(
            counts,
            &(struct pm_nmc_counts){.accesses = n, .reads = reads, .t_sa = t_sa.count, .t_mul = t_mul.count});
    return y;
}

void pm_nmc_mac_count(const struct pm_nmc_macro *m, const struct pm_nmc_cfg *cfg,
                      const struct pm_nmc_input *in, struct pm_nmc_counts *counts) {
    struct pm_nmc_access access[PM_NMC_ACCESSES];
    const unsigned n = pm_nmc_schedule(cfg->order, pm_nmc_remaining(cfg, in), access), words = words_of(m);
    const unsigned planes = n / 8;
    uint64_t changed[PM_NMC_ACCESSES * PM_NMC_WORDS], *to = changed;
    if (n == 0)
        return;
    /* Amplifiers: through the rows once for every plane; of vwm back from row 0 to row 7 in between. */
    for (unsigned k = 0; k < PM_NMC_ROWS; k++)
        for (unsigned j = 0; j < words; j++)
            *to++ = m->row[k][j] ^ m->row[(k + 1) % PM_NMC_ROWS][j];
    const uint64_t back = ones(to - words, words);
    const uint64_t through = ones(changed, 7 * (size_t)words);
    to = changed;
    for (unsigned a = 1; a < n; a++)
        for (unsigned j = 0; j < words; j++)
            *to++ = (m->row[access[a].row][j] & in->plane[access[a].plane][j]) ^
                    (m->row[access[a - 1].row][j] & in->plane[access[a - 1].plane][j]);
    counts->accesses += n;
    counts->reads += cfg->order == PM_NMC_ONCE ? 8 : n;
    counts->t_sa += cfg->order == PM_NMC_ONCE ? through : planes * through;
    counts->t_sa += cfg->order == PM_NMC_VWM ? (planes - 1) * back : 0;
    counts->t_mul += ones(changed, (size_t)(n - 1) * words);
}

void pm_nmc_xor_run(const struct pm_nmc_macro *m, const struct pm_nmc_input *in, unsigned rows,
                    uint32_t vector, const struct pm_sense_cfg *sense, int32_t *dot,
                    struct pm_nmc_counts *counts) {
    const uint32_t threshold = sense != NULL ? pm_sense_threshold(sense) : 0;
    struct toggles t = {.any = false};
    for (unsigned k = 0; k < rows; k++) {
        uint64_t sa[PM_NMC_WORDS];
        read_row(m, k, in->plane[0], sense, threshold,
                 (struct pm_sense_id){m->id, vector, (uint16_t)k, (uint16_t)k}, sa);
        toggle(&t, sa, words_of(m));
        dot[k] = (int32_t)m->cols - 2 * (int32_t)ones(sa, words_of(m));
    }
    if (counts != NULL)
        pm_nmc_counts_add(counts, &(struct pm_nmc_counts){.accesses = rows, .reads = rows, .t_xor = t.count});
}

static unsigned tile_of(size_t k, size_t at) {
    return k - at < PM_NMC_COLS ? (unsigned)(k - at) : PM_NMC_COLS;
}

pm_status pm_nmc_mac(const struct pm_nmc_cfg *cfg, const int32_t *x, const int8_t *w, size_t t, size_t k,
                     size_t m, int32_t *y, struct pm_nmc_counts *counts) {
    const int32_t lo = cfg->is_signed ? -128 : 0, hi = cfg->is_signed ? 127 : 255;
    if (t < 1 || k < 1 || k > PM_NMC_MAX_K || m < 1)
        return PM_EINVAL;
    for (size_t i = 0; i < t * k; i++)
        if (x[i] < lo || x[i] > hi)
            return PM_ERANGE;
    memset(y, 0, t * m * sizeof *y);
    for (size_t at = 0; at < k; at += PM_NMC_COLS)
        for (size_t out = 0; out < m; out++) {
            struct pm_nmc_macro macro;
            const unsigned n = tile_of(k, at);
            pm_nmc_program_mac(&macro, 0, w + at * m + out, n, m);
            for (size_t v = 0; v < t; v++) {
                struct pm_nmc_input in;
                pm_nmc_slice(x + v * k + at, n, &in);
                y[v * m + out] += pm_nmc_mac_run(&macro, cfg, &in, (uint32_t)v, NULL, counts);
            }
        }
    return PM_OK;
}

pm_status pm_nmc_xor(const uint8_t *x, const uint8_t *w, size_t t, size_t k, size_t m, int32_t *y,
                     struct pm_nmc_counts *counts) {
    if (t < 1 || k < 1 || k > PM_NMC_MAX_K || m < 1)
        return PM_EINVAL;
    for (size_t i = 0; i < t * k; i++)
        if (x[i] > 1)
            return PM_ERANGE;
    for (size_t i = 0; i < k * m; i++)
        if (w[i] > 1)
            return PM_ERANGE;
    memset(y, 0, t * m * sizeof *y);
    for (size_t at = 0; at < k; at += PM_NMC_COLS)
        for (size_t out = 0; out < m; out += PM_NMC_ROWS) {
            struct pm_nmc_macro macro;
            const unsigned n = tile_of(k, at);
            const unsigned rows = m - out < PM_NMC_ROWS ? (unsigned)(m - out) : PM_NMC_ROWS;
            pm_nmc_program_xor(&macro, 0, w + at * m + out, n, rows, m);
            for (size_t v = 0; v < t; v++) {
                struct pm_nmc_input in = {0};
                int32_t dot[PM_NMC_ROWS];
                for (unsigned c = 0; c < n; c++)
                    in.plane[0][c / 64] |= (uint64_t)x[v * k + at + c] << c % 64;
                pm_nmc_xor_run(&macro, &in, rows, (uint32_t)v, NULL, dot, counts);
                for (unsigned r = 0; r < rows; r++)
                    y[v * m + out + r] += dot[r];
            }
        }
    return PM_OK;
}

unsigned pm_toggles(int8_t w) {
    const unsigned u = (uint8_t)w;
    return (unsigned)__builtin_popcount((u ^ u >> 1) & 0x7f);
}

int8_t pm_ptft(int8_t w, unsigned r) {
    int best = w;
    for (int d = 1; d <= (int)r; d++)
        for (int candidate = w - d; candidate <= w + d; candidate += 2 * d)
            if (candidate >= INT8_MIN && candidate <= INT8_MAX &&
                pm_toggles((int8_t)candidate) < pm_toggles((int8_t)best))
                best = candidate;
    return (int8_t)best;
}

// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_bitsift: beat for beat against the golden walk, with and without stalls, and its throughput
 * exactly. */
#include "bitsift_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;
static pm_bitsift_rtl_fn *bitsift_rtl;

/* Clocks from a vector's handshake to that of its first access: planes, popcount, bases (split), grants,
 * marks. */
enum { SPLIT_LATENCY = 6, SCAN_LATENCY = 5 };

/* The golden walk, one beat at a time, compared with what the RTL sends. */
struct compare {
    const struct pm_bitsift_cfg *cfg;
    const int32_t *x;
    struct pm_bitsift walk;
    size_t vector; /* under way; SIZE_MAX before the first */
    uint64_t beats;
};

static void sink(void *ctx, size_t vector, const struct pm_access *rtl) {
    struct compare *c = ctx;
    struct pm_access golden;
    if (vector != c->vector) {
        c->vector = vector;
        pm_bitsift_begin(&c->walk, c->cfg, c->x + vector * c->cfg->rows);
    }
    if (!pm_bitsift_next(&c->walk, &golden)) {
        bench_eq(&b, "beat after the last", vector, 0, 1);
        return;
    }
    for (unsigned w = 0; w < (c->cfg->rows + 63) / 64; w++)
        bench_eq(&b, "mask word", w, (int64_t)golden.mask[w], (int64_t)rtl->mask[w]);
    bench_eq(&b, "dummy", vector, golden.dummy, rtl->dummy);
    bench_eq(&b, "plane", vector, golden.plane, rtl->plane);
    bench_eq(&b, "neg", vector, golden.neg, rtl->neg);
    bench_eq(&b, "last_plane", vector, golden.last_plane, rtl->last_plane);
    bench_eq(&b, "last_vector", vector, golden.last_vector, rtl->last_vector);
    c->beats++;
}

/* Beats of a vector. Split: ceil(P/8) of each plane, counted from the elements. Scan: as the golden walk
 * counts. */
static uint64_t beats_of(const struct pm_bitsift_cfg *c, const int32_t *x) {
    uint64_t beats = 0;
    if (c->mode == PM_GPC_SCAN) {
        struct pm_bitsift walk;
        struct pm_access a;
        for (pm_bitsift_begin(&walk, c, x); pm_bitsift_next(&walk, &a);)
            beats++;
        return beats;
    }
    const bool sign = c->is_signed && c->coding == PM_SIGN;
    unsigned effective = c->bits;
    if (c->is_signed && !sign && c->eplanes) {
        effective = 1; /* the fewest bits that hold every element */
        for (unsigned r = 0; r < c->rows; r++)
            while (x[r] < -(1 << (effective - 1)) || x[r] >= 1 << (effective - 1))
                effective++;
    }
    for (int half = 0; half <= sign; half++)
        for (unsigned p = 0; p < effective; p++) {
            unsigned ones = 0;
            for (unsigned r = 0; r < c->rows; r++)
                ones += sign && (x[r] < 0) != half ? 0 : (unsigned)abs(sign ? x[r] : 0) >> p & 1;
            for (unsigned r = 0; !sign && r < c->rows; r++)
                ones += (unsigned)x[r] >> p & 1;
            beats += (ones + PM_K - 1) / PM_K;
        }
    return beats ? beats : 1;
}

enum { SHAPES = 12 };

/* One vector of a shape at which planes, grants or the end of a vector break. */
static void fill(const struct pm_bitsift_cfg *c, unsigned shape, int32_t *x) {
    const int32_t lo = c->is_signed ? -(1 << (c->bits - 1)) : 0, hi = lo + (1 << c->bits) - 1;
    const int64_t at = bench_range(&b, 0, c->rows - 1), shift = bench_range(&b, 0, c->bits - 1);
    const int64_t sparse = bench_range(&b, 1, 40);
    for (unsigned r = 0; r < c->rows; r++) {
        const int32_t uniform = (int32_t)bench_range(&b, lo, hi);
        switch (shape) {
        case 0:
            x[r] = 0;
            break;
        case 1:
            x[r] = c->is_signed ? -1 : hi;
            break;
        case 2:
            x[r] = lo;
            break;
        case 3:
            x[r] = hi;
            break;
        case 4:
            x[r] = r == at ? 1 : 0;
            break;
        case 5:
            x[r] = r == at ? lo : 0;
            break;
        case 6:
            x[r] = r & 1 ? lo : hi;
            break;
        case 7:
            x[r] = r == at ? hi : uniform >> (c->bits - 1);
            break;
        case 8:
            x[r] = bench_range(&b, 0, sparse) == 0 ? uniform : 0;
            break;
        case 9:
            x[r] = uniform >> shift;
            break;
        case 10:
            x[r] = r < at ? uniform : 0;
            break;
        default:
            x[r] = uniform;
            break;
        }
    }
}

/* Number `i` of the vectors that are zero but for one row, in which one bit differs from the others, or a
 * power of two stands, of either sign: that a row counts at all shows only where no other row hides it. */
static void fill_lone(const struct pm_bitsift_cfg *c, size_t i, int32_t *x) {
    const size_t all = (size_t)c->rows * c->bits * 3,
                 at = i * 7919 % all; /* a prime: each once, in any order */
    const uint32_t power = 1u << at / c->rows % c->bits, mask = (1u << c->bits) - 1;
    const unsigned kind = (unsigned)(at / c->rows / c->bits);
    const uint32_t v = (kind == 0 ? power : kind == 1 ? 0 - power : ~power) & mask;
    memset(x, 0, c->rows * sizeof *x);
    x[at % c->rows] = c->is_signed && v >> (c->bits - 1) ? (int32_t)(v | ~mask) : (int32_t)v;
}

/* One run of vectors through both: the shapes in turn, then in any order. Where a run is too short for all of
 * them, the next run goes on. */
static void vectors(const char *name, const struct pm_bitsift_cfg *cfg, size_t n, uint64_t seed, bool lone) {
    int32_t *x = malloc(n * cfg->rows * sizeof *x);
    if (!x)
        abort();
    static uint64_t next_shape;
    uint64_t beats = 0, clocks;
    for (size_t v = 0; v < n; v++) {
        if (lone) {
            fill_lone(cfg, v, x + v * cfg->rows);
        } else {
            const uint64_t shape = v < 2 * SHAPES ? next_shape++ : bench_random(&b);
            fill(cfg, (unsigned)(shape % SHAPES), x + v * cfg->rows);
        }
        beats += beats_of(cfg, x + v * cfg->rows);
    }
    struct compare c = {.cfg = cfg, .x = x, .vector = SIZE_MAX};
    const pm_status status = bitsift_rtl(&(struct pm_sim_opts){.seed = seed}, cfg, x, n, sink, &c, &clocks);
    char text[200];
    snprintf(text, sizeof text, "%s: %zu vectors, %s", name, n, seed ? "stalls" : "no stalls");
    bench_test(&b, text, beats * ((cfg->rows + 63) / 64 + 5));
    if (status != PM_OK || c.vector + 1 != n)
        printf("# %s after %zu vectors\n", pm_strerror(status), c.vector + 1);
    snprintf(text, sizeof text, "%s: protocol%s", name, seed ? "" : ", clocks = beats + latency");
    const uint64_t latency = cfg->mode == PM_GPC_SCAN ? SCAN_LATENCY : SPLIT_LATENCY + (cfg->rows > 1024);
    if (!seed && clocks != beats + latency)
        printf("# %llu clocks for %llu beats\n", (unsigned long long)clocks, (unsigned long long)beats);
    bench_check(&b, text, status == PM_OK && c.vector + 1 == n && (seed || clocks == beats + latency));
    free(x);
}

static void refuses(struct pm_bitsift_cfg cfg) {
    const int32_t x[64] = {0};
    const struct pm_sim_opts opts = {0};
    struct compare c = {.cfg = &cfg, .x = x, .vector = SIZE_MAX};
    cfg.mode = PM_GPC_NEXT;
    const bool next = bitsift_rtl(&opts, &cfg, x, 1, sink, &c, NULL) == PM_EMODE;
    cfg.mode = PM_GPC_SPLIT;
    cfg.bits ^= 1;
    bench_check(&b, "refuses another mode or width",
                next && bitsift_rtl(&opts, &cfg, x, 1, sink, &c, NULL) == PM_EINVAL);
}

int main(void) {
    static const struct {
        const char *name;
        size_t vectors;
    } models[] = {
        {"d64", 400},     {"scan64b4", 400}, {"d48b3", 400},   {"d128b16", 60},
        {"d128l32", 120}, {"d1024", 12},     {"scan1024", 10}, {"d4096", 3},
    };
    static const struct {
        const char *name;
        bool is_signed, sign, eplanes;
    } codings[] = {
        {"twos", true, false, false},
        {"twos, effective planes", true, false, true},
        {"sign", true, true, true},
        {"unsigned", false, false, true},
        {"unsigned, sign coding set", false, true, false},
    };
    bench_begin(&b, "bitsift");
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        char name[200];
        struct pm_rtl *rtl = bench_model(&b, models[m].name);
        if (!rtl)
            continue;
        bitsift_rtl = (pm_bitsift_rtl_fn *)bench_function(rtl, "pm_bitsift_rtl");
        struct pm_bitsift_cfg cfg = {.rows = bench_parameter(&b, "Rows"),
                                     .bits = bench_parameter(&b, "Bits"),
                                     .slice = bench_parameter(&b, "Slice"),
                                     .mode = bench_parameter(&b, "Scan") ? PM_GPC_SCAN : PM_GPC_SPLIT};
        for (size_t c = 0; c < sizeof codings / sizeof *codings; c++) {
            cfg.is_signed = codings[c].is_signed;
            cfg.coding = codings[c].sign ? PM_SIGN : PM_TWOS;
            cfg.eplanes = codings[c].eplanes;
            snprintf(name, sizeof name, "D=%u B=%u L=%u %s, %s", cfg.rows, cfg.bits, cfg.slice,
                     cfg.mode == PM_GPC_SCAN ? "scan" : "split", codings[c].name);
            vectors(name, &cfg, models[m].vectors, 0, false);
            vectors(name, &cfg, models[m].vectors / 2, bench_random(&b) | 1, false);
            const size_t all = (size_t)cfg.rows * cfg.bits * 3, some = 4 * models[m].vectors;
            snprintf(name + strlen(name), sizeof name - strlen(name), ", one row");
            vectors(name, &cfg, all < some ? all : some, 0, true);
        }
        if (m == 0)
            refuses(cfg);
        pm_rtl_close(rtl);
    }
    return bench_end(&b);
}

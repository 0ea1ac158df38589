// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_nmc: every order, signedness and skipping, both modes mixed, edges of weights and inputs, slow
 * arrays, misreads; results and counters against golden, access by access in the driver. */
#include "nmc_rtl.h"

#include "bench.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;
static pm_nmc_rtl_fn *rtl_fn;

enum fill { Random, Ones, Low, High, Zeros, One, Sparse, Plane, FILLS };

/* 8 bits for column c. */
static uint8_t fill(enum fill how, unsigned c, unsigned at) {
    switch (how) {
    case Ones:
        return 0xff;
    case Low:
        return 0x80;
    case High:
        return 0x7f;
    case Zeros:
        return 0;
    case One:
        return c == at ? 0xff : 0;
    case Sparse:
        return bench_random(&b) & 7 ? 0 : (uint8_t)(bench_random(&b) & 0x24);
    case Plane:
        return (uint8_t)(1u << at % 8);
    default:
        return (uint8_t)bench_random(&b);
    }
}

struct set {
    size_t n;
    struct pm_nmc_work *work;
    struct pm_nmc_macro *macro;
    struct pm_nmc_input *in;
    struct pm_nmc_result *golden, *rtl;
};

static struct set new_set(size_t n) {
    struct set s = {n,
                    calloc(n, sizeof *s.work),
                    calloc(n, sizeof *s.macro),
                    calloc(n, sizeof *s.in),
                    calloc(n, sizeof *s.golden),
                    calloc(n, sizeof *s.rtl)};
    if (!s.work || !s.macro || !s.in || !s.golden || !s.rtl)
        abort();
    return s;
}

static void free_set(struct set *s) {
    free(s->work);
    free(s->macro);
    free(s->in);
    free(s->golden);
    free(s->rtl);
}

/* Operation i: rows 0 for a MAC. What the other mode has is set, too, and must not matter. */
static void make(struct set *s, size_t i, struct pm_nmc_cfg cfg, unsigned rows, unsigned cols,
                 enum fill x_fill, enum fill w_fill) {
    int32_t x[PM_NMC_COLS];
    int8_t w[PM_NMC_COLS];
    uint8_t kernel[PM_NMC_COLS * PM_NMC_ROWS];
    const unsigned at = (unsigned)bench_range(&b, 0, cols - 1);
    for (unsigned c = 0; c < cols; c++) {
        x[c] = fill(x_fill, c, at) & (rows ? 1 : 0xff);
        w[c] = (int8_t)fill(w_fill, c, at);
        for (unsigned k = 0; k < PM_NMC_ROWS; k++)
            kernel[c * PM_NMC_ROWS + k] = (uint8_t)w[c] >> k & 1;
    }
    pm_nmc_slice(x, cols, &s->in[i]);
    if (rows)
        pm_nmc_program_xor(&s->macro[i], (uint32_t)i, kernel, cols, rows, PM_NMC_ROWS);
    else
        pm_nmc_program_mac(&s->macro[i], (uint32_t)i, w, cols, 1);
    s->work[i] = (struct pm_nmc_work){&s->macro[i], &s->in[i], cfg, rows, (uint32_t)(i % 7)};
}

static struct pm_nmc_cfg some_cfg(void) {
    return (struct pm_nmc_cfg){(enum pm_nmc_order)bench_range(&b, 0, 2), bench_random(&b) & 1,
                               bench_random(&b) & 1};
}

static uint64_t golden(struct set *s, const struct pm_sense_cfg *sense) {
    uint64_t beats = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct pm_nmc_work *w = &s->work[i];
        struct pm_nmc_result *g = &s->golden[i];
        memset(g, 0, sizeof *g);
        if (w->rows)
            pm_nmc_xor_run(w->macro, w->in, w->rows, w->vector, sense, g->y, &g->counts);
        else
            g->y[0] = pm_nmc_mac_run(w->macro, &w->cfg, w->in, w->vector, sense, &g->counts);
        beats += g->counts.accesses ? g->counts.accesses : 1;
    }
    return beats;
}

static void compare(struct set *s, const char *what, const struct pm_sense_cfg *sense, unsigned read_clocks,
                    uint64_t seed) {
    uint64_t clocks = 0, expected = 0, reads = 0;
    const uint64_t beats = golden(s, sense);
    const pm_status status =
        rtl_fn(&(struct pm_sim_opts){.seed = seed}, s->work, s->n, sense, read_clocks, s->rtl, &clocks);
    for (size_t i = 0; i < s->n; i++) {
        const struct pm_nmc_result *g = &s->golden[i], *r = &s->rtl[i];
        const unsigned results = s->work[i].rows ? s->work[i].rows : 1;
        for (unsigned k = 0; k < results && status == PM_OK; k++)
            bench_eq(&b, "y", i, g->y[k], r->y[k]);
        if (status == PM_OK) {
            bench_eq(&b, "accesses", i, (int64_t)g->counts.accesses, (int64_t)r->counts.accesses);
            bench_eq(&b, "reads", i, (int64_t)g->counts.reads, (int64_t)r->counts.reads);
            bench_eq(&b, "t_sa", i, (int64_t)g->counts.t_sa, (int64_t)r->counts.t_sa);
            bench_eq(&b, "t_mul", i, (int64_t)g->counts.t_mul, (int64_t)r->counts.t_mul);
            bench_eq(&b, "t_xor", i, (int64_t)g->counts.t_xor, (int64_t)r->counts.t_xor);
        }
        expected += results + 5;
        reads += g->counts.reads;
    }
    char name[200];
    snprintf(name, sizeof name, "%s: %s%s", b.params, what, seed ? ", stalls" : "");
    bench_test(&b, name, expected);
    if (seed == 0)
        bench_check(&b, "one access a clock, no gap, three clocks behind the last",
                    status == PM_OK && clocks == beats + reads * (read_clocks - 1) + 3);
}

/* All fills of inputs by all fills of weights. */
static void edges(unsigned cols, size_t times) {
    struct set s = new_set(times * FILLS * FILLS);
    for (int mode = 0; mode < 12; mode++) {
        const struct pm_nmc_cfg cfg = {(enum pm_nmc_order)(mode % 3), mode / 3 % 2, mode / 6};
        static const char *const order[] = {"once", "vwm", "snake"};
        char name[64];
        for (size_t i = 0; i < s.n; i++)
            make(&s, i, cfg, 0, i % 5 ? cols : (unsigned)bench_range(&b, 1, cols), (enum fill)(i % FILLS),
                 (enum fill)(i / FILLS % FILLS));
        snprintf(name, sizeof name, "MAC, %s, %ssigned%s", order[mode % 3], cfg.is_signed ? "" : "un",
                 cfg.skip ? ", skipping" : "");
        compare(&s, name, NULL, 1, mode % 2 ? bench_random(&b) | 1 : 0);
    }
    for (size_t i = 0; i < s.n; i++)
        make(&s, i, some_cfg(), 1 + (unsigned)(i % 8), i % 5 ? cols : (unsigned)bench_range(&b, 1, cols),
             (enum fill)(i % FILLS), (enum fill)(i / FILLS % FILLS));
    compare(&s, "XOR", NULL, 1, 0);
    compare(&s, "XOR", NULL, 1, bench_random(&b) | 1);
    free_set(&s);
}

/* Everything after everything. */
static void mixed(unsigned cols, size_t n) {
    struct set s = new_set(n);
    const struct pm_sense_cfg often = {.misreads = true, .seed = b.seed};
    uint64_t differ = 0;
    for (size_t i = 0; i < n; i++)
        make(&s, i, some_cfg(), bench_random(&b) & 1 ? 0 : (unsigned)bench_range(&b, 1, 8),
             (unsigned)bench_range(&b, 1, cols), (enum fill)bench_range(&b, 0, FILLS - 1),
             (enum fill)bench_range(&b, 0, FILLS - 1));
    compare(&s, "mixed", NULL, 1, 0);
    compare(&s, "mixed", NULL, 1, bench_random(&b) | 1);
    compare(&s, "mixed, slow array", NULL, 4, 0);
    compare(&s, "mixed, slow array", NULL, 3, bench_random(&b) | 1);
    struct pm_nmc_result *exact = malloc(n * sizeof *exact);
    if (!exact)
        abort();
    memcpy(exact, s.golden, n * sizeof *exact);
    compare(&s, "mixed, misreads", &often, 1, 0);
    compare(&s, "mixed, misreads", &often, 2, bench_random(&b) | 1);
    for (size_t i = 0; i < n; i++)
        differ += memcmp(exact[i].y, s.golden[i].y, sizeof exact[i].y) != 0;
    bench_check(&b, "misreads changed results", cols < 64 || differ > 0);
    free(exact);
    free_set(&s);
}

static void model(const char *name, size_t edge_times, size_t n) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned cols = bench_parameter(&b, "Cols");
    rtl_fn = (pm_nmc_rtl_fn *)bench_function(rtl, "pm_nmc_rtl");
    edges(cols, edge_times);
    mixed(cols, n);
    if (cols < PM_NMC_COLS) {
        struct set s = new_set(1);
        make(&s, 0, some_cfg(), 0, cols + 1, Random, Random);
        bench_check(&b, "more columns than the model has are refused",
                    rtl_fn(&(struct pm_sim_opts){0}, s.work, 1, NULL, 1, s.rtl, NULL) == PM_ESHAPE);
        free_set(&s);
    }
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "nmc");
    model("c576", 1, 200);
    model("c70", 1, 600);
    model("c9", 2, 1500);
    return bench_end(&b);
}

// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_hyflex_chain: whole matrices of any shape that fits, one or two behind each other, in both
 * kinds of cells and weights, ideal and noisy; sums, bytes, codes and clocks against golden. */
#include "hyflex_module_rtl.h"

#include "bench.h"

#include <stdlib.h>

static struct bench b;
static pm_hyflex_chain_rtl_fn *rtl_fn;

static void *need(size_t bytes) {
    void *p = malloc(bytes ? bytes : 1);
    if (!p)
        abort();
    return p;
}

static int8_t *bytes(size_t n) {
    int8_t *p = need(n);
    for (size_t i = 0; i < n; i++)
        p[i] = bench_random(&b) & 7 ? (int8_t)bench_random(&b) : bench_random(&b) & 1 ? 127 : -128;
    return p;
}

static struct pm_hyflex *matrix(const struct pm_hyflex_cfg *c, unsigned rows, unsigned outputs, uint32_t id) {
    int8_t *w = bytes((size_t)rows * outputs);
    struct pm_hyflex *h;
    if (pm_hyflex_new(c, w, rows, outputs, id, &h) != PM_OK)
        abort();
    free(w);
    return h;
}

static struct pm_hyflex_cfg config(unsigned cell, bool differential, bool noisy) {
    struct pm_hyflex_cfg c = pm_hyflex_default();
    c.cell = cell;
    c.adc = pm_hyflex_full_adc(cell);
    c.sars = 8;
    if (differential) {
        c.weights = PM_WEIGHTS_DIFFERENTIAL;
        c.flip = false;
    }
    if (noisy) {
        c.rram.mlc_sigma = c.rram.slc_sigma = 0.1;
        c.rram.seed = c.sar.seed = b.seed;
    }
    return c;
}

/* Clocks of n vectors: the slowest array's planes, and, once, the way in and out: a plane's conversions, the
 * bus and the beats of each stage. */
static bool in_bounds(const struct pm_hyflex_stage_of *stage, unsigned stages, size_t n, uint64_t clocks) {
    uint64_t plane = 0, once = 0;
    for (unsigned i = 0; i < stages; i++) {
        const unsigned p = pm_hyflex_plane_clocks(pm_hyflex_config(stage[i].h));
        plane = p > plane ? p : plane;
        once += PM_HYFLEX_PLANES * p + 128 + 16 + pm_hyflex_bus_clocks(stage[i].h) +
                pm_hyflex_outputs(stage[i].h) + 40;
    }
    const uint64_t steady = PM_HYFLEX_PLANES * plane * (n - 1);
    return clocks > steady && clocks <= steady + once;
}

static void run(const struct pm_hyflex_stage_of *stage, unsigned stages, unsigned arrays, size_t n,
                uint64_t seed) {
    const struct pm_hyflex *last = stage[stages - 1].h;
    const unsigned rows = pm_hyflex_rows(stage[0].h), outputs = pm_hyflex_outputs(last);
    int8_t *x = bytes(n * rows), *in = need(n * PM_HYFLEX_MAX_DIM / 64),
           *q = need(n * PM_HYFLEX_MAX_DIM / 64);
    int32_t *y = need(n * PM_HYFLEX_MAX_DIM / 16);
    struct pm_hyflex_chain_out out = {.y = need(n * outputs * sizeof(int32_t)), .q = need(n * outputs)};
    struct pm_hyflex_cost cost = {0};
    const pm_status status =
        rtl_fn(&(struct pm_sim_opts){.seed = seed}, stage, stages, arrays, x, rows, n, 5, &out);
    for (size_t t = 0; t < n && status == PM_OK; t++) {
        for (unsigned d = 0; d < rows; d++)
            in[d] = x[t * rows + d];
        for (unsigned i = 0; i < stages; i++) {
            pm_hyflex_stage(stage[i].h, stage[i].requant, in, (uint32_t)t + 5, y, q, &cost);
            for (unsigned m = 0; m < pm_hyflex_outputs(stage[i].h); m++)
                in[m] = q[m];
        }
        for (unsigned m = 0; m < outputs; m++) {
            bench_eq(&b, "y", t * outputs + m, y[m], out.y[t * outputs + m]);
            bench_eq(&b, "q", t * outputs + m, q[m], out.q[t * outputs + m]);
        }
    }
    bench_eq(&b, "wrong codes", 0, (int64_t)cost.wrong, (int64_t)out.wrong);
    char name[160];
    snprintf(name, sizeof name, "%zu vectors of %u, %u x %u arrays%s, %u outputs%s", n, rows,
             pm_hyflex_row_tiles(stage[0].h), pm_hyflex_col_tiles(stage[0].h),
             stages > 1 ? " and a second matrix" : "", outputs, seed ? ", stalls" : "");
    bench_test(&b, name, 2 * n * outputs + 1);
    if (seed == 0) {
        printf("# hyflex_module: %s: %.1f clocks a vector, of these the bus %u\n", name,
               (double)out.clocks / (double)n, pm_hyflex_bus_clocks(stage[0].h));
        bench_check(&b, "clocks within their bounds",
                    status == PM_OK && in_bounds(stage, stages, n, out.clocks));
    }
    free(x), free(in), free(q), free(y), free(out.y), free(out.q);
}

/* Sums of about 2^15 to eight bits and a little beyond. */
static struct pm_requant scale(void) {
    const unsigned s = (unsigned)bench_range(&b, 8, 31);
    return (struct pm_requant){(uint32_t)bench_range(&b, 1, pm_clamp((int64_t)2 << (s - 8), 1, 65535)), s};
}

static void one_matrix(unsigned arrays) {
    static const struct {
        unsigned cell, rows, outputs;
        bool differential, noisy;
    } of[] = {{1, 64, 128, false, false}, {1, 128, 64, false, false}, {2, 128, 64, false, true},
              {2, 512, 7, false, false},  {1, 65, 17, false, true},   {1, 190, 13, true, false},
              {2, 3, 33, true, true},     {2, 64, 1, false, false}};
    for (unsigned i = 0; i < sizeof of / sizeof *of; i++) {
        const struct pm_hyflex_cfg c = config(of[i].cell, of[i].differential, of[i].noisy);
        struct pm_hyflex_stage_of stage = {.h = matrix(&c, of[i].rows, of[i].outputs, 3)};
        for (unsigned stalls = 0; stalls < 4; stalls++) {
            stage.requant = scale();
            run(&stage, 1, arrays, 3, stalls ? bench_random(&b) | 1 : 0);
        }
        pm_hyflex_free((struct pm_hyflex *)(uintptr_t)stage.h);
    }
    const struct pm_hyflex_cfg c = config(1, false, false);
    const struct pm_hyflex_stage_of large = {.h = matrix(&c, 65, 65, 0), .requant = scale()};
    struct pm_hyflex_chain_out out = {0};
    bench_check(&b, "a matrix beyond the module is refused",
                rtl_fn(&(struct pm_sim_opts){0}, &large, 1, arrays, NULL, 65, 1, 0, &out) == PM_EINVAL);
    pm_hyflex_free((struct pm_hyflex *)(uintptr_t)large.h);
}

static void two_matrices(unsigned arrays) {
    static const unsigned shape[][3] = {{64, 32, 64}, {100, 20, 40}, {30, 64, 9}, {64, 64, 64}};
    for (unsigned i = 0; i < sizeof shape / sizeof *shape; i++) {
        const struct pm_hyflex_cfg first = config(1 + i % 2, false, i == 1),
                                   second = config(2 - i / 3, false, i == 1);
        const struct pm_hyflex_stage_of stage[2] = {
            {.h = matrix(&first, shape[i][0], shape[i][1], 0), .requant = scale()},
            {.h = matrix(&second, shape[i][1], shape[i][2], 9), .requant = scale()}};
        run(stage, 2, arrays, 4, i % 2 ? bench_random(&b) | 1 : 0);
        pm_hyflex_free((struct pm_hyflex *)(uintptr_t)stage[0].h);
        pm_hyflex_free((struct pm_hyflex *)(uintptr_t)stage[1].h);
    }
}

static void model(const char *name) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    rtl_fn = (pm_hyflex_chain_rtl_fn *)bench_function(rtl, "pm_hyflex_chain_rtl");
    if (bench_parameter(&b, "Stages") == 1)
        one_matrix(bench_parameter(&b, "Arrays"));
    else
        two_matrices(bench_parameter(&b, "Arrays"));
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "hyflex_module");
    model("a8");
    model("two");
    return bench_end(&b);
}

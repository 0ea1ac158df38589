// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_mlc_shift_add: any codes, flips and active wordlines, both cells and codings, against
 * pm_mlc_shift_add() and pm_mlc_shift_add_pairs(). */
#include "mlc_shift_add_rtl.h"

#include "bench.h"

#include <stdlib.h>

static struct bench b;
static pm_mlc_shift_add_rtl_fn *rtl_fn;

static void *need(size_t bytes) {
    void *p = malloc(bytes);
    if (!p)
        abort();
    return p;
}

/* edge: only the extremes of codes and wordlines. */
static void compare(const char *name, unsigned rows, unsigned cols, unsigned cell,
                    enum pm_weight_coding coding, unsigned top, bool edge, size_t vectors, uint64_t seed) {
    const bool pairs = coding == PM_WEIGHTS_DIFFERENTIAL;
    const unsigned outputs = cols / pm_mlc_columns(cell, coding);
    uint8_t *code = need(vectors * 8 * cols), *flip = need(cols), *pop = need(vectors * 8);
    int32_t *golden = need(vectors * outputs * sizeof *golden), *rtl = need(vectors * outputs * sizeof *rtl);
    int32_t *plane_code = need(cols * sizeof *plane_code);
    uint64_t clocks;
    for (unsigned c = 0; c < cols; c++)
        flip[c] = bench_random(&b) & 1;
    for (size_t i = 0; i < vectors * 8; i++) {
        pop[i] = (uint8_t)(edge ? (bench_random(&b) & 1) * rows : (uint64_t)bench_range(&b, 0, rows));
        const bool high = bench_random(&b) & 1;
        for (unsigned c = 0; c < cols; c++)
            code[i * cols + c] = (uint8_t)(edge ? ((pairs ? c & 1 : flip[c]) ^ high) * top
                                                : (uint64_t)bench_range(&b, 0, top));
    }
    const struct pm_sim_opts opts = {.seed = seed};
    char full[100];
    snprintf(full, sizeof full, "%s%s", name, pairs ? ", differential" : "");
    const pm_status status = rtl_fn(&opts, cols, cell, coding, code, flip, pop, vectors, rtl, &clocks);
    bench_check(&b, "order and latency", status == PM_OK);
    if (seed == 0)
        bench_check(&b, "one code a clock", clocks >= vectors * 8 * cols && clocks <= vectors * 8 * cols + 4);
    for (size_t v = 0; v < vectors; v++) {
        for (unsigned i = 0; i < 8; i++) {
            for (unsigned c = 0; c < cols; c++)
                plane_code[c] = code[(v * 8 + i) * cols + c];
            if (pairs)
                pm_mlc_shift_add_pairs(plane_code, cell, i, outputs, golden + v * outputs);
            else
                pm_mlc_shift_add(plane_code, flip, cell, pop[v * 8 + i], i, outputs, golden + v * outputs);
        }
        for (unsigned m = 0; m < outputs; m++)
            bench_eq(&b, "y", v * outputs + m, golden[v * outputs + m], rtl[v * outputs + m]);
    }
    bench_test(&b, full, (uint64_t)vectors * outputs);
    free(code);
    free(flip);
    free(pop);
    free(golden);
    free(rtl);
    free(plane_code);
}

static void model(const char *name, size_t vectors) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned rows = bench_parameter(&b, "Rows"), cols = bench_parameter(&b, "Cols"),
                   most = bench_parameter(&b, "Flexible") ? 2 : 1;
    rtl_fn = (pm_mlc_shift_add_rtl_fn *)bench_function(rtl, "pm_mlc_shift_add_rtl");
    for (unsigned i = 0; i < 4 * most; i++) {
        const unsigned cell = 1 + i / 4, top = i & 1 ? 127 : 63;
        const enum pm_weight_coding coding = i & 2 ? PM_WEIGHTS_DIFFERENTIAL : PM_WEIGHTS_OFFSET;
        if (cols < pm_mlc_columns(cell, coding))
            continue;
        compare("extreme codes and wordlines", rows, cols, cell, coding, top, true, vectors / 4, 0);
        compare("random codes", rows, cols, cell, coding, top, false, vectors, 0);
        compare("random codes, with gaps", rows, cols, cell, coding, top, false, vectors,
                bench_random(&b) | 1);
    }
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "mlc_shift_add");
    model("r64c128", 200);
    model("r64c16", 2000);
    model("slc16", 2000);
    model("r100c8", 2000);
    return bench_end(&b);
}

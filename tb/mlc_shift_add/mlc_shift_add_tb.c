// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_mlc_shift_add: any codes, flips and active wordlines, both cells, against pm_mlc_shift_add().
 */
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
static void compare(const char *name, unsigned rows, unsigned cols, unsigned cell, unsigned top, bool edge,
                    size_t vectors, uint64_t seed) {
    const unsigned outputs = cols * cell / 8;
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
            code[i * cols + c] = (uint8_t)(edge ? (flip[c] ^ high) * top : (uint64_t)bench_range(&b, 0, top));
    }
    const struct pm_sim_opts opts = {.seed = seed};
    const pm_status status = rtl_fn(&opts, cols, cell, code, flip, pop, vectors, rtl, &clocks);
    bench_check(&b, "order and latency", status == PM_OK);
    if (seed == 0)
        bench_check(&b, "one code a clock", clocks >= vectors * 8 * cols && clocks <= vectors * 8 * cols + 4);
    for (size_t v = 0; v < vectors; v++) {
        for (unsigned i = 0; i < 8; i++) {
            for (unsigned c = 0; c < cols; c++)
                plane_code[c] = code[(v * 8 + i) * cols + c];
            pm_mlc_shift_add(plane_code, flip, cell, pop[v * 8 + i], i, outputs, golden + v * outputs);
        }
        for (unsigned m = 0; m < outputs; m++)
            bench_eq(&b, "y", v * outputs + m, golden[v * outputs + m], rtl[v * outputs + m]);
    }
    bench_test(&b, name, (uint64_t)vectors * cols * cell / 8);
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
    for (unsigned cell = 1; cell <= most; cell++)
        for (unsigned bits = 6; bits <= 7; bits++) {
            const unsigned top = (1u << bits) - 1;
            compare("extreme codes and wordlines", rows, cols, cell, top, true, vectors / 4, 0);
            compare("random codes", rows, cols, cell, top, false, vectors, 0);
            compare("random codes, with gaps", rows, cols, cell, top, false, vectors, bench_random(&b) | 1);
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

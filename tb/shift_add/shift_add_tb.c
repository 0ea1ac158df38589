// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_shift_add: extreme and random codes, vectors of every length, empty ones; throughput. */
#include "shift_add_rtl.h"

#include "bench.h"
#include "shift_add.h"
#include "therm_enc.h"

#include <stdlib.h>
#include <string.h>

static struct bench b;

struct shape {
    unsigned outputs, wbits, xbits, rows;
};

enum codes { CODES_RANDOM, CODES_FULL, CODES_TOP, CODES_REST, CODES_ZERO, CODES_KINDS };

static void *need(size_t bytes) {
    void *p = malloc(bytes);
    if (!p)
        abort();
    return p;
}

static uint8_t one_code(enum codes kind, bool top) {
    switch (kind) {
    case CODES_FULL:
        return PM_COMPARATORS;
    case CODES_TOP: /* the most negative part */
        return top ? PM_COMPARATORS : 0;
    case CODES_REST: /* the most positive part */
        return top ? 0 : PM_COMPARATORS;
    case CODES_ZERO:
        return 0;
    default:
        return (uint8_t)bench_range(&b, 0, PM_COMPARATORS);
    }
}

/* Vectors until `beats` beats: as many accesses a plane as the rows allow, planes ascending, the last one
 * negative in half of the vectors; some vectors are empty. Returns the number of vectors; their sums are in
 * y. */
static size_t stimulus(const struct shape *s, size_t beats, struct pm_shift_add_beat *beat, uint8_t *code,
                       int64_t *y) {
    unsigned cols = s->outputs * s->wbits;
    size_t n = 0, vectors = 0;
    while (n < beats) {
        int64_t *sum = &y[vectors++ * s->outputs];
        memset(sum, 0, s->outputs * sizeof *sum);
        size_t first = n;
        bool full = bench_random(&b) % 4 == 0, negative = bench_random(&b) & 1;
        enum codes kind = (enum codes)bench_range(&b, 0, CODES_KINDS - 1);
        for (unsigned p = 0; p < s->xbits; p++) {
            unsigned accesses = s->rows / PM_COMPARATORS;
            if (!full)
                accesses = bench_random(&b) & 1 ? 0 : (unsigned)bench_range(&b, 0, accesses);
            for (unsigned i = 0; i < accesses && n < beats; i++, n++) {
                beat[n] =
                    (struct pm_shift_add_beat){.plane = (uint8_t)p, .neg = negative && p == s->xbits - 1};
                for (unsigned c = 0; c < cols; c++)
                    code[n * cols + c] = one_code(kind, c % s->wbits == s->wbits - 1);
                for (unsigned m = 0; m < s->outputs; m++)
                    sum[m] += pm_shift_add(&code[n * cols + m * s->wbits], s->wbits, p, beat[n].neg);
            }
        }
        if (n == first && n < beats) { /* the codes of an empty beat must not matter */
            beat[n] =
                (struct pm_shift_add_beat){.plane = (uint8_t)bench_range(&b, 0, s->xbits - 1), .empty = true};
            for (unsigned c = 0; c < cols; c++)
                code[n * cols + c] = (uint8_t)bench_range(&b, 1, PM_COMPARATORS);
            n++;
        }
        beat[first].first = true;
        beat[n - 1].last = true;
    }
    return vectors;
}

static void model(const char *name, size_t beats) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const struct shape s = {bench_parameter(&b, "Outputs"), bench_parameter(&b, "WBits"),
                            bench_parameter(&b, "XBits"), bench_parameter(&b, "Rows")};
    pm_shift_add_rtl_fn *f = (pm_shift_add_rtl_fn *)bench_function(rtl, "pm_shift_add_rtl");
    struct pm_shift_add_beat *beat = need(beats * sizeof *beat);
    uint8_t *code = need(beats * s.outputs * s.wbits);
    int64_t *golden = need(beats * s.outputs * sizeof *golden), *y = need(beats * s.outputs * sizeof *y);
    for (unsigned stalls = 0; stalls < 3; stalls++) {
        size_t vectors = stimulus(&s, beats, beat, code, golden);
        struct pm_sim_opts opts = {.seed = stalls ? bench_random(&b) | 1 : 0};
        uint64_t clocks = 0;
        memset(y, 0x5a, beats * s.outputs * sizeof *y);
        bench_check(&b, b.params,
                    f(&opts, s.outputs, s.wbits, beat, code, beats, y, vectors, &clocks) == PM_OK);
        for (size_t i = 0; i < vectors * s.outputs; i++)
            bench_eq(&b, "y", i, golden[i], y[i]);
        bench_test(&b, stalls ? "sums, stalls" : "sums", vectors * s.outputs);
        /* A beat a clock, the result two clocks after the last. */
        if (!stalls)
            bench_check(&b, "takes a beat a clock, two clocks of latency", clocks == beats - 1 + 2);
    }
    bench_check(&b, "refuses another shape",
                f(&(struct pm_sim_opts){0}, s.outputs + 1, s.wbits, beat, code, 1, y, 1, NULL) == PM_ESHAPE);
    free(beat);
    free(code);
    free(golden);
    free(y);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "shift_add");
    model("o16", 60000);
    model("o5", 60000);
    model("o3", 60000);
    model("o1", 20000);
    return bench_end(&b);
}

// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_sfu_fp16: edges crossed with edges, all operands of the square root, random ones, sums that
 * nearly cancel, with and without stalls; clocks from both sides. */
#include "sfu_fp16_rtl.h"

#include "bench.h"

#include <inttypes.h>

#include <stdlib.h>

static struct bench b;

static const uint16_t edges[] = {0,      1,      2,      0x3FE,  0x3FF,  0x400,  0x401,  0x7FF,  0x800,
                                 0x1400, 0x1401, 0x3555, 0x37FF, 0x3800, 0x3801, 0x3BFF, 0x3C00, 0x3C01,
                                 0x3C02, 0x3FFF, 0x4000, 0x4248, 0x5640, 0x63FF, 0x6400, 0x6401, 0x77FF,
                                 0x7800, 0x7BFE, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x7FFF};
enum { EDGES = 2 * sizeof edges / sizeof *edges, RANDOM = 60000, SERIAL_RANDOM = 5000 };

static const struct function {
    enum pm_fp16_function f;
    const char *name;
    unsigned latency; /* clocks from operands to result */
    unsigned each;    /* clocks an item */
} functions[] = {{PM_FP16_ADD, "add", 5, 1}, {PM_FP16_SUB, "sub", 5, 1},   {PM_FP16_MUL, "mul", 4, 1},
                 {PM_FP16_FMA, "fma", 5, 1}, {PM_FP16_DIV, "div", 19, 19}, {PM_FP16_SQRT, "sqrt", 17, 17},
                 {PM_FP16_MAX, "max", 1, 1}, {PM_FP16_I2F, "i2f", 6, 1}};

static int32_t edge(size_t i) {
    return edges[i % (EDGES / 2)] | (i >= EDGES / 2 ? PM_FP16_SIGN : 0);
}

/* A code with its exponent near another one's. */
static int32_t beside(int32_t x) {
    const int64_t e = pm_clamp((x >> 10 & 31) + bench_range(&b, -13, 13), 0, 30);
    return (int32_t)(e << 10 | bench_range(&b, 0, 1023) | bench_range(&b, 0, 1) << 15);
}

struct operands {
    int32_t *a, *b, *c, *y;
    uint8_t *flags;
};

static struct operands allocate(size_t n) {
    const struct operands x = {calloc(n, 4), calloc(n, 4), calloc(n, 4), calloc(n, 4), calloc(n, 1)};
    if (!x.a || !x.b || !x.c || !x.y || !x.flags)
        abort();
    return x;
}

static void release(struct operands *x) {
    free(x->a);
    free(x->b);
    free(x->c);
    free(x->y);
    free(x->flags);
}

static void fill(enum pm_fp16_function f, unsigned int_bits, struct operands *x, size_t i, bool edges_first) {
    x->a[i] = (int32_t)(bench_random(&b) & 0xFFFF);
    x->b[i] = bench_random(&b) % 4 ? beside(x->a[i]) : (int32_t)(bench_random(&b) & 0xFFFF);
    x->c[i] = (int32_t)(bench_random(&b) & 0xFFFF);
    if (edges_first && i < (size_t)EDGES * EDGES) {
        x->a[i] = edge(i % EDGES);
        x->b[i] = edge(i / EDGES);
        x->c[i] = edge((size_t)bench_range(&b, 0, EDGES - 1));
    } else if (i % 4 == 0) { /* edges with any */
        x->b[i] = edge((size_t)bench_range(&b, 0, EDGES - 1));
    } else if (f == PM_FP16_FMA && i % 4 < 3) { /* the product, nearly cancelled, or something beside it */
        x->a[i] = beside(0x3C00);
        x->b[i] = beside(0x3C00);
        x->c[i] = pm_fp16_mul((uint16_t)x->a[i], (uint16_t)x->b[i]) ^ (int32_t)PM_FP16_SIGN;
        x->c[i] = i % 4 == 1 ? x->c[i] ^ (int32_t)(bench_random(&b) & 3) : beside(x->c[i]);
    }
    if (f == PM_FP16_SQRT && edges_first)
        x->a[i] = (int32_t)i;
    if (f == PM_FP16_I2F) {
        const int64_t half = INT64_C(1) << (int_bits - 1);
        x->a[i] =
            (int32_t)(i < 3 ? (int64_t[]){0, -half, half - 1}[i]
                            : bench_range(&b, -half, half - 1) >> bench_range(&b, 0, (int64_t)int_bits - 1));
    }
}

static void run(struct pm_rtl *rtl, const struct function *f, size_t n, struct pm_scale scale,
                uint64_t seed) {
    pm_sfu_fp16_rtl_fn *rtl_of = (pm_sfu_fp16_rtl_fn *)bench_function(rtl, "pm_sfu_fp16_rtl");
    struct operands x = allocate(n);
    for (size_t i = 0; i < n; i++)
        fill(f->f, bench_parameter(&b, "IntW"), &x, i, seed == 0);
    uint64_t clocks, seen = 0;
    const pm_status status =
        rtl_of(&(struct pm_sim_opts){.seed = seed}, f->f, x.a, x.b, x.c, scale, n, x.y, x.flags, &clocks);
    if (status != PM_OK) {
        printf("# %s: %s\n", f->name, pm_strerror(status));
        b.differ++;
    }
    for (size_t i = 0; i < n; i++) {
        unsigned flags;
        const uint16_t y = pm_fp16_apply(f->f, x.a[i], (uint16_t)x.b[i], (uint16_t)x.c[i], scale, &flags);
        bench_eq(&b, f->name, i, y, x.y[i]);
        bench_eq(&b, "flags", i, flags, x.flags[i]);
        seen |= UINT64_C(1) << flags;
    }
    char text[256];
    snprintf(text, sizeof text, "%s %s m=%u e=%d, %zu%s", b.params, f->name, scale.m, scale.e, n,
             seed ? " with stalls" : "");
    bench_test(&b, text, 2 * n);
    if (!seed) {
        snprintf(text, sizeof text, "%s %s: %u clocks, one each %u", b.params, f->name, f->latency, f->each);
        bench_check(&b, text, clocks == (n - 1) * f->each + f->latency);
        snprintf(text, sizeof text, "%s %s: all its flags", b.params, f->name);
        if (f->f != PM_FP16_I2F)
            bench_check(&b, text, seen == (f->f == PM_FP16_SQRT || f->f == PM_FP16_MAX ? 3 : 7));
    }
    release(&x);
}

int main(void) {
    static const char *const names[] = {"w32", "w20"};
    bench_begin(&b, "sfu_fp16");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct pm_rtl *rtl = bench_model(&b, names[k]);
        if (!rtl)
            continue;
        for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
            const struct function *f = &functions[i];
            if (f->f == PM_FP16_I2F) {
                static const struct pm_scale scales[] = {{65535, -40},  {32768, -15}, {40000, -34},
                                                         {50000, 0},    {65535, -60}, {33333, 200},
                                                         {44444, -200}, {0, 5}};
                for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
                    run(rtl, f, RANDOM / 10, scales[s], s & 1 ? bench_random(&b) | 1 : 0);
            } else if (k == 0) { /* the integer's width is nothing to the others */
                const size_t some = f->each > 1 ? EDGES * EDGES + SERIAL_RANDOM : EDGES * EDGES + RANDOM;
                run(rtl, f, f->f == PM_FP16_SQRT ? 65536 : some, (struct pm_scale){0}, 0);
                run(rtl, f, SERIAL_RANDOM, (struct pm_scale){0}, bench_random(&b) | 1);
            }
        }
        pm_rtl_close(rtl);
    }
    return bench_end(&b);
}

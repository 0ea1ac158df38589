// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_prealign and pm_fp_norm: every code, groups of near and far exponents, vectors of all lengths,
 * stalls; boundaries of FP32; throughput from both sides. */
#include "prealign_rtl.h"

#include "bench.h"

#include <inttypes.h>

#include <stdlib.h>
#include <string.h>

static struct bench b;

/* From a vector's last beat taken to its first result: the beat, its buffer, reading, parsing, rounding. */
enum { LATENCY = 5, VECTORS = 700 };

static const struct format {
    enum pm_float format;
    unsigned e;
} formats[] = {{PM_BF16, 8}, {PM_FP16, 5}, {PM_E4M3, 4}};

static void *need(size_t bytes) {
    void *p = calloc(1, bytes);
    if (!p)
        abort();
    return p;
}

/* Exponents near a random one in most vectors, so that something is left of most elements. */
static void fill(enum pm_float f, int32_t *u, size_t n, unsigned kind) {
    const struct pm_float_format d = pm_float_format(f);
    const int64_t codes = pm_float_codes(f), top = (1 << d.e) - 1, centre = bench_range(&b, 0, top);
    for (size_t i = 0; i < n; i++) {
        const int64_t spread = bench_range(&b, -(int64_t)d.m - 3, 0);
        const int64_t e = pm_clamp(centre + (kind % 4 == 0 ? 0 : spread), 0, top);
        const int64_t mantissa = bench_random(&b) % 3   ? bench_range(&b, 0, (1 << d.m) - 1)
                                 : bench_random(&b) & 1 ? 0
                                                        : (1 << d.m) - 1;
        u[i] = (int32_t)(kind % 8 == 7 ? bench_range(&b, 0, codes - 1)
                         : kind % 32 == 1
                             ? bench_range(&b, 0, 1) << (d.e + d.m) /* zeros */
                             : (int64_t)(bench_random(&b) & 1) << (d.e + d.m) | e << d.m | mantissa);
    }
}

static bool codes_once(enum pm_float f, int32_t *u, size_t k, size_t v) {
    /* Each code beside the largest exponent that leaves one place of it, and alone. */
    const size_t code = v / 2;
    if (code >= pm_float_codes(f))
        return false;
    memset(u, 0, k * sizeof *u);
    u[v % k] = (int32_t)code;
    return true;
}

static void align(const char *name, bool every_code) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned e = bench_parameter(&b, "E");
    const size_t k = bench_parameter(&b, "MaxK"), lanes = bench_parameter(&b, "Lanes");
    struct pm_prealign_cfg cfg = {.bits = bench_parameter(&b, "B")};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].e == e)
            cfg.format = formats[i].format;
    pm_prealign_rtl_fn *run = (pm_prealign_rtl_fn *)bench_function(rtl, "pm_prealign_rtl");
    const size_t vectors = VECTORS + (every_code ? 2 * pm_float_codes(cfg.format) : 0);
    int32_t *u = need(vectors * k * sizeof *u), *emax = need(vectors * sizeof *emax);
    int16_t *q = need(vectors * k * sizeof *q), *golden = need(k * sizeof *golden);
    uint8_t *flags = need(vectors);
    uint32_t *length = need(vectors * sizeof *length);
    uint64_t expected = 0, seen = 0, clocks, beats = 0;
    for (unsigned mode = 0; mode < 4; mode++) {
        cfg.round = mode & 1;
        for (size_t v = 0; v < vectors; v++) {
            length[v] = mode < 2 ? (uint32_t)k : (uint32_t)bench_range(&b, 1, (int64_t)k);
            if (v < VECTORS || !codes_once(cfg.format, u + v * k, length[v], v - VECTORS))
                fill(cfg.format, u + v * k, k, (unsigned)v);
            beats += mode < 2 ? (length[v] + lanes - 1) / lanes : 0;
        }
        const struct pm_sim_opts opts = {.seed = mode < 2 ? 0 : bench_random(&b) | 1};
        memset(q, 0x55, vectors * k * sizeof *q);
        const pm_status status =
            run(&opts, &cfg, u, mode < 2 ? NULL : length, vectors, k, q, emax, flags, &clocks);
        if (status != PM_OK) {
            printf("# %s: %s\n", name, pm_strerror(status));
            b.differ++;
            break;
        }
        for (size_t v = 0; v < vectors; v++) {
            const unsigned most = pm_exp_max(cfg.format, u + v * k, length[v], 1);
            const unsigned f = pm_prealign(&cfg, u + v * k, length[v], 1, most, golden);
            bench_eq(&b, "emax", v, (int64_t)most, emax[v]);
            bench_eq(&b, "flags", v, f, flags[v]);
            for (size_t i = 0; i < length[v]; i++)
                bench_eq(&b, "q", v * k + i, golden[i], q[v * k + i]);
            expected += 2 + length[v];
            seen |= UINT64_C(1) << f;
        }
        char text[256];
        if (mode < 2) {
            /* The last vector's beats come out while nothing else goes in. */
            const uint64_t beat = (k + lanes - 1) / lanes;
            snprintf(text, sizeof text, "%s %s: %zu vectors of %zu in %" PRIu64 " clocks, %" PRIu64 " each",
                     b.params, cfg.round ? "round" : "truncate", vectors, k, clocks, beat);
            bench_check(&b, text, clocks == (vectors + 1) * beat - 1 + LATENCY - 1);
        }
    }
    char text[256];
    snprintf(text, sizeof text, "%s every length, rounded and truncated, with stalls", b.params);
    bench_test(&b, text, expected);
    snprintf(text, sizeof text, "%s exact, inexact and special vectors", b.params);
    bench_check(&b, text, (seen & 1) && (seen & 2) && (seen & 12));
    struct pm_prealign_cfg other = cfg;
    other.bits++;
    bench_check(&b, "refuses another width",
                run(&(struct pm_sim_opts){0}, &other, u, NULL, 1, k, q, emax, flags, NULL) == PM_EINVAL);
    bench_check(&b, "refuses a longer vector",
                run(&(struct pm_sim_opts){0}, &cfg, u, NULL, 1, k + 1, q, emax, flags, NULL) == PM_ESHAPE);
    free(u);
    free(emax);
    free(q);
    free(golden);
    free(flags);
    free(length);
    pm_rtl_close(rtl);
}

/* Numbers beside powers of two and beside halves of the last place; exponents beside FP32's ends. */
static void number(unsigned bits, int64_t *dpv, int32_t *p) {
    const unsigned top = (unsigned)bench_range(&b, 0, bits - 2);
    const int64_t power = (int64_t)1 << top, low = (int64_t)1 << bench_range(&b, 0, top);
    const int64_t d = bench_range(&b, -1, 1), most = (int64_t)(((uint64_t)1 << (bits - 1)) - 1);
    int64_t m = bench_random(&b) & 1 ? power + low + d : 2 * (power - 1) + 1 - low + d;
    if (bench_random(&b) % 4 == 0)
        m = (int64_t)(bench_random(&b) >> 1) & (2 * power - 1);
    if (bench_random(&b) % 4 == 0 && top > 24) /* half of the last place */
        m = (m >> (top - 23) << (top - 23)) + (1 << (top - 24)) + d;
    m = pm_clamp(m, 0, most);
    *dpv = bench_random(&b) & 1 ? -m : m;
    const int64_t end = bench_random(&b) & 1 ? -126 : 128;
    *p = (int32_t)(bench_random(&b) % 4 == 0 ? bench_range(&b, -512, 511)
                                             : pm_clamp(end - top + bench_range(&b, -2, 2), -512, 511));
}

static void normalise(const char *name) {
    enum { N = 30000 };
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned bits = bench_parameter(&b, "DpvW");
    pm_fp_norm_rtl_fn *run = (pm_fp_norm_rtl_fn *)bench_function(rtl, "pm_fp_norm_rtl");
    int64_t *dpv = need(N * sizeof *dpv);
    int32_t *p = need(N * sizeof *p), *y = need(N * sizeof *y);
    uint8_t *flags = need(N);
    uint64_t clocks, seen = 0;
    char text[256];
    for (unsigned mode = 0; mode < 2; mode++) {
        for (size_t i = 0; i < N; i++)
            number(bits, &dpv[i], &p[i]);
        dpv[0] = 0;
        dpv[1] = -((int64_t)1 << (bits - 1));
        dpv[2] = -dpv[1] - 1;
        const struct pm_sim_opts opts = {.seed = mode == 0 ? 0 : bench_random(&b) | 1};
        const pm_status status = run(&opts, dpv, p, N, y, flags, &clocks);
        if (status != PM_OK) {
            printf("# %s: %s\n", name, pm_strerror(status));
            b.differ++;
            break;
        }
        for (size_t i = 0; i < N; i++) {
            unsigned f;
            bench_eq(&b, "y", i, (int32_t)pm_fp_norm(dpv[i], p[i], &f), y[i]);
            bench_eq(&b, "flags", i, f, flags[i]);
            seen |= UINT64_C(1) << f;
        }
        if (mode == 0) {
            const unsigned room = bits > 26 ? bits : 26, stages = ((unsigned)pm_clog2(room) + 1) / 2 + 3;
            snprintf(text, sizeof text, "%s one number a clock, %u clocks each", b.params, stages);
            bench_check(&b, text, clocks == N - 1 + stages);
        }
    }
    snprintf(text, sizeof text, "%s FP32 with its boundaries", b.params);
    bench_test(&b, text, 2 * 2 * N);
    snprintf(text, sizeof text, "%s with and without underflow and overflow", b.params);
    bench_check(&b, text, seen == 7);
    free(dpv);
    free(p);
    free(y);
    free(flags);
    pm_rtl_close(rtl);
}

int main(void) {
    static const char *const models[] = {"bf16", "fp16", "e4m3", "single"};
    bench_begin(&b, "prealign");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        align(models[i], strcmp(models[i], "e4m3") == 0);
        normalise(models[i]);
    }
    return bench_end(&b);
}

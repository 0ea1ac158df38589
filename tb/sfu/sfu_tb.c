// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_sfu: every code through exponential and activations, rows of all lengths through the others,
 * masked, empty, infinite; stalls; rows of 8,192; clocks a row from both sides. */
#include "sfu_rtl.h"

#include "bench.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct bench b;

static void *need(size_t bytes) {
    void *p = calloc(1, bytes + 1);
    if (!p)
        abort();
    return p;
}

struct tensors {
    int32_t *x, *b, *gamma, *beta, *y, *golden;
    uint8_t *keep;
    int64_t *side, *golden_side;
};

static struct tensors allocate(size_t rows, size_t n) {
    const size_t all = rows * n;
    return (struct tensors){need(all * 4), need(all * 4), need(n * 4),    need(n * 4),   need(all * 4),
                            need(all * 4), need(all),     need(rows * 8), need(rows * 8)};
}

static void release(struct tensors *t) {
    void *all[] = {t->x, t->b, t->gamma, t->beta, t->y, t->golden, t->keep, t->side, t->golden_side};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void codes(const int32_t *from, size_t n, uint16_t *to) {
    for (size_t i = 0; i < n; i++)
        to[i] = (uint16_t)from[i];
}

/* A row by the golden functions. */
static void golden_row(const struct pm_sfu_job *j, size_t row, int32_t *y, int64_t *side) {
    const size_t n = j->n;
    const int32_t *x = j->x + row * n, *second = j->b ? j->b + row * n : NULL;
    uint16_t *in = need(n * 2), *out = need(n * 2), *half = need(n * 2), *gamma = need(n * 2),
             *beta = need(n * 2);
    int8_t *q = need(n);
    uint32_t z;
    codes(x, n, in);
    *side = 0;
    switch (j->f) {
    case PM_SFU_EXP:
        for (size_t i = 0; i < n; i++)
            out[i] = pm_sfu_exp(in[i]);
        break;
    case PM_SFU_SOFTMAX:
        pm_sfu_softmax(j->bits, x, j->keep ? j->keep + row * n : NULL, j->scale, n, out, &z, half);
        *side = j->kind ? 0 : z;
        if (j->kind)
            memcpy(out, half, n * 2);
        break;
    case PM_SFU_NORM:
        codes(j->gamma, n, gamma);
        if (j->beta)
            codes(j->beta, n, beta);
        pm_sfu_norm((enum pm_sfu_norm_kind)j->kind, j->scale, in, gamma, j->beta ? beta : NULL, n, out);
        break;
    case PM_SFU_ACT:
        for (size_t i = 0; i < n; i++) {
            out[i] = pm_sfu_act((enum pm_sfu_act_kind)j->kind, in[i]);
            out[i] = second ? pm_fp16_mul(out[i], (uint16_t)second[i]) : out[i];
        }
        break;
    case PM_SFU_ROPE:
        for (size_t i = 0; i + 1 < n; i += 2)
            pm_sfu_rope(in[i], in[i + 1], (uint16_t)second[i], (uint16_t)second[i + 1], &out[i], &out[i + 1]);
        break;
    case PM_SFU_QUANT:
        *side = pm_sfu_quant(in, n, q);
        break;
    }
    for (size_t i = 0; i < n; i++)
        y[i] = j->f == PM_SFU_QUANT ? q[i] : out[i];
    free(in);
    free(out);
    free(half);
    free(gamma);
    free(beta);
    free(q);
}

/* Runs and compares; clocks from the first operand to the last result. */
static uint64_t run(struct pm_rtl *rtl, const char *name, struct pm_sfu_job j, const struct tensors *t,
                    uint64_t seed) {
    uint64_t clocks = 0;
    j.y = t->y;
    j.side = t->side;
    memset(t->y, 0x55, j.rows * j.n * 4);
    memset(t->side, 0, j.rows * 8);
    const pm_status status = ((pm_sfu_rtl_fn *)bench_function(rtl, "pm_sfu_rtl"))(
        &(struct pm_sim_opts){.seed = seed}, &j, &clocks);
    if (status != PM_OK) {
        printf("# %s: %s\n", name, pm_strerror(status));
        b.differ++;
    }
    const bool sums = j.f == PM_SFU_QUANT || (j.f == PM_SFU_SOFTMAX && j.kind == 0);
    for (size_t row = 0; row < j.rows; row++) {
        golden_row(&j, row, t->golden + row * j.n, &t->golden_side[row]);
        for (size_t i = 0; i < j.n; i++)
            bench_eq(&b, name, row * j.n + i, t->golden[row * j.n + i], t->y[row * j.n + i]);
        if (sums)
            bench_eq(&b, "side", row, t->golden_side[row], t->side[row]);
    }
    char text[256];
    snprintf(text, sizeof text, "%s %s kind %u: %zu rows of %zu%s", b.params, name, j.kind, j.rows, j.n,
             seed ? " with stalls" : "");
    bench_test(&b, text, j.rows * (j.n + sums));
    return clocks;
}

static int32_t any_code(void) {
    return (int32_t)bench_range(&b, 0, 65535);
}

/* Codes of numbers around 2^centre, with a few that are far off, and zeros. */
static int32_t near_code(int64_t centre) {
    const int64_t e = bench_random(&b) % 16 ? centre + bench_range(&b, -3, 1) : bench_range(&b, 0, 30);
    return (int32_t)(bench_random(&b) % 64
                         ? pm_clamp(e, 0, 30) << 10 | bench_range(&b, 0, 1023) | bench_range(&b, 0, 1) << 15
                         : bench_range(&b, 0, 1) << 15);
}

static void all_codes(struct pm_rtl *rtl, enum pm_sfu_function f, const char *name, unsigned kinds,
                      unsigned latency) {
    enum { N = 64, ROWS = 1024 };
    struct tensors t = allocate(ROWS, N);
    for (size_t i = 0; i < ROWS * N; i++) {
        t.x[i] = (int32_t)i;
        t.b[i] = any_code();
    }
    for (unsigned kind = 0; kind < kinds; kind++) {
        char text[256];
        struct pm_sfu_job j = {.f = f, .kind = kind, .rows = ROWS, .n = N, .x = t.x};
        const uint64_t clocks = run(rtl, name, j, &t, 0);
        snprintf(text, sizeof text, "%s %s: a beat a clock, %u clocks each", b.params, name, latency);
        bench_check(&b, text, clocks == ROWS * N / bench_parameter(&b, "Lanes") - 1 + latency);
        j.rows = 50;
        j.n = 61;
        j.b = f == PM_SFU_ACT ? t.b : NULL;
        for (size_t i = 0; i < j.rows * j.n; i++)
            t.x[i] = any_code();
        run(rtl, name, j, &t, bench_random(&b) | 1);
        for (size_t i = 0; i < j.rows * j.n; i++)
            t.x[i] = (int32_t)i;
    }
    release(&t);
}

/* What a row holds: its kind by its number. */
static void fill(const struct pm_sfu_job *j, const struct tensors *t, unsigned score_bits) {
    static const int32_t odd[] = {0x7C00, 0xFC00, 0x7E00, 0x7BFF, 0xFBFF, 1, 0x8000};
    for (size_t row = 0; row < j->rows; row++) {
        const int64_t centre = bench_range(&b, 0, 30), spread = INT64_C(1)
                                                                << bench_range(&b, 1, score_bits - 1);
        const unsigned kind = (unsigned)(bench_random(&b) % 12);
        for (size_t i = 0; i < j->n; i++) {
            int32_t *x = &t->x[row * j->n + i];
            if (j->f == PM_SFU_SOFTMAX)
                *x = (int32_t)(kind == 0 ? -(INT64_C(1) << (score_bits - 1))
                                         : bench_range(&b, -spread, spread - 1));
            else
                *x = kind == 0   ? (int32_t)bench_range(&b, 0, 1) << 15
                     : kind == 1 ? any_code() & 0xBFFF
                     : kind == 2 ? 0x4A12
                                 : near_code(centre);
            t->keep[row * j->n + i] = kind != 3 && (kind != 4 || bench_random(&b) & 1);
            t->b[row * j->n + i] = near_code(14);
        }
        if (j->f != PM_SFU_SOFTMAX && kind > 9)
            t->x[row * j->n + (size_t)bench_range(&b, 0, (int64_t)j->n - 1)] = odd[bench_random(&b) % 7];
    }
    for (size_t i = 0; i < j->n; i++) {
        t->gamma[i] = near_code(15);
        t->beta[i] = near_code(14);
    }
}

static struct pm_scale any_scale(enum pm_sfu_function f) {
    static const struct pm_scale softmax[] = {{47274, -28}, {65535, -19},  {32768, -45},
                                              {50000, -66}, {40000, -200}, {0, -30}},
                                 norm[] = {{42944, -32}, {42944, -56}, {0, 0},       {33000, -80},
                                           {40000, 20},  {65535, 200}, {32768, -200}};
    return f == PM_SFU_SOFTMAX ? softmax[bench_random(&b) % 6] : norm[bench_random(&b) % 7];
}

/* Clocks a row in the steady state, of rows of n: wanted, and the most. */
static void pace(struct pm_rtl *rtl, struct pm_sfu_job j, const char *name, size_t n, unsigned serial) {
    const size_t lanes = bench_parameter(&b, "Lanes"), used = j.f == PM_SFU_ROPE ? lanes & ~(size_t)1 : lanes,
                 beats = (n + used - 1) / used;
    const size_t rows[] = {6, 10};
    struct tensors t = allocate(rows[1], n);
    uint64_t clocks[2];
    j.n = n;
    for (unsigned i = 0; i < 2; i++) {
        j.rows = rows[i];
        fill(&j, &t, 17);
        j.x = t.x;
        j.b = j.f == PM_SFU_ROPE ? t.b : NULL;
        j.gamma = t.gamma;
        j.beta = j.kind == PM_SFU_LAYER ? t.beta : NULL;
        clocks[i] = run(rtl, name, j, &t, 0);
    }
    const uint64_t each = (clocks[1] - clocks[0]) / (rows[1] - rows[0]),
                   want = beats > serial ? beats : serial;
    char text[256];
    snprintf(text, sizeof text, "%s %s kind %u: %" PRIu64 " clocks a row of %zu, max(%zu, %u)", b.params,
             name, j.kind, each, n, beats, serial);
    bench_check(&b, text, clocks[1] - clocks[0] == want * (rows[1] - rows[0]));
    release(&t);
}

static void rows(struct pm_rtl *rtl, enum pm_sfu_function f, const char *name, unsigned kinds,
                 const unsigned *serial, size_t cases) {
    const size_t most = bench_parameter(&b, "MaxN"), limit = most < 300 ? most : 300;
    const unsigned score_bits = strstr(b.params, "AW=17") ? 17 : 32;
    for (unsigned kind = 0; kind < kinds; kind++) {
        for (size_t k = 0; k < cases; k++) {
            struct pm_sfu_job j = {.f = f,
                                   .kind = kind,
                                   .bits = (unsigned)bench_range(&b, 8, 16),
                                   .scale = any_scale(f),
                                   .rows = 12};
            j.n = k == 0 ? 1 : k == 1 ? limit : (size_t)bench_range(&b, 1, (int64_t)limit);
            j.n += f == PM_SFU_ROPE && j.n % 2 ? 1 : 0;
            struct tensors t = allocate(j.rows, j.n);
            fill(&j, &t, score_bits);
            j.x = t.x;
            j.keep = f == PM_SFU_SOFTMAX && k % 3 ? t.keep : NULL;
            j.b = f == PM_SFU_ROPE ? t.b : NULL;
            j.gamma = t.gamma;
            j.beta = f == PM_SFU_NORM && kind == PM_SFU_LAYER ? t.beta : NULL;
            run(rtl, name, j, &t, k % 3 ? bench_random(&b) | 1 : 0);
            release(&t);
        }
        const struct pm_sfu_job j = {.f = f,
                                     .kind = kind,
                                     .bits = 12,
                                     .scale = f == PM_SFU_SOFTMAX ? (struct pm_scale){47274, -28}
                                                                  : (struct pm_scale){42944, -32}};
        pace(rtl, j, name, 4, serial[kind]);
        pace(rtl, j, name, limit & ~(size_t)1, serial[kind]);
        if (most > 1000)
            pace(rtl, j, name, most, serial[kind]);
    }
}

static void model(const char *name) {
    static const unsigned softmax[] = {1, 18}, norm[] = {55, 55}, rope[] = {1}, quant[] = {18};
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned functions = bench_parameter(&b, "Functions");
    if (functions & 1)
        all_codes(rtl, PM_SFU_EXP, "exp", 1, 15);
    if (functions & 2)
        rows(rtl, PM_SFU_SOFTMAX, "softmax", 2, softmax, 12);
    if (functions & 4)
        rows(rtl, PM_SFU_NORM, "norm", 2, norm, 12);
    if (functions & 8)
        all_codes(rtl, PM_SFU_ACT, "act", 3, 29);
    if (functions & 16)
        rows(rtl, PM_SFU_ROPE, "rope", 1, rope, 10);
    if (functions & 32)
        rows(rtl, PM_SFU_QUANT, "quant", 1, quant, 12);
    struct pm_sfu_job j = {.f = PM_SFU_EXP, .rows = 1, .n = 1};
    while (functions >> j.f & 1)
        j.f++;
    pm_sfu_rtl_fn *f = (pm_sfu_rtl_fn *)bench_function(rtl, "pm_sfu_rtl");
    bench_check(&b, "refuses a function that is not there",
                f(&(struct pm_sim_opts){0}, &j, NULL) == PM_EINVAL);
    pm_rtl_close(rtl);
}

int main(void) {
    static const char *const models[] = {"codes", "rows", "few"};
    bench_begin(&b, "sfu");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        model(models[i]);
    return bench_end(&b);
}

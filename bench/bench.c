// SPDX-License-Identifier: Apache-2.0
/* Speed of the paths, side by side in one run, and of whole networks: bench FOLDER [PROGRAM DATA
 * [CLASSIFIER]]. Tables on stdout, FOLDER/summary.json and FOLDER/attention.dat. */
#include "bench/networks.h"
#include "flare_attention.h"
#include "flare_gemv.h"
#include "hyflex_gemv.h"
#include "kernels/simd.h"
#include "tests/crossbar.h"
#include "therm_enc.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Each measurement repeats until this many seconds have passed; the fastest of ROUNDS rounds counts, rounds
 * of all contenders taken in turn, so that a busy machine harms none more than another. */
#define SECONDS 0.2
enum { ROUNDS = 5 };

static void *need(size_t bytes) {
    void *p = calloc(1, bytes + 64);
    if (!p) {
        fprintf(stderr, "bench: out of memory\n");
        exit(2);
    }
    return p;
}

static void check(pm_status status, const char *what) {
    if (status != PM_OK) {
        fprintf(stderr, "bench: %s: %s\n", what, pm_strerror(status));
        exit(2);
    }
}

static uint64_t rng = 1;
static uint32_t next(void) {
    rng ^= rng >> 12;
    rng ^= rng << 25;
    rng ^= rng >> 27;
    return (uint32_t)(rng * 0x2545F4914F6CDD1Du >> 32);
}
static int8_t gaussian8(void) { /* of standard deviation 32, about what the quantiser leaves */
    int sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (int)(next() % 32);
    sum = (sum - 186) * 32 / 32;
    return (int8_t)(sum > 127 ? 127 : sum < -128 ? -128 : sum);
}

/* One contender: multiplies n vectors of rows by rows x outputs. */
struct work {
    unsigned rows, outputs, n;
    int8_t *x8;
    int32_t *x32;
    int8_t *w8;
    float *xf, *wf, *yf;
    uint64_t *wbits; /* [column][words], naive */
    int64_t *y64, *check64;
    int32_t *y32;
    struct pm_flare_matrix *flare;
    struct pm_hyflex *hyflex;
    unsigned cell;
    struct pm_gemv_cost cost;
    struct pm_hyflex_cost hyflex_cost;
};

typedef void job(struct work *w);

static void sgemm(struct work *w) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)w->n, (int)w->outputs, (int)w->rows, 1.0f,
                w->xf, (int)w->rows, w->wf, (int)w->outputs, 0.0f, w->yf, (int)w->outputs);
}

static struct pm_bitsift_cfg sift(const struct work *w) {
    return (struct pm_bitsift_cfg){
        .rows = w->rows, .slice = 16, .bits = 8, .is_signed = true, .coding = PM_SIGN};
}

static void flare(struct work *w) {
    const struct pm_bitsift_cfg cfg = sift(w);
    memset(&w->cost, 0, sizeof w->cost);
    check(pm_flare_gemm(w->flare, &cfg, w->x32, w->n, 0, w->y64, &w->cost), "flare");
}

static void flare_threads(struct work *w) {
    const struct pm_bitsift_cfg cfg = sift(w);
#pragma omp parallel for schedule(dynamic)
    for (unsigned v = 0; v < w->n; v += 16)
        check(pm_flare_gemm(w->flare, &cfg, w->x32 + (size_t)v * w->rows, 16, v,
                            w->y64 + (size_t)v * w->outputs, NULL),
              "flare");
}

static void hyflex(struct work *w) {
    memset(&w->hyflex_cost, 0, sizeof w->hyflex_cost);
    check(pm_hyflex_gemm(w->hyflex, w->x8, w->rows, w->n, 0, w->y32, &w->hyflex_cost), "hyflex");
}

/* The naive loop of a FLARE array: each access, each column: AND, popcount, flash code, shift-add. */
static void naive_flare(struct work *w) {
    const struct pm_bitsift_cfg cfg = sift(w);
    const unsigned words = (w->rows + 63) / 64;
    for (unsigned v = 0; v < w->n; v++) {
        struct pm_bitsift sift;
        struct pm_access beat;
        int64_t *y = w->y64 + (size_t)v * w->outputs;
        memset(y, 0, w->outputs * sizeof *y);
        pm_bitsift_begin(&sift, &cfg, w->x32 + (size_t)v * w->rows);
        while (pm_bitsift_next(&sift, &beat))
            for (unsigned m = 0; beat.sawl > 0 && m < w->outputs; m++) {
                int part = 0;
                for (unsigned b = 0; b < 8; b++) {
                    const uint64_t *column = w->wbits + ((size_t)m * 8 + b) * words;
                    int count = 0;
                    for (unsigned i = 0; i < words; i++)
                        count += __builtin_popcountll(column[i] & beat.mask[i]);
                    const int code = count > PM_COMPARATORS ? PM_COMPARATORS : count;
                    part += b == 7 ? -(code << b) : code << b;
                }
                y[m] += (int64_t)(beat.neg ? -part : part) * (1 << beat.plane);
            }
    }
}

/* The naive loop of HyFlexPIM arrays: each plane, each column of each tile: AND, popcount, clip, shift-add.
 */
static void naive_hyflex(struct work *w) {
    const struct pm_hyflex_cfg *cfg = pm_hyflex_config(w->hyflex);
    const unsigned cell = cfg->cell, slices = 8 / cell, words = (w->rows + 63) / 64;
    const int top = (1 << cfg->adc) - 1, full = (1 << cell) - 1;
    for (unsigned v = 0; v < w->n; v++) {
        int32_t *y = w->y32 + (size_t)v * w->outputs;
        memset(y, 0, w->outputs * sizeof *y);
        for (unsigned t = 0; t < words; t++) {
            uint64_t wordlines[8] = {0};
            for (unsigned r = 0; r < 64 && 64 * t + r < w->rows; r++)
                for (unsigned i = 0; i < 8; i++)
                    wordlines[i] |= (uint64_t)((uint8_t)w->x8[(size_t)v * w->rows + 64 * t + r] >> i & 1)
                                    << r;
            for (unsigned m = 0; m < w->outputs; m++) {
                const struct pm_hyflex_tile *tile = pm_hyflex_tile(w->hyflex, t, m / (16 * cell));
                const uint8_t *flip = tile->flip + m % (16 * cell) * slices;
                const uint64_t *column = w->wbits + ((size_t)m * words + t) * 8;
                for (unsigned i = 0; i < 8; i++) {
                    const int pop = __builtin_popcountll(wordlines[i]);
                    int part = -(pop << 7);
                    for (unsigned c = 0; c < slices; c++) {
                        int count = __builtin_popcountll(column[cell * c] & wordlines[i]);
                        if (cell == 2)
                            count += 2 * __builtin_popcountll(column[2 * c + 1] & wordlines[i]);
                        const int code = count > top ? top : count;
                        part += (flip[c] ? full * pop - code : code) << (cell * c);
                    }
                    y[m] += i == 7 ? -(part * 128) : part * (1 << i);
                }
            }
        }
    }
}

/* Stored bits for the naive loops: FLARE [output][bit][word]; HyFlexPIM [output][word][bit], flipped as the
 * tiles are. */
static void naive_bits(struct work *w) {
    const unsigned words = (w->rows + 63) / 64;
    w->wbits = need((size_t)w->outputs * 8 * words * sizeof *w->wbits);
    for (unsigned m = 0; m < w->outputs; m++)
        for (unsigned d = 0; d < w->rows; d++)
            for (unsigned b = 0; b < 8; b++) {
                const int u = w->w8[(size_t)d * w->outputs + m] + (w->cell ? 128 : 0);
                bool bit = u >> b & 1;
                size_t at = ((size_t)m * 8 + b) * words + d / 64;
                if (w->cell) {
                    const struct pm_hyflex_tile *t = pm_hyflex_tile(w->hyflex, d / 64, m / (16 * w->cell));
                    bit ^= t->flip[m % (16 * w->cell) * (8 / w->cell) + b / w->cell];
                    at = ((size_t)m * words + d / 64) * 8 + b;
                }
                w->wbits[at] |= (uint64_t)bit << (d % 64);
            }
}

static struct work new_work(unsigned rows, unsigned outputs, unsigned n) {
    struct work w = {.rows = rows, .outputs = outputs, .n = n};
    const size_t in = (size_t)n * rows, cells = (size_t)rows * outputs, out = (size_t)n * outputs;
    w.x8 = need(in);
    w.x32 = need(in * 4);
    w.xf = need(in * 4);
    w.w8 = need(cells);
    w.wf = need(cells * 4);
    w.yf = need(out * 4);
    w.y64 = need(out * 8);
    w.check64 = need(out * 8);
    w.y32 = need(out * 4);
    for (size_t i = 0; i < in; i++)
        w.xf[i] = (float)(w.x32[i] = w.x8[i] = gaussian8());
    for (size_t i = 0; i < cells; i++)
        w.wf[i] = w.w8[i] = gaussian8();
    for (unsigned v = 0; v < n; v++)
        for (unsigned m = 0; m < outputs; m++)
            for (unsigned d = 0; d < rows; d++)
                w.check64[(size_t)v * outputs + m] +=
                    w.x8[(size_t)v * rows + d] * w.w8[(size_t)d * outputs + m];
    return w;
}

static void free_work(struct work *w) {
    void *all[] = {w->x8, w->x32, w->w8, w->xf, w->wf, w->yf, w->wbits, w->y64, w->check64, w->y32};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    pm_flare_matrix_free(w->flare);
    pm_hyflex_free(w->hyflex);
}

static void set_flare(struct work *w, struct pm_array_cfg cell, enum pm_path path) {
    int16_t *w16 = need((size_t)w->rows * w->outputs * 2);
    for (size_t i = 0; i < (size_t)w->rows * w->outputs; i++)
        w16[i] = w->w8[i];
    pm_flare_matrix_free(w->flare);
    check(pm_flare_matrix_new(&cell, 0, w->rows, w->outputs, 8, path, PM_ISA_BEST, &w->flare), "array");
    pm_flare_matrix_program(w->flare, w16);
    free(w16);
}

static void set_hyflex(struct work *w, struct pm_hyflex_cfg cfg) {
    pm_hyflex_free(w->hyflex);
    w->cell = cfg.cell;
    check(pm_hyflex_new(&cfg, w->w8, w->rows, w->outputs, 0, &w->hyflex), "array");
}

/* Seconds a call: of this thread's CPU time, or of the clock. */
static double cpu_time(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(job *run, struct work *w, double (*time)(void)) {
    unsigned calls = 0;
    const double start = time();
    double now;
    do {
        run(w);
        calls++;
        now = time();
    } while (now - start < SECONDS);
    return (now - start) / calls;
}

/* MMAC/s of each contender, the best round of each. */
struct contender {
    job *run;
    struct work *work;
    double mmacs;
};

static void race(struct contender *c, unsigned n) {
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < n; i++) {
            const struct work *w = c[i].work;
            const double macs = (double)w->rows * w->outputs * w->n;
            c[i].mmacs = fmax(c[i].mmacs, macs / seconds(c[i].run, c[i].work, cpu_time) / 1e6);
        }
}

static void same(const struct work *w, bool wide, const char *what) {
    for (size_t i = 0; i < (size_t)w->n * w->outputs; i++)
        if ((wide ? w->y64[i] : w->y32[i]) != w->check64[i]) {
            fprintf(stderr, "bench: %s: output %zu is not the product\n", what, i);
            exit(1);
        }
}

struct result {
    double exact_vs_sgemm, array_vs_popcount, noise_mmacs, threads_speedup, ir_drop_mmacs, ir_drop_error;
};

static void least(double *value, double v) {
    *value = *value == 0 ? v : fmin(*value, v);
}

static void row(const char *path, const struct work *w, double mmacs, double against, const char *what) {
    printf("  %-34s %4u x %-4u %5u  %9.*f", path, w->rows, w->outputs, w->n, mmacs < 10 ? 4 : 0, mmacs);
    if (what)
        printf("   %7.2f x %s", mmacs / against, what);
    printf("\n");
    fflush(stdout);
}

static void bench_flare(unsigned rows, unsigned outputs, unsigned n, bool judged, struct result *r) {
    struct work w = new_work(rows, outputs, n), exact = w, array = w;
    set_flare(&exact, pm_array_mram(false, 0), PM_PATH_EXACT);
    set_flare(&array, pm_array_mram(false, 0), PM_PATH_ARRAY);
    naive_bits(&w);
    struct contender c[] = {{sgemm, &w, 0}, {flare, &exact, 0}, {flare, &array, 0}, {naive_flare, &w, 0}};
    race(c, 4);
    same(&w, true, "naive popcount");
    flare(&array);
    same(&array, true, "array path");
    flare(&exact);
    same(&exact, true, "exact path");
    if (memcmp(&exact.cost, &array.cost, sizeof exact.cost) != 0) {
        fprintf(stderr, "bench: costs of the paths differ\n");
        exit(1);
    }
    row("OpenBLAS sgemm", &w, c[0].mmacs, 0, NULL);
    row("FLARE naive popcount", &w, c[3].mmacs, 0, NULL);
    row("FLARE exact, all counters", &w, c[1].mmacs, c[0].mmacs, "sgemm");
    row("FLARE every conversion", &w, c[2].mmacs, c[3].mmacs, "naive");
    if (judged)
        least(&r->exact_vs_sgemm, c[1].mmacs / c[0].mmacs);
    least(&r->array_vs_popcount, c[2].mmacs / c[3].mmacs);
    pm_flare_matrix_free(exact.flare);
    pm_flare_matrix_free(array.flare);
    free_work(&w);
}

static void bench_hyflex(unsigned rows, unsigned outputs, unsigned n, unsigned cell, bool flip, bool judged,
                         struct result *r) {
    struct work w = new_work(rows, outputs, n), exact = w;
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    char name[64];
    cfg.cell = cell;
    cfg.adc = 5 + cell;
    cfg.flip = flip;
    set_hyflex(&exact, cfg);
    cfg.path = PM_PATH_ARRAY;
    set_hyflex(&w, cfg);
    naive_bits(&w);
    struct contender c[] = {{sgemm, &w, 0}, {hyflex, &exact, 0}, {hyflex, &w, 0}, {naive_hyflex, &w, 0}};
    race(c, 4);
    if (flip)
        same(&w, false, "naive popcount");
    hyflex(&w);
    if (flip)
        same(&w, false, "array path");
    snprintf(name, sizeof name, "HyFlexPIM %s%s", cell == 1 ? "SLC" : "MLC", flip ? "" : ", literal");
    char line[128];
    snprintf(line, sizeof line, "%s naive popcount", name);
    row(line, &w, c[3].mmacs, 0, NULL);
    if (flip) {
        snprintf(line, sizeof line, "%s exact", name);
        row(line, &w, c[1].mmacs, c[0].mmacs, "sgemm");
        if (judged)
            least(&r->exact_vs_sgemm, c[1].mmacs / c[0].mmacs);
    }
    snprintf(line, sizeof line, "%s every conversion", name);
    row(line, &w, c[2].mmacs, c[3].mmacs, "naive");
    least(&r->array_vs_popcount, c[2].mmacs / c[3].mmacs);
    pm_hyflex_free(exact.hyflex);
    free_work(&w);
}

static void bench_noise(unsigned rows, unsigned outputs, unsigned n, struct result *r) {
    struct work w = new_work(rows, outputs, n);
    struct pm_array_cfg cell = pm_array_mram(true, 1);
    set_flare(&w, cell, PM_PATH_ARRAY);
    struct contender cells = {flare, &w, 0};
    race(&cells, 1);
    row("FLARE drawn cells", &w, cells.mmacs, 0, NULL);
    cell.read_noise = 0.05;
    set_flare(&w, cell, PM_PATH_ARRAY);
    struct contender noise = {flare, &w, 0};
    race(&noise, 1);
    row("FLARE drawn cells, read noise", &w, noise.mmacs, 0, NULL);
    least(&r->noise_mmacs, noise.mmacs);
    for (unsigned bits = 1; bits <= 2; bits++) {
        struct pm_hyflex_cfg cfg = pm_hyflex_default();
        cfg.cell = bits;
        cfg.adc = 5 + bits;
        cfg.rram = pm_rram_preset(0.132, 1);
        cfg.rram.slc_sigma = 0.02;
        cfg.rram.read_noise = 0.05;
        set_hyflex(&w, cfg);
        struct contender drawn = {hyflex, &w, 0};
        race(&drawn, 1);
        row(bits == 1 ? "HyFlexPIM SLC drawn cells, noise" : "HyFlexPIM MLC drawn cells, noise", &w,
            drawn.mmacs, 0, NULL);
        least(&r->noise_mmacs, drawn.mmacs);
    }
    free_work(&w);
}

/* Wires of 1e-5 R_on between cells, half of the 1-bit cells conducting: time of a product, and of the exact
 * solution of the crossbar, which the model's error is measured against. */
static void bench_wires(struct result *r) {
    enum { R = PM_HYFLEX_ROWS, C = PM_HYFLEX_COLS };
    const double wire = 1e-5;
    struct work w = new_work(R, C / 8, 64);
    struct pm_hyflex_cfg cfg = pm_hyflex_default();
    cfg.rram.wire = wire;
    set_hyflex(&w, cfg);
    struct contender ir = {hyflex, &w, 0};
    race(&ir, 1);
    uint8_t *cells = need(R * C);
    double *g = need(R * PM_CROSSBAR_COLS * sizeof *g), current[PM_CROSSBAR_COLS], taken = 0, error = 0;
    int32_t value[C];
    uint64_t wordlines = (uint64_t)next() << 32 | next();
    for (unsigned i = 0; i < R * PM_CROSSBAR_COLS; i++) {
        const unsigned row = i / PM_CROSSBAR_COLS, c = i % PM_CROSSBAR_COLS, on = c < C && next() % 2;
        if (c < C)
            cells[row * C + c] = (uint8_t)on;
        g[i] = on ? 1 : 1 / cfg.rram.on_off;
    }
    struct pm_rram *a = pm_rram_new(&cfg.rram, 0, R, C, 1);
    check(a ? PM_OK : PM_ENOMEM, "array");
    pm_rram_program(a, cells);
    pm_rram_read(a, &wordlines, (struct pm_read_id){0}, value);
    const double start = cpu_time();
    check(pm_crossbar_solve(wire, g, wordlines, current) ? PM_OK : PM_ENOMEM, "crossbar");
    const double solved = cpu_time() - start;
    for (unsigned c = 0; c < C; c++) {
        double sum = 0;
        for (unsigned d = 0; d < R; d++)
            sum += wordlines >> d & 1 ? cells[d * C + c] : 0;
        const double exact = (current[c] - current[C]) / (1 - 1 / cfg.rram.on_off);
        taken += (sum - exact) / C;
        error += fabs(value[c] / 256.0 - exact) / C;
    }
    r->ir_drop_mmacs = ir.mmacs;
    r->ir_drop_error = error;
    /* One plane of eight: an eighth of the products. */
    row("HyFlexPIM SLC exact crossbar", &w, R * (C / 8) / 8.0 / solved / 1e6, 0, NULL);
    row("HyFlexPIM SLC IR drop", &w, ir.mmacs, R * (C / 8) / 8.0 / solved / 1e6, "exact crossbar");
    printf("  IR drop: wires of 1e-5 R_on take %.3f LSB of a column; the model is off by %.4f LSB, %.2f %% "
           "of that\n",
           taken, error, 100 * error / taken);
    pm_rram_free(a);
    free(cells);
    free(g);
    free_work(&w);
}

static void bench_threads(struct result *r) {
    struct work w = new_work(768, 768, 128);
    struct pm_array_cfg cell = pm_array_mram(true, 1);
    cell.read_noise = 0.05;
    set_flare(&w, cell, PM_PATH_ARRAY);
    double one = 1e9, two = 1e9;
    for (unsigned round = 0; round < ROUNDS; round++) {
        omp_set_num_threads(1);
        one = fmin(one, seconds(flare_threads, &w, omp_get_wtime));
        omp_set_num_threads(2);
        two = fmin(two, seconds(flare_threads, &w, omp_get_wtime));
    }
    r->threads_speedup = one / two;
    printf("  2 threads over 1, FLARE drawn cells with read noise: %.2f\n", r->threads_speedup);
    free_work(&w);
}

/* One layer of the fused attention, random weights: how its time grows with width, tokens and heads. */
static double bench_layer(unsigned width, unsigned heads, unsigned n) {
    const size_t d = width;
    int8_t *w[4], *x = need(n * d), *y = need(n * d);
    int32_t *ex = need(n * sizeof *ex), *e = need(n * sizeof *e);
    struct pm_attention_cfg cfg = {.width = width,
                                   .heads = heads,
                                   .kvb = 10,
                                   .mk = 8,
                                   .mv = 8,
                                   .round = true,
                                   .coding_x = PM_SIGN,
                                   .coding_o = PM_SIGN,
                                   .mram = pm_array_mram(false, 0)};
    for (unsigned h = 0; h < heads; h++)
        cfg.s0[h] = 0.5;
    for (unsigned i = 0; i < 4; i++) {
        w[i] = need(d * d);
        for (size_t k = 0; k < d * d; k++)
            w[i][k] = gaussian8();
    }
    for (size_t k = 0; k < n * d; k++)
        x[k] = gaussian8();
    struct pm_attention *engine;
    check(pm_attention_new(&cfg,
                           &(struct pm_attention_weights){w[0], w[1], w[2], w[3], NULL, NULL, NULL, NULL}, n,
                           0, &engine),
          "attention");
    double best = 1e9;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct pm_attention_cost cost = {0};
        const double start = cpu_time();
        check(pm_attention_run(engine, x, ex, NULL, n, 0, y, e, &cost, NULL, NULL), "attention");
        best = fmin(best, cpu_time() - start);
    }
    pm_attention_free(engine);
    for (unsigned i = 0; i < 4; i++)
        free(w[i]);
    free(x);
    free(y);
    free(ex);
    free(e);
    return best;
}

static FILE *create(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    if (!f) {
        fprintf(stderr, "bench: %s: cannot be written\n", path);
        exit(2);
    }
    return f;
}

static void finish(FILE *f, const char *folder, const char *name) {
    char from[4096], to[4096];
    snprintf(from, sizeof from, "%s/%s.tmp", folder, name);
    snprintf(to, sizeof to, "%s/%s", folder, name);
    if (fclose(f) != 0 || rename(from, to) != 0) {
        fprintf(stderr, "bench: %s: cannot be written\n", to);
        exit(2);
    }
}

static void bench_attention(const char *folder) {
    static const struct {
        unsigned width, heads, n;
    } layer[] = {{64, 4, 49},     {192, 3, 128}, {384, 6, 128}, {768, 12, 128},
                 {1024, 16, 128}, {768, 12, 32}, {768, 12, 64}, {768, 12, 256},
                 {768, 12, 512},  {768, 3, 128}, {768, 6, 128}, {768, 16, 128}};
    FILE *f = create(folder, "attention.dat.tmp");
    fprintf(f, "# width heads tokens milliseconds GMAC\n");
    printf("One layer of the fused attention with all counters, random weights (768, 12, 128: BERT-base's "
           "shape)\n");
    printf("  %5s %5s %6s  %9s  %9s\n", "D", "heads", "tokens", "ms", "MMAC/s");
    for (size_t i = 0; i < sizeof layer / sizeof *layer; i++) {
        const double d = layer[i].width, n = layer[i].n, macs = n * (4 * d * d + 2 * n * d);
        const double t = bench_layer(layer[i].width, layer[i].heads, layer[i].n);
        fprintf(f, "%u %u %u %.3f %.4f\n", layer[i].width, layer[i].heads, layer[i].n, t * 1e3, macs / 1e9);
        printf("  %5u %5u %6u  %9.2f  %9.0f\n", layer[i].width, layer[i].heads, layer[i].n, t * 1e3,
               macs / t / 1e6);
    }
    finish(f, folder, "attention.dat");
}

int main(int argc, char **argv) {
    struct result r = {0};
    if (argc < 2 || argc == 3 || argc > 5) {
        fprintf(stderr, "usage: bench FOLDER [PROGRAM DATA [CLASSIFIER]]\n");
        return 2;
    }
    openblas_set_num_threads(1);
    omp_set_num_threads(1);
    printf("Inner loops: %s. MMAC/s of 8 x 8 bits, one thread, Gaussian data; drawn cells: sigma(R)/R 1.7 %% "
           "(RRAM 2 %% and\n"
           "13.2 %%), read noise 0.05 LSB a cell\n",
           pm_kernels(PM_ISA_BEST)->name);
    printf("  %-34s %-11s %5s  %9s\n", "path", "rows x cols", "n", "MMAC/s");
    bench_flare(64, 64, 256, false, &r);
    bench_flare(256, 256, 256, false, &r);
    bench_flare(768, 768, 128, true, &r);
    for (unsigned cell = 1; cell <= 2; cell++) {
        bench_hyflex(64, 64, 256, cell, true, false, &r);
        bench_hyflex(768, 768, 256, cell, true, true, &r);
        bench_hyflex(768, 768, 256, cell, false, false, &r);
    }
    bench_noise(768, 768, 64, &r);
    bench_wires(&r);
    bench_threads(&r);
    bench_attention(argv[1]);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("exact_vs_sgemm %.2f, array_vs_popcount %.2f, noise_mmacs %.0f, threads_speedup %.2f; peak memory "
           "%ld MiB\n",
           r.exact_vs_sgemm, r.array_vs_popcount, r.noise_mmacs, r.threads_speedup, usage.ru_maxrss / 1024);
    FILE *f = create(argv[1], "summary.json.tmp");
    fprintf(f,
            "{\n\t\"isa\":\t\"%s\",\n\t\"exact_vs_sgemm\":\t%.3f,\n\t\"array_vs_popcount\":\t%.3f,\n"
            "\t\"noise_mmacs\":\t%.1f,\n\t\"threads_speedup\":\t%.3f,\n\t\"ir_drop_mmacs\":\t%.3f,\n"
            "\t\"ir_drop_error\":\t%.5f",
            pm_kernels(PM_ISA_BEST)->name, r.exact_vs_sgemm, r.array_vs_popcount, r.noise_mmacs,
            r.threads_speedup, r.ir_drop_mmacs, r.ir_drop_error);
    if (argc > 3)
        bench_networks(argv[1], argv[2], argv[3], argc > 4 ? argv[4] : NULL, f);
    fprintf(f, "\n}\n");
    finish(f, argv[1], "summary.json");
    return 0;
}

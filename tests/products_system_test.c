// SPDX-License-Identifier: Apache-2.0
/* The products of attention's heads on crossbars: their integers from what goes in, in double precision, and
 * the whole against float. */
#include "system/products.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { D = 24, HEADS = 3, DK = D / HEADS, N = 17 };
static float q[N * D], k[N * D], v[N * D], y[N * D];
static const uint8_t *kept;

static uint32_t seed = 1;
static float uniform(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

static bool in(int token) {
    return !kept || kept[token];
}

static double largest(const float *x, int head) {
    double most = 0;
    for (int t = 0; t < N; t++)
        for (int i = 0; i < DK && in(t); i++)
            most = fmax(most, fabs((double)x[t * D + head * DK + i]));
    return most;
}

/* What a watch has seen, and what softmax must have given after it. */
struct seen {
    unsigned runs, bits_w[2], bits_x[2];
    double p[N][N], out[N][D];
};

static int64_t product(const struct pm_xbar_run *run, int t, unsigned o, unsigned rows, unsigned outputs) {
    int64_t sum = 0;
    for (unsigned r = 0; r < rows; r++)
        sum += (int64_t)run->x[(unsigned)t * rows + r] * pm_xbar_weights(run->matrix)[r * outputs + o];
    return sum;
}

/* Nearest to value / scale, where not clipped: padding may be larger than all the rest. */
static void nearest(int got, double value, double scale, int most) {
    if (fabs(value) <= scale * most)
        assert_true(fabs(got - value / scale) < 0.5001);
    assert_true(abs(got) <= most);
}

static void see_scores(struct seen *s, int head, const struct pm_xbar_run *run) {
    const int most_x = (1 << (s->bits_x[0] - 1)) - 1, most_w = (1 << (s->bits_w[0] - 1)) - 1;
    const double of_q = largest(q, head) / most_x, of_k = largest(k, head) / most_w;
    for (int t = 0; t < N; t++) {
        double sum = 0;
        for (int i = 0; i < DK; i++) {
            nearest(run->x[t * DK + i], q[t * D + head * DK + i], of_q, most_x);
            const int w = pm_xbar_weights(run->matrix)[i * N + t];
            if (in(t))
                nearest(w, k[t * D + head * DK + i], of_k, most_w);
            else
                assert_int_equal(w, 0);
        }
        for (int j = 0; j < N; j++) {
            const int64_t want = product(run, t, (unsigned)j, DK, N);
            assert_int_equal(run->y[t * N + j], want);
            sum += s->p[t][j] = in(j) ? exp((double)want * of_q * of_k / sqrt(DK)) : 0;
        }
        for (int j = 0; j < N; j++)
            s->p[t][j] /= sum;
    }
}

static void see_values(struct seen *s, int head, const struct pm_xbar_run *run) {
    const int most_x = (1 << s->bits_x[1]) - 1, most_w = (1 << (s->bits_w[1] - 1)) - 1;
    const double of_v = largest(v, head) / most_w;
    double of_p = 0;
    for (int t = 0; t < N; t++)
        for (int j = 0; j < N && in(t); j++)
            of_p = fmax(of_p, s->p[t][j] / most_x);
    for (int t = 0; t < N; t++) {
        for (int j = 0; j < N; j++)
            nearest(run->x[t * N + j], s->p[t][j], of_p, most_x);
        for (int i = 0; i < DK; i++) {
            const int w = pm_xbar_weights(run->matrix)[t * DK + i];
            if (in(t))
                nearest(w, v[t * D + head * DK + i], of_v, most_w);
            const int64_t want = product(run, t, (unsigned)i, N, DK);
            assert_int_equal(run->y[t * DK + i], want);
            s->out[t][head * DK + i] = (double)want * of_p * of_v;
        }
    }
}

static pm_status see(void *ctx, const void *of) {
    struct seen *s = ctx;
    const struct pm_xbar_run *run = of;
    assert_int_equal(run->n, N);
    assert_int_equal(pm_xbar_config(run->matrix)->is_signed, s->runs % 2 == 0);
    (s->runs % 2 ? see_values : see_scores)(s, (int)s->runs / 2, run);
    s->runs++;
    return PM_OK;
}

/* Relative error against attention without rounding. */
static double error_of(void) {
    double off = 0, all = 0;
    for (int t = 0; t < N; t++)
        for (int h = 0; h < D && in(t); h += DK) {
            double p[N], sum = 0;
            for (int j = 0; j < N; j++) {
                p[j] = 0;
                for (int i = h; i < h + DK; i++)
                    p[j] += (double)q[t * D + i] * k[j * D + i];
                sum += p[j] = in(j) ? exp(p[j] / sqrt(DK)) : 0;
            }
            for (int i = h; i < h + DK; i++) {
                double want = 0;
                for (int j = 0; j < N; j++)
                    want += p[j] / sum * v[j * D + i];
                off += pow(y[t * D + i] - want, 2);
                all += pow(want, 2);
            }
        }
    return sqrt(off / all);
}

static void run_with(const char *settings, struct seen *s, struct pm_counts *counts, struct pm_held *held) {
    const struct pm_system *const system = &pm_system_products;
    const struct pm_node node = {.kind = PM_NODE_HEADS, .width = D, .heads = HEADS};
    const struct pm_graph graph = {.tokens = N};
    struct pm_site site = {.graph = &graph};
    struct pm_settings *set = pm_settings_new(system->settings);
    struct pm_error e;
    char text[160];
    void *layer, *state;
    assert_non_null(set);
    for (const char *at = settings; *at; at += strcspn(at, " ") + (at[strcspn(at, " ")] != 0)) {
        snprintf(text, sizeof text, "products.%.*s", (int)strcspn(at, " "), at);
        assert_int_equal(pm_settings_override((struct pm_settings *[]){set, NULL}, text, &e), PM_OK);
    }
    s->runs = 0;
    for (int p = 0; p < 2; p++) {
        s->bits_w[p] = (unsigned)pm_settings_int(set, p ? "av-w" : "qk-w");
        s->bits_x[p] = (unsigned)pm_settings_int(set, p ? "av-a" : "qk-a");
    }
    assert_int_equal(system->place(&site, &node, set, &layer, &e), PM_OK);
    system->hold(layer, held);
    assert_int_equal(system->begin(layer, N, &state), PM_OK);
    const struct pm_watch watch = {.done = see, .ctx = s};
    const struct pm_run_of run = {.operands = {.n = N, .x = q, .more = {k, v}, .keep = kept, .y = y},
                                  .counts = counts,
                                  .watch = &watch};
    assert_int_equal(system->run(layer, state, &run), PM_OK);
    assert_int_equal(s->runs, 2 * HEADS);
    for (int i = 0; i < N * D; i++)
        assert_true(fabs(y[i] - s->out[i / D][i % D]) <= 1e-5 * (1 + fabs(s->out[i / D][i % D])));
    system->end(state);
    system->free(layer);
    free(set);
}

static void draw(void) {
    for (int i = 0; i < N * D; i++) {
        q[i] = 2 * uniform();
        k[i] = 2 * uniform();
        v[i] = uniform();
    }
}

static void integers_and_errors(void **state) {
    (void)state;
    static const struct {
        const char *settings;
        double least, most; /* of the relative error */
    } of[] = {{"", 4e-3, 1.5e-2},
              {"qk-w=4 av-w=4", 5e-2, 0.2},
              {"qk-a=4 av-a=4", 7e-2, 0.2},
              {"qk-w=6 qk-a=5 av-w=3 av-a=7 cell=2", 9e-2, 0.25},
              {"av-a=1 rows=16 cols=8", 0.4, 1}};
    static uint8_t keep[N];
    for (int j = 0; j < N; j++)
        keep[j] = j % 4 != 1;
    for (size_t i = 0; i < 2 * sizeof of / sizeof *of; i++) {
        struct seen s;
        struct pm_counts counts = {0};
        struct pm_held held = {0};
        kept = i % 2 ? keep : NULL;
        draw();
        run_with(of[i / 2].settings, &s, &counts, &held);
        const double error = error_of();
        print_message("# %s: error %.4f\n", of[i / 2].settings, error);
        assert_true(error > of[i / 2].least && error < of[i / 2].most);
    }
    kept = NULL;
}

/* A row of 17 products takes two tiles of 8 pairs and one of the last; 17 rows two tiles of 16. */
static void counts(void **state) {
    (void)state;
    struct seen s;
    struct pm_counts c = {0};
    struct pm_held held = {0};
    draw();
    run_with("rows=16 cols=16 qk-w=8 qk-a=5 av-w=4 av-a=3 cell=4", &s, &c, &held);
    /* q k^T: 17 * 2 pairs in tiles of 8, 1 tile of rows; A v: 8 pairs, 2 tiles of rows. */
    assert_int_equal(held.arrays, HEADS * (5 + 2));
    assert_int_equal(held.plain, HEADS * (17 + 2 * 4));
    assert_int_equal(c.of[PM_COUNT_VECTORS], HEADS * 2 * N);
    assert_int_equal(c.of[PM_COUNT_READS], HEADS * N * (5 * 5 + 3 * 2));
    assert_int_equal(c.of[PM_COUNT_CONVERSIONS], HEADS * N * (5 * 34 + 3 * 2 * 8));
    assert_int_equal(c.of[PM_COUNT_CLOCKS], N * (5 * 2 + 3));
    assert_int_equal(c.of[PM_COUNT_WRITES], 2 * N * D);
}

/* What padding holds changes no bit of what is kept. */
static void padding_changes_nothing(void **state) {
    (void)state;
    static uint8_t keep[N];
    static float before[N * D];
    struct seen s;
    struct pm_counts c = {0};
    struct pm_held held = {0};
    for (int j = 0; j < N; j++)
        keep[j] = j < 11;
    kept = keep;
    draw();
    run_with("qk-w=5", &s, &c, &held);
    memcpy(before, y, sizeof y);
    for (int i = 11 * D; i < N * D; i++)
        q[i] = k[i] = v[i] = 9 * uniform();
    run_with("qk-w=5", &s, &c, &held);
    assert_memory_equal(before, y, 11 * D * sizeof *y);
    kept = NULL;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(integers_and_errors), cmocka_unit_test(counts),
                                       cmocka_unit_test(padding_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

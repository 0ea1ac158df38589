// SPDX-License-Identifier: Apache-2.0
/* An attention of integer products with float between them, against double precision, and what it counts. */
#include "system/system.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { D = 24, HEADS = 3, DK = D / HEADS, N = 17 };
static float weight[4][D * D], bias[4][D], gain[D], shift[D], x[N * D], y[N * D];

static uint32_t seed = 1;
static float uniform(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / (1 << 23) - 1;
}

/* Without any rounding. */
static void reference(const uint8_t *keep, double out[N][D]) {
    double in[N][D], part[3][N][D], o[N][D];
    for (int t = 0; t < N; t++) {
        double mean = 0, var = 0;
        for (int i = 0; i < D; i++)
            mean += (double)x[t * D + i] / D;
        for (int i = 0; i < D; i++)
            var += pow(x[t * D + i] - mean, 2) / D;
        for (int i = 0; i < D; i++)
            in[t][i] = (x[t * D + i] - mean) / sqrt(var + 1e-5) * gain[i] + shift[i];
        for (int m = 0; m < 3; m++)
            for (int i = 0; i < D; i++) {
                part[m][t][i] = bias[m][i];
                for (int d = 0; d < D; d++)
                    part[m][t][i] += in[t][d] * weight[m][i * D + d];
            }
    }
    for (int t = 0; t < N; t++)
        for (int h = 0; h < D; h += DK) {
            double p[N], sum = 0;
            for (int j = 0; j < N; j++) {
                p[j] = 0;
                for (int i = h; i < h + DK; i++)
                    p[j] += part[0][t][i] * part[1][j][i];
                sum += p[j] = keep && !keep[j] ? 0 : exp(p[j] / sqrt(DK));
            }
            for (int i = h; i < h + DK; i++) {
                o[t][i] = 0;
                for (int j = 0; j < N; j++)
                    o[t][i] += p[j] / sum * part[2][j][i];
            }
        }
    for (int t = 0; t < N; t++)
        for (int i = 0; i < D; i++) {
            out[t][i] = bias[3][i];
            for (int d = 0; d < D; d++)
                out[t][i] += o[t][d] * weight[3][i * D + d];
        }
}

static void close_to_double(void **state) {
    (void)state;
    const struct pm_system *const system = pm_system_find("requant", 7);
    const struct pm_layernorm norm = {.width = D, .eps = 1e-5f, .weight = gain, .bias = shift};
    struct pm_matrix matrix[4];
    struct pm_node node = {
        .kind = PM_NODE_ATTENTION, .width = D, .attention = {.norm = &norm, .heads = HEADS}};
    struct pm_site site = {0};
    struct pm_error e;
    void *layer, *work;
    uint8_t keep[N];
    assert_non_null(system);
    assert_int_equal(system->takes, PM_TAKES(PM_NODE_ATTENTION));
    for (int m = 0; m < 4; m++) {
        for (int i = 0; i < D * D; i++)
            weight[m][i] = uniform() / 2;
        for (int i = 0; i < D; i++)
            bias[m][i] = uniform() / 4;
        matrix[m] = (struct pm_matrix){.in = D, .out = D, .weight = weight[m], .bias = bias[m]};
    }
    for (int i = 0; i < D; i++) {
        gain[i] = 1 + uniform() / 2;
        shift[i] = uniform() / 4;
    }
    for (int i = 0; i < N * D; i++)
        x[i] = uniform() * (float)(1 + i / D);
    for (int j = 0; j < N; j++)
        keep[j] = j % 4 != 1;
    node.attention.q = &matrix[0];
    node.attention.k = &matrix[1];
    node.attention.v = &matrix[2];
    node.attention.o = &matrix[3];
    assert_int_equal(system->place(&site, &node, NULL, &layer, &e), PM_OK);
    assert_int_equal(system->begin(layer, N, &work), PM_OK);
    for (int masked = 0; masked < 2; masked++) {
        static double want[N][D];
        struct pm_counts counts = {0};
        const struct pm_run_of run = {.operands = {.n = N, .x = x, .keep = masked ? keep : NULL, .y = y},
                                      .counts = &counts};
        double off = 0, all = 0;
        assert_int_equal(system->run(layer, work, &run), PM_OK);
        reference(masked ? keep : NULL, want);
        for (int i = 0; i < N * D; i++) {
            off += pow(y[i] - want[i / D][i % D], 2);
            all += pow(want[i / D][i % D], 2);
        }
        print_message("# error %.4f\n", sqrt(off / all));
        assert_true(off < pow(0.02, 2) * all && off > pow(0.001, 2) * all);
        assert_int_equal(counts.of[PM_COUNT_VECTORS], N);
        assert_int_equal(counts.of[PM_COUNT_RESCALED], 10 * N * D + 2 * HEADS * N * N);
        assert_int_equal(counts.of[PM_COUNT_MOVED], 8 * (2 * N * D + 2 * HEADS * N * N + 4 * HEADS * N * DK));
    }
    system->end(work);
    system->free(layer);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(close_to_double)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* System khwa on the layers of the convolutional network: engines against each other, floating point against
 * mix-gemv, costs against their formulas. */
#include "system/khwa.h"

#include "mix_gemv.h"
#include "net/network.h"
#include "rtl.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 5, MOST_IN = 576, MOST_OUT = 64 };

static char folder[4096];
static struct pm_network network;
static float x[N * MOST_IN];

static int load(void **state) {
    (void)state;
    struct pm_error e;
    uint64_t rng = 1;
    snprintf(folder, sizeof folder, "%s/models/fashion-cnn", pm_home());
    /* As after a ReLU: none is negative, half of them are 0. */
    for (size_t i = 0; i < N * MOST_IN; i++) {
        rng ^= rng >> 12;
        rng ^= rng << 25;
        rng ^= rng >> 27;
        x[i] = rng & 1 ? 0 : (float)(rng >> 40 & 0xffff) / 16384.0f;
    }
    return pm_network_load(&network, folder, &e) != PM_OK;
}

static int unload(void **state) {
    (void)state;
    pm_network_free(&network);
    return 0;
}

static const struct pm_node *node(const char *name) {
    for (unsigned i = 0; i < network.graph->nodes; i++)
        if (strcmp(network.graph->node[i].name, name) == 0)
            return &network.graph->node[i];
    fail_msg("no layer %s", name);
    return NULL;
}

/* y[N][out] of a layer placed with these settings, its counts and what it holds. */
static void run(const char *name, const char *settings, uint64_t seed, float *y,
                struct pm_counts counts[PM_KHWA_ENGINES], struct pm_held *held) {
    const struct pm_system *system = &pm_system_khwa;
    struct pm_site site = {.folder = folder, .graph = network.graph, .seed = seed};
    struct pm_settings *s = pm_settings_new(system->settings), *all[] = {s, NULL};
    struct pm_error e = {""};
    void *layer;
    assert_non_null(s);
    if (pm_settings_override(all, settings, &e) != PM_OK ||
        system->place(&site, node(name), s, &layer, &e) != PM_OK)
        fail_msg("%s: %s", settings, e.text);
    memset(counts, 0, PM_KHWA_ENGINES * sizeof *counts);
    const struct pm_run_of r = {.operands = {.n = N, .x = x, .y = y}, .counts = counts};
    assert_int_equal(system->run(layer, NULL, &r), PM_OK);
    system->hold(layer, held);
    system->free(layer);
    pm_calibration_free(&site.calibration);
    free(s);
}

static const char *const layers[] = {"conv1", "conv2", "conv3", "conv4", "head"};
static const char *const modes[] = {"ii", "if", "fi", "ff"};

/* SRAM, tiny-digital and memristors with the exact table: the same integers, whatever is routed where. */
static void exact_engines_agree(void **state) {
    (void)state;
    static const char *const engines[] = {"engine=tiny", "engine=memristor khwa.table=exact",
                                          "engine=mixed khwa.theta=6 khwa.table=exact",
                                          "engine=mixed khwa.theta=120 khwa.table=exact"};
    for (size_t l = 0; l < sizeof layers / sizeof *layers; l++)
        for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
            const size_t bytes = N * node(layers[l])->matrix->out * sizeof(float);
            float want[N * MOST_OUT], got[N * MOST_OUT];
            struct pm_counts counts[PM_KHWA_ENGINES];
            struct pm_held held;
            char text[256];
            snprintf(text, sizeof text, "khwa.mode=%s khwa.engine=sram", modes[m]);
            run(layers[l], text, 1, want, counts, &held);
            for (size_t k = 0; k < sizeof engines / sizeof *engines; k++) {
                snprintf(text, sizeof text, "khwa.mode=%s khwa.%s", modes[m], engines[k]);
                run(layers[l], text, 1, got, counts, &held);
                if (memcmp(want, got, bytes) != 0)
                    fail_msg("%s: %s differs from SRAM", layers[l], text);
            }
        }
}

/* Floating point of both: mix-gemv on the same codes, and the bias. */
static void floats_are_mix_gemv(void **state) {
    (void)state;
    static const char *const format[] = {"bf16", "fp16", "e4m3"};
    for (size_t l = 0; l < sizeof layers / sizeof *layers; l++)
        for (enum pm_float f = 0; f < PM_FLOATS; f++) {
            const struct pm_matrix *matrix = node(layers[l])->matrix;
            const struct pm_mix_cfg cfg = {.x_float = true,
                                           .w_float = true,
                                           .format = f,
                                           .bx = 12,
                                           .bw = 8,
                                           .rw = true,
                                           .is_signed = true,
                                           .theta = 65535};
            const size_t in = matrix->in, out = matrix->out;
            int32_t *u = malloc(N * in * sizeof *u), *w = malloc(in * out * sizeof *w);
            int64_t want[N * MOST_OUT];
            uint8_t dest[MOST_OUT];
            float got[N * MOST_OUT];
            struct pm_counts counts[PM_KHWA_ENGINES];
            struct pm_held held;
            char text[128];
            assert_true(u && w);
            for (size_t i = 0; i < N * in; i++)
                u[i] = (int32_t)pm_float_encode(f, x[i]);
            for (size_t i = 0; i < in; i++)
                for (size_t o = 0; o < out; o++)
                    w[i * out + o] = (int32_t)pm_float_encode(f, matrix->weight[o * in + i]);
            assert_int_equal(pm_mix_gemv(&cfg, u, w, N, in, out, want, dest), PM_OK);
            snprintf(text, sizeof text, "khwa.mode=ff khwa.engine=mixed khwa.fmt=%s", format[f]);
            run(layers[l], text, 1, got, counts, &held);
            for (size_t i = 0; i < N * out; i++) {
                const uint32_t pattern = (uint32_t)want[i];
                float v;
                memcpy(&v, &pattern, sizeof v);
                if (got[i] != v + matrix->bias[i % out])
                    fail_msg("%s %s: %zu is %g, not %g", layers[l], format[f], i, (double)got[i], (double)v);
            }
            free(u);
            free(w);
        }
}

/* Accesses, units and bits by their formulas. */
static void costs_are_the_formulas(void **state) {
    (void)state;
    static const unsigned accesses[] = {32, 180, 334, 666, 74}, windows[] = {32, 288, 576, 1152, 128};
    for (size_t l = 0; l < sizeof layers / sizeof *layers; l++) {
        const struct pm_matrix *m = node(layers[l])->matrix;
        float y[N * MOST_OUT];
        struct pm_counts c[PM_KHWA_ENGINES];
        struct pm_held held;
        run(layers[l], "khwa.mode=ii", 1, y, c, &held);
        const struct pm_counts *mem = &c[PM_KHWA_MEMRISTOR];
        assert_int_equal(mem->of[PM_COUNT_ACCESSES], N * accesses[l]);
        assert_int_equal(mem->of[PM_COUNT_CONVENTIONAL], N * windows[l]);
        assert_int_equal(mem->of[PM_COUNT_ENERGY], UINT64_C(1000) * N * accesses[l] * m->out);
        assert_int_equal(mem->of[PM_COUNT_CONVERSIONS], N * accesses[l] * m->out * 2);
        assert_int_equal(held.arrays, (m->in + 511) / 512);
        assert_int_equal(held.sram_bits, 0);
        run(layers[l], "khwa.mode=ii khwa.engine=sram khwa.wbits=5", 1, y, c, &held);
        assert_int_equal(c[PM_KHWA_SRAM].of[PM_COUNT_ENERGY],
                         UINT64_C(1000) * N * 8 * ((m->in + 1) / 2) * m->out);
        assert_int_equal(held.sram_bits, 5 * m->in * m->out);
        assert_int_equal(held.arrays, 0);
        run(layers[l], "khwa.mode=ff khwa.engine=tiny", 1, y, c, &held);
        assert_int_equal(c[PM_KHWA_TINY].of[PM_COUNT_ENERGY], UINT64_C(1000) * N * m->in * m->out);
    }
}

/* Cells are drawn by the seed, reads by the vector; the default table's error is small and not 0. */
static void noise_is_drawn(void **state) {
    (void)state;
    float y[3][N * MOST_OUT];
    struct pm_counts c[PM_KHWA_ENGINES];
    struct pm_held held;
    const size_t bytes = N * MOST_OUT * sizeof **y;
    for (unsigned i = 0; i < 3; i++)
        run("conv3", "khwa.mlc-sigma=0.1 khwa.read-noise=0.1", 1 + i / 2, y[i], c, &held);
    assert_memory_equal(y[0], y[1], bytes);
    assert_memory_not_equal(y[0], y[2], bytes);
    const struct pm_counts *mem = &c[PM_KHWA_MEMRISTOR];
    const double noisy = sqrt((double)mem->of[PM_COUNT_ERROR] / (double)mem->of[PM_COUNT_EXACT]);
    run("conv3", "khwa.mode=ii", 1, y[0], c, &held);
    const double quiet = sqrt((double)mem->of[PM_COUNT_ERROR] / (double)mem->of[PM_COUNT_EXACT]);
    run("conv3", "khwa.mode=ii khwa.table=exact", 1, y[0], c, &held);
    print_message("# conv3, relative error: %.5f, with drawn cells %.5f\n", quiet, noisy);
    assert_int_equal(mem->of[PM_COUNT_ERROR], 0);
    assert_true(quiet > 0 && quiet < 0.05 && noisy > 2 * quiet && noisy < 0.5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_engines_agree),
        cmocka_unit_test(floats_are_mix_gemv),
        cmocka_unit_test(costs_are_the_formulas),
        cmocka_unit_test(noise_is_drawn),
    };
    return cmocka_run_group_tests_name("khwa", tests, load, unload);
}

// SPDX-License-Identifier: Apache-2.0
/* HyFlexPIM's digital modules: scales and hand-overs against doubles, nodes against double precision, a whole
 * network against float. */
#include "net/encoder.h"
#include "rtl.h"
#include "system/hyflex.h"
#include "system/placement.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state_of_draw = 1;

static uint32_t draw(void) {
    state_of_draw = state_of_draw * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state_of_draw >> 33);
}

/* Uniform within +-1. */
static double real(void) {
    return (double)draw() / (1u << 30) - 1;
}

/* ---- binary16 in doubles ---- */

static double value(uint16_t x) {
    const int e = x >> 10 & 31, m = x & 1023;
    const double size = e == 31 ? (m ? NAN : INFINITY) : ldexp(e ? m + 1024 : m, (e ? e : 1) - 25);
    return x >> 15 ? -size : size;
}

/* The nearest binary16 of a double, as a double; nearbyint() takes halves to even. */
static double near(double x) {
    int e;
    frexp(x, &e);
    const int lsb = e - 11 > -24 ? e - 11 : -24;
    const double y = ldexp(nearbyint(ldexp(x, -lsb)), lsb);
    return fabs(y) >= 65520 ? copysign(INFINITY, y) : y;
}

static uint16_t code(double x) {
    const float f = (float)x;
    uint16_t y;
    pm_hyflex_from_float(&f, 1, &y);
    return y;
}

static void numbers_go_through_floats(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        const uint16_t x = (uint16_t)i;
        float f;
        uint16_t y;
        pm_hyflex_to_float(&x, 1, &f);
        pm_hyflex_from_float(&f, 1, &y);
        if (pm_fp16_is_nan(x))
            assert_true(isnan(f) && y == PM_FP16_NAN);
        else
            assert_true((double)f == value(x) && y == x);
    }
    for (unsigned i = 0; i < 100000; i++) {
        const float f = (float)ldexp(real(), (int)(draw() % 48) - 28);
        assert_true(value(code((double)f)) == near((double)f));
    }
}

/* ---- scales ---- */

static double scale(struct pm_scale s) {
    return ldexp(s.m, s.e);
}

/* To 16 bits, half up. */
static double sixteen(double x) {
    int e;
    frexp(x, &e);
    return ldexp(floor(ldexp(x, 16 - e) + 0.5), e - 16);
}

static void assert_normal(struct pm_scale s) {
    assert_true(s.m >> 15 == 1);
}

static void scales_are_rounded_half_up(void **state) {
    (void)state;
    unsigned ups = 0;
    for (uint16_t x = 0; x < PM_FP16_INF; x++) {
        assert_true(scale(pm_scale_fp16(x)) == value(x));
        assert_true(scale(pm_scale_fp16(x | PM_FP16_SIGN)) == value(x));
        if (x > 0)
            assert_normal(pm_scale_fp16(x));
    }
    for (unsigned i = 0; i < 1000000; i++) {
        const struct pm_scale a = {32768 + draw() % 32768, (int)(draw() % 60) - 40},
                              b = {i % 7 ? 32768 + draw() % 32768 : 65535 - i % 3, (int)(draw() % 60) - 40};
        const struct pm_scale c = pm_scale_mul(a, b);
        const double exact = scale(a) * scale(b);
        assert_true(scale(c) == sixteen(exact));
        assert_normal(c);
        ups += scale(c) > exact;
    }
    assert_in_range(ups, 450000, 550000);
    assert_int_equal(pm_scale_mul((struct pm_scale){0, 0}, (struct pm_scale){32768, 3}).m, 0);
    assert_int_equal(pm_scale_mul((struct pm_scale){65535, 0}, (struct pm_scale){65535, 0}).m, 65534);
    /* 46341^2 and others around the carry into a seventeenth bit */
    for (uint32_t m = 32768; m < 65536; m++) {
        const struct pm_scale a = {m, -3}, b = {(uint32_t)(0xFFFFFFFFu / m), 5};
        if (b.m >= 32768 && b.m < 65536)
            assert_true(scale(pm_scale_mul(a, b)) == sixteen(scale(a) * scale(b)));
    }
    assert_int_equal(pm_scale_real(1.0 / 127).m, 33026);
    assert_int_equal(pm_scale_real(1.0 / 127).e, -22);
    assert_int_equal(pm_scale_real(0).m, 0);
    for (unsigned i = 0; i < 100000; i++) {
        const double x = ldexp(1 + fabs(real()), (int)(draw() % 100) - 80);
        assert_true(scale(pm_scale_real(x)) == sixteen(x));
    }
}

static void reciprocals_and_scores(void **state) {
    (void)state;
    double worst = 0;
    assert_int_equal(pm_scale_recip(0).m, 0);
    for (unsigned i = 0; i < 300000; i++) {
        const uint32_t z = i < 70000 ? i + 1 : 1 + draw() % (4095u * 4096u);
        const double error = fabs(scale(pm_scale_recip(z)) * z - 1);
        assert_normal(pm_scale_recip(z));
        worst = error > worst ? error : worst;
    }
    /* half of 2^-15 of rounding, and what the first 18 bits of z leave */
    assert_true(worst < 0x1p-16 + 0x1.8p-16 && worst > 0x1p-17);
    const struct pm_scale one = {32768, -15}, small = {40000, -34}, large = {40000, -33};
    assert_true(scale(pm_scale_scores(one, small)) == scale(small));
    assert_int_equal(pm_scale_scores(one, small).e, -34);
    const struct pm_scale top = pm_scale_scores(large, (struct pm_scale){32768, 1});
    assert_true(top.m == 65535 && top.e == -19);
    const struct pm_scale none = pm_scale_scores((struct pm_scale){0, 0}, one);
    assert_true(none.m == 0 && none.e == -19);
}

static void sums_become_binary16(void **state) {
    (void)state;
    for (unsigned i = 0; i < 300000; i++) {
        const int32_t a = (int32_t)(draw() * 2) >> draw() % 31;
        const struct pm_scale row = {32768 + draw() % 32768, (int)(draw() % 16) - 32},
                              column = {32768 + draw() % 32768, (int)(draw() % 16) - 32};
        const double bias = near(real()), onto = near(ldexp(real(), 3));
        const double exact = near(near(near(a * sixteen(scale(row) * scale(column))) + bias) + onto);
        assert_true(value(pm_sfu_restore(a, row, column, code(bias), code(onto))) == exact);
        assert_true(value(pm_sfu_restore(a, row, column, PM_FP16_NOTHING, PM_FP16_NOTHING)) ==
                    near(a * sixteen(scale(row) * scale(column))));
    }
    for (uint32_t x = 0; x < 65536; x++) /* nothing changes nothing, -0 neither */
        if (!pm_fp16_is_nan((uint16_t)x))
            assert_int_equal(pm_fp16_add((uint16_t)x, PM_FP16_NOTHING), x);
}

/* ---- nodes ---- */

#define TOKENS 23
#define WIDTH  24
#define HEADS  3
#define DIM    (WIDTH / HEADS)

struct node {
    struct pm_graph graph;
    struct pm_hyflex_digital *digital;
};

static struct pm_node none(enum pm_node_kind kind) {
    return (struct pm_node){.kind = kind, .name = "node", .width = WIDTH};
}

static void make(struct node *n, struct pm_node node) {
    struct pm_error e = {""};
    n->graph = (struct pm_graph){.tokens = TOKENS};
    if (pm_hyflex_digital_new(&n->graph, &node, &n->digital, &e) != PM_OK)
        fail_msg("%s", e.text);
}

static void run(struct node *n, const struct pm_operands *o, struct pm_counts *counts) {
    const struct pm_hyflex_units u = {.lanes = 8, .counts = counts};
    assert_int_equal(pm_hyflex_digital_run(n->digital, &u, NULL, o), PM_OK);
    pm_hyflex_digital_free(n->digital);
}

static void fill(float *x, size_t n, double size) {
    for (size_t i = 0; i < n; i++)
        x[i] = (float)near(size * (real() + real() + real()));
}

/* The error of y over exact, rms, within two bounds. */
static void assert_error(const char *what, const float *y, const double *exact, size_t n, double least,
                         double most) {
    double error = 0, power = 0;
    for (size_t i = 0; i < n; i++) {
        assert_true((double)y[i] == near((double)y[i]));
        error += (y[i] - exact[i]) * (y[i] - exact[i]);
        power += exact[i] * exact[i];
    }
    const double relative = sqrt(error / power);
    if (!(relative >= least && relative <= most))
        fail_msg("%s: %g is not within %g..%g", what, relative, least, most);
}

static void norms_and_activations(void **state) {
    (void)state;
    float x[TOKENS * WIDTH], y[TOKENS * WIDTH], gamma[WIDTH], beta[WIDTH];
    double exact[TOKENS * WIDTH];
    struct node n;
    struct pm_counts counts[PM_HYFLEX_PARTS] = {0};
    const struct pm_operands o = {.n = TOKENS, .rows = TOKENS, .x = x, .y = y};
    fill(x, TOKENS * WIDTH, 2);
    fill(gamma, WIDTH, 1);
    fill(beta, WIDTH, 0.5);
    const struct pm_layernorm norm = {.width = WIDTH, .eps = 1e-5f, .weight = gamma, .bias = beta};
    struct pm_node node = none(PM_NODE_NORM);
    node.norm = &norm;
    make(&n, node);
    run(&n, &o, counts);
    for (unsigned t = 0; t < TOKENS; t++) {
        double mean = 0, variance = 0;
        for (unsigned i = 0; i < WIDTH; i++)
            mean += (double)x[t * WIDTH + i] / WIDTH;
        for (unsigned i = 0; i < WIDTH; i++)
            variance += (x[t * WIDTH + i] - mean) * (x[t * WIDTH + i] - mean) / WIDTH;
        for (unsigned i = 0; i < WIDTH; i++)
            exact[t * WIDTH + i] =
                (x[t * WIDTH + i] - mean) / sqrt(variance + 1e-5) * (double)gamma[i] + (double)beta[i];
    }
    assert_error("norm", y, exact, TOKENS * WIDTH, 1e-4, 5e-4);
    assert_int_equal(counts[PM_HYFLEX_PART_NORM].of[PM_COUNT_SFU_ROWS], TOKENS);
    assert_int_equal(counts[PM_HYFLEX_PART_NORM].of[PM_COUNT_CLOCKS], TOKENS * 55);

    static const enum pm_activation kinds[] = {PM_GELU, PM_GELU_TANH, PM_RELU};
    for (int k = 0; k < 3; k++) {
        node = none(PM_NODE_ACTIVATION);
        node.activation = kinds[k];
        make(&n, node);
        run(&n, &o, counts);
        for (unsigned i = 0; i < TOKENS * WIDTH; i++) {
            const double v = (double)x[i];
            exact[i] = kinds[k] == PM_GELU ? v / 2 * (1 + erf(v / sqrt(2)))
                       : kinds[k] == PM_RELU
                           ? fmax(v, 0)
                           : v / 2 * (1 + tanh(sqrt(2 / 3.14159265358979) * (v + 0.044715 * v * v * v)));
        }
        assert_error("activation", y, exact, TOKENS * WIDTH, kinds[k] == PM_RELU ? 0 : 5e-5,
                     kinds[k] == PM_RELU ? 0 : 3e-4);
    }
    assert_int_equal(counts[PM_HYFLEX_PART_ACTIVATION].of[PM_COUNT_CLOCKS], 2 * TOKENS * WIDTH / 8);
    assert_int_equal(counts[PM_HYFLEX_PART_ARITHMETIC].of[PM_COUNT_CLOCKS], TOKENS * WIDTH / 8);
}

static void sums_pools_and_patches(void **state) {
    (void)state;
    float x[TOKENS * WIDTH], z[TOKENS * WIDTH], y[TOKENS * WIDTH];
    double exact[TOKENS * WIDTH] = {0};
    uint8_t keep[TOKENS];
    struct node n;
    struct pm_operands o = {.n = TOKENS, .rows = TOKENS, .x = x, .more = {z}, .y = y};
    fill(x, TOKENS * WIDTH, 2);
    fill(z, TOKENS * WIDTH, 2);
    make(&n, none(PM_NODE_ADD));
    run(&n, &o, NULL);
    for (unsigned i = 0; i < TOKENS * WIDTH; i++)
        assert_true((double)y[i] == near((double)x[i] + z[i]));

    /* the mean of the kept rows, every product and sum rounded together */
    unsigned kept = 0;
    for (unsigned t = 0; t < TOKENS; t++)
        kept += keep[t] = t % 3 != 1;
    double mean[WIDTH] = {0}, mean16[WIDTH] = {0};
    for (unsigned t = 0; t < TOKENS; t++)
        for (unsigned i = 0; keep[t] && i < WIDTH; i++) {
            mean[i] += (double)x[t * WIDTH + i] / kept;
            mean16[i] = near((double)x[t * WIDTH + i] * near(1.0 / kept) + mean16[i]);
        }
    struct pm_node pool = none(PM_NODE_POOL);
    pool.rows = 1;
    pool.pool = PM_POOL_MEAN;
    o = (struct pm_operands){.n = 1, .rows = TOKENS, .x = x, .keep = keep, .y = y};
    make(&n, pool);
    run(&n, &o, NULL);
    for (unsigned i = 0; i < WIDTH; i++)
        assert_true((double)y[i] == mean16[i]);
    assert_error("mean", y, mean, WIDTH, 1e-4, 4e-3);
    pool.pool = PM_POOL_FIRST;
    make(&n, pool);
    run(&n, &o, NULL);
    assert_memory_equal(y, x, WIDTH * sizeof *y);

    enum { SIDE = 8, PATCH = 4, PIXELS = PATCH * PATCH };
    uint8_t image[SIDE * SIDE];
    for (unsigned i = 0; i < SIDE * SIDE; i++)
        image[i] = (uint8_t)draw();
    struct pm_node patches = none(PM_NODE_PATCHES);
    patches.width = PIXELS;
    patches.patching = (struct pm_patching){SIDE, PATCH, 0.2875f, 0.353f};
    o = (struct pm_operands){.n = 4, .image = image, .y = y};
    make(&n, patches);
    run(&n, &o, NULL);
    const double factor = near(1 / (255 * (double)0.353f)), add = near(-(double)0.2875f / (double)0.353f);
    for (unsigned p = 0; p < 4; p++)
        for (unsigned i = 0; i < PIXELS; i++) {
            const uint8_t pixel = image[(p / 2 * PATCH + i / PATCH) * SIDE + p % 2 * PATCH + i % PATCH];
            assert_true((double)y[p * PIXELS + i] == near(pixel * factor + add));
            exact[p * PIXELS + i] = (pixel / 255.0 - (double)0.2875f) / (double)0.353f;
        }
    assert_error("patches", y, exact, 4 * PIXELS, 5e-5, 1e-3);
}

/* ---- attention ---- */

/* int8 of values at stride `step`, as section "Special functions" has it; the largest of them. */
static double quantise(const float *x, unsigned n, unsigned step, const uint8_t *keep, double *q) {
    double amax = 0;
    int e;
    for (unsigned i = 0; i < n; i++)
        if (!keep || keep[i])
            amax = fmax(amax, fabs((double)x[i * step]));
    frexp(amax, &e);
    const double inverse = amax > 0 ? ldexp(floor((127 << 20) / ldexp(amax, 11 - e)), -9 - e) : 0;
    for (unsigned i = 0; i < n; i++)
        q[i * step] = !keep || keep[i] ? nearbyint((double)x[i * step] * inverse) : 0;
    return amax;
}

/* The hand-overs in doubles, which hold every number exactly; special functions by the library. */
static void literal_attention(const float *q, const float *k, const float *v, const uint8_t *keep,
                              double *y) {
    static double k8[TOKENS * WIDTH], v8[TOKENS * WIDTH];
    double top_k[WIDTH], top_v[WIDTH];
    for (unsigned c = 0; c < WIDTH; c++) {
        top_k[c] = quantise(k + c, TOKENS, WIDTH, keep, k8 + c);
        top_v[c] = quantise(v + c, TOKENS, WIDTH, keep, v8 + c);
    }
    for (unsigned t = 0; t < TOKENS; t++)
        for (unsigned h = 0; h < HEADS; h++) {
            float row[DIM];
            double q8[DIM];
            int32_t s[TOKENS];
            uint16_t weight[TOKENS];
            uint32_t z;
            for (unsigned c = 0; c < DIM; c++)
                row[c] = (float)near((double)q[t * WIDTH + h * DIM + c] * top_k[h * DIM + c]);
            const double top = quantise(row, DIM, 1, NULL, q8);
            for (unsigned j = 0; j < TOKENS; j++) {
                double sum = 0;
                for (unsigned c = 0; c < DIM; c++)
                    sum += q8[c] * k8[j * WIDTH + h * DIM + c];
                s[j] = (int32_t)sum;
            }
            int e;
            const double unit = sixteen(top * sixteen(1.4426950408889634 / (127 * 127 * sqrt(DIM))));
            const double m = ldexp(frexp(unit, &e), 16);
            pm_sfu_softmax(12, s, keep, (struct pm_scale){(uint32_t)m, e - 16}, TOKENS, weight, &z, NULL);
            for (unsigned c = 0; c < DIM; c++) {
                double sum = 0;
                for (unsigned j = 0; j < TOKENS; j++)
                    sum += weight[j] * v8[j * WIDTH + h * DIM + c];
                frexp(z, &e);
                const double reciprocal = floor(0x1p34 / floor(ldexp(z, 18 - e))) * ldexp(1, -16 - e);
                y[t * WIDTH + h * DIM + c] = near(
                    sum * sixteen(sixteen(reciprocal) * sixteen(top_v[h * DIM + c] * sixteen(1.0 / 127))));
            }
        }
}

static void exact_attention(const float *q, const float *k, const float *v, const uint8_t *keep, double *y) {
    for (unsigned t = 0; t < TOKENS; t++)
        for (unsigned h = 0; h < HEADS; h++) {
            double p[TOKENS], sum = 0;
            for (unsigned j = 0; j < TOKENS; j++) {
                double s = 0;
                for (unsigned c = h * DIM; c < (h + 1) * DIM; c++)
                    s += (double)q[t * WIDTH + c] * k[j * WIDTH + c];
                sum += p[j] = !keep || keep[j] ? exp(s / sqrt(DIM)) : 0;
            }
            for (unsigned c = h * DIM; c < (h + 1) * DIM; c++) {
                y[t * WIDTH + c] = 0;
                for (unsigned j = 0; j < TOKENS; j++)
                    y[t * WIDTH + c] += p[j] / sum * v[j * WIDTH + c];
            }
        }
}

static void attention(void **state) {
    (void)state;
    static float q[TOKENS * WIDTH], k[TOKENS * WIDTH], v[TOKENS * WIDTH], y[TOKENS * WIDTH],
        z[TOKENS * WIDTH];
    static double literal[TOKENS * WIDTH], exact[TOKENS * WIDTH];
    struct node n;
    struct pm_node node = none(PM_NODE_HEADS);
    node.heads = HEADS;
    for (unsigned round = 0; round < 40; round++) {
        uint8_t mask[TOKENS];
        const uint8_t *keep = round % 2 ? mask : NULL;
        fill(q, TOKENS * WIDTH, 1);
        fill(k, TOKENS * WIDTH, 1);
        fill(v, TOKENS * WIDTH, 1);
        for (unsigned t = 0; t < TOKENS; t++) {
            mask[t] = t == round % TOKENS || draw() % 3 > 0;
            for (unsigned c = 0; c < WIDTH; c++) /* channels of unlike size, one of zeros */
                k[t * WIDTH + c] = (float)near(c == 5 ? 0 : (double)k[t * WIDTH + c] * (c % 4 ? 1 : 8));
        }
        struct pm_operands o = {.n = TOKENS, .rows = TOKENS, .x = q, .more = {k, v}, .keep = keep, .y = y};
        struct pm_counts counts[PM_HYFLEX_PARTS] = {0};
        make(&n, node);
        run(&n, &o, counts);
        literal_attention(q, k, v, keep, literal);
        for (unsigned i = 0; i < TOKENS * WIDTH; i++)
            assert_true((double)y[i] == literal[i]);
        exact_attention(q, k, v, keep, exact);
        assert_error("attention", y, exact, TOKENS * WIDTH, 2e-3, 3e-2);
        assert_int_equal(counts[PM_HYFLEX_PART_SOFTMAX].of[PM_COUNT_SFU_ROWS], TOKENS * HEADS);
        assert_int_equal(counts[PM_HYFLEX_PART_QUANTISE].of[PM_COUNT_SFU_ROWS], 2 * WIDTH + TOKENS * HEADS);
        assert_true(counts[PM_HYFLEX_PART_NOR].of[PM_COUNT_NORS] > 0);

        /* what padding holds is of no account */
        for (unsigned t = 0; t < TOKENS; t++)
            for (unsigned c = 0; keep && !keep[t] && c < WIDTH; c++)
                k[t * WIDTH + c] = v[t * WIDTH + c] = (float)near(50 * real());
        o.y = z;
        make(&n, node);
        run(&n, &o, NULL);
        assert_memory_equal(y, z, sizeof y);
    }
    /* nothing to tell keys apart by: the mean of the values */
    memset(k, 0, sizeof k);
    struct pm_operands o = {.n = TOKENS, .rows = TOKENS, .x = q, .more = {k, v}, .y = y};
    make(&n, node);
    run(&n, &o, NULL);
    exact_attention(q, k, v, NULL, exact);
    assert_error("mean of values", y, exact, TOKENS * WIDTH, 1e-4, 1e-1);
}

static void beyond_the_units(void **state) {
    (void)state;
    struct pm_node wide = none(PM_NODE_ADD), signum = none(PM_NODE_ACTIVATION), heads = none(PM_NODE_HEADS);
    wide.width = 8193;
    signum.activation = PM_SIGNUM;
    heads.heads = 257;
    heads.width = 257;
    struct pm_node large = none(PM_NODE_HEADS);
    large.heads = 200;
    large.width = 800;
    const struct {
        const struct pm_node *node;
        unsigned tokens;
        const char *reason;
    } cases[] = {
        {&wide, 4, "node: rows of 8193, a digital module of hyflex has room for 8192"},
        {&signum, 4, "node: signs are no function of hyflex's digital module"},
        {&heads, 4, "node: heads: 257, a digital module of hyflex has room for 256"},
        {&large, 4097, "node: tokens: 4097, a digital module of hyflex has room for 4096"},
        {&large, 1024, "node: keys and values of 1024 tokens, 200 heads of 4, are beyond hyflex's NOR"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct pm_graph g = {.tokens = cases[i].tokens};
        struct pm_hyflex_digital *d;
        struct pm_error e = {""};
        assert_true(pm_hyflex_digital_new(&g, cases[i].node, &d, &e) != PM_OK);
        if (!strstr(e.text, cases[i].reason))
            fail_msg("'%s' lacks '%s'", e.text, cases[i].reason);
        pm_hyflex_digital_free(d);
    }
}

/* ---- a network ---- */

static void no_float_is_left(void **state) {
    (void)state;
    char folder[4096];
    struct pm_encoder network;
    struct pm_error e = {""};
    struct pm_plan plan;
    struct pm_placement *placed;
    struct pm_worker w;
    uint8_t pixels[28 * 28];
    float exact[10], out[10];
    snprintf(folder, sizeof folder, "%s/models/fashion-vit", pm_home());
    assert_int_equal(pm_encoder_load(&network, folder, &e), PM_OK);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i / 7 % 256);
    const struct pm_graph *g = &network.graph;
    const struct pm_graph_input input = {.image = pixels, .n = g->tokens};
    static const char *const plans[] = {"*=hyflex,digital=module",
                                        "*=hyflex,digital=module,cell=2,weights=differential",
                                        "*=hyflex,digital=module ffn*=hyflex,digital=module,cell=ranks"};
    for (size_t k = 0; k < sizeof plans / sizeof *plans; k++) {
        double error = 0, power = 0;
        assert_int_equal(pm_plan_new(&plan), PM_OK);
        assert_int_equal(pm_plan_override(&plan, plans[k], &e), PM_OK);
        assert_int_equal(pm_plan_check(&plan, g, false, &e), PM_OK);
        assert_int_equal(pm_placement_new(&plan, g, folder, 1, &placed, &e), PM_OK);
        for (unsigned i = 0; i < g->nodes; i++) {
            const enum pm_node_kind kind = g->node[i].kind;
            assert_true(kind == PM_NODE_ATTENTION || kind == PM_NODE_TABLE || pm_placement_system(placed, i));
        }
        assert_int_equal(pm_worker_begin(&w, g, placed, g->tokens), PM_OK);
        assert_int_equal(pm_worker_run_host(&w, &input, exact), PM_OK);
        assert_int_equal(pm_worker_run(&w, &input, out), PM_OK);
        for (int c = 0; c < 10; c++) {
            assert_true((double)out[c] == near((double)out[c]));
            error += (double)(out[c] - exact[c]) * (out[c] - exact[c]);
            power += (double)exact[c] * exact[c];
        }
        const double relative = sqrt(error / power), most = k == 2 ? 0.5 : 0.05;
        if (!(relative > 1e-3 && relative < most))
            fail_msg("%s: %g is not within 0.001..%g", plans[k], relative, most);
        pm_worker_end(&w);
        pm_placement_free(placed);
        pm_plan_free(&plan);
    }
    pm_encoder_free(&network);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_go_through_floats),
        cmocka_unit_test(scales_are_rounded_half_up),
        cmocka_unit_test(reciprocals_and_scores),
        cmocka_unit_test(sums_become_binary16),
        cmocka_unit_test(norms_and_activations),
        cmocka_unit_test(sums_pools_and_patches),
        cmocka_unit_test(attention),
        cmocka_unit_test(beyond_the_units),
        cmocka_unit_test(no_float_is_left),
    };
    return cmocka_run_group_tests_name("hyflex_digital", tests, NULL, NULL);
}

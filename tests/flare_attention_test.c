// SPDX-License-Identifier: Apache-2.0
/* The attention engine's forms beside the one that RTL has, against that one and against double precision.
 * (The form that RTL has is held against it by the bench.) */
#include "emsbq.h"
#include "flare_attention.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { D = 64, HEADS = 4, DK = D / HEADS, N = 20 };
static int8_t weights[4][D * D];
static int32_t biases[4][D];
static const struct pm_attention_weights w = {weights[0], weights[1], weights[2], weights[3],
                                              biases[0],  biases[1],  biases[2],  biases[3]};
static double real[N][D]; /* the tokens */

static uint64_t seed = 1;
static double uniform(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / (1ull << 53);
}
static double gauss(void) {
    return sqrt(-2 * log(1 - uniform())) * cos(2 * 3.14159265358979 * uniform());
}

static int setup(void **state) {
    (void)state;
    for (int m = 0; m < 4; m++) {
        for (int i = 0; i < D * D; i++)
            weights[m][i] = (int8_t)fmax(-127, fmin(127, rint(35 * gauss())));
        for (int i = 0; i < D; i++)
            biases[m][i] = (int32_t)rint(4000 * gauss());
    }
    for (int t = 0; t < N; t++)
        for (int i = 0; i < D; i++)
            real[t][i] = gauss() * exp2(t % 5 - 2.0) * 40;
    return 0;
}

static struct pm_attention_cfg config(void) {
    struct pm_attention_cfg c = {.width = D,
                                 .heads = HEADS,
                                 .kvb = 12,
                                 .mk = 8,
                                 .mv = 8,
                                 .round = true,
                                 .coding_x = PM_SIGN,
                                 .coding_o = PM_SIGN,
                                 .mram = pm_array_mram(false, 0)};
    for (int h = 0; h < HEADS; h++) {
        c.s0[h] = 0.75;
        c.e0[h] = -23;
    }
    return c;
}

/* Tokens of `bits`, each at its own exponent. */
static void quantise(unsigned bits, int16_t *x, int32_t *ex) {
    for (int t = 0; t < N; t++) {
        double largest = 0;
        for (int i = 0; i < D; i++)
            largest = fmax(largest, fabs(real[t][i]));
        frexp(largest / ((1 << (bits - 1)) - 1), &ex[t]);
        for (int i = 0; i < D; i++)
            x[t * D + i] = (int16_t)rint(ldexp(real[t][i], -ex[t]));
    }
}

struct result {
    int16_t y[N * D];
    int32_t e[N];
    struct pm_attention_cost cost;
};

static void run(const struct pm_attention_cfg *c, struct result *r) {
    struct pm_attention *g;
    int16_t x[N * D];
    int32_t ex[N];
    memset(r, 0, sizeof *r);
    quantise(c->q ? c->q : 8, x, ex);
    assert_int_equal(pm_attention_new(c, &w, N, 0, &g), PM_OK);
    assert_int_equal(pm_attention_run_wide(g, x, ex, NULL, N, 0, r->y, r->e, &r->cost, NULL, NULL), PM_OK);
    pm_attention_free(g);
}

static bool same(const struct result *a, const struct result *b) {
    return memcmp(a->y, b->y, sizeof a->y) == 0 && memcmp(a->e, b->e, sizeof a->e) == 0;
}

static uint64_t accesses(const struct result *r) {
    uint64_t sum = 0;
    for (int k = 0; k < PM_GEMV_KINDS; k++)
        sum += r->cost.gemv[k].accesses;
    return sum;
}

/* How an access's wordlines are shared out, and which planes there are, changes what it costs and nothing
 * else. */
static void sharing_changes_no_result(void **state) {
    (void)state;
    struct pm_attention_cfg c = config();
    struct result split, scan, next;
    run(&c, &split);
    c.gpc = PM_GPC_SCAN;
    run(&c, &scan);
    c.gpc = PM_GPC_NEXT;
    run(&c, &next);
    assert_true(same(&split, &scan) && same(&split, &next));
    assert_true(accesses(&split) < accesses(&scan) && accesses(&scan) < accesses(&next));
    assert_true((double)accesses(&next) < 1.3 * (double)accesses(&split));
    assert_int_equal(split.cost.gemv[PM_GEMV_K].windows, N * 64);
    for (int k = 0; k < PM_GEMV_KINDS; k++)
        assert_int_equal(split.cost.gemv[k].ones, next.cost.gemv[k].ones);
    /* Small elements, so that eMSB-Q has nothing to shift: only then are there planes to join. */
    struct pm_attention *g[2];
    static int8_t x[N * D], y[2][N * D];
    static const int32_t ex[N];
    int32_t e[2][N];
    struct pm_attention_cost cost[2] = {0};
    for (int i = 0; i < N * D; i++)
        x[i] = (int8_t)(i % 7 - 3);
    c = config();
    c.coding_x = PM_TWOS;
    for (int k = 0; k < 2; k++) {
        c.all_planes = k;
        assert_int_equal(pm_attention_new(&c, &w, N, 0, &g[k]), PM_OK);
        assert_int_equal(pm_attention_run(g[k], x, ex, NULL, N, 0, y[k], e[k], &cost[k], NULL, NULL), PM_OK);
        pm_attention_free(g[k]);
    }
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    assert_memory_equal(e[0], e[1], sizeof e[0]);
    /* Planes 2 to 7 of -3..3 are one. */
    assert_true(cost[0].gemv[PM_GEMV_K].ones * 2 < cost[1].gemv[PM_GEMV_K].ones);
}

/* Softmax(q k^T) v in double precision, of the real tokens. */
static void reference(const struct pm_attention_cfg *c, double y[N][D]) {
    static double part[3][N][D], o[N][D];
    for (int t = 0; t < N; t++)
        for (int i = 0; i < D; i++)
            for (int m = 0; m < 3; m++) { /* q, k, v */
                part[m][t][i] = biases[m][i];
                for (int d = 0; d < D; d++)
                    part[m][t][i] += real[t][d] * weights[m][d * D + i];
            }
    for (int t = 0; t < N; t++)
        for (int h = 0; h < HEADS; h++) {
            double p[N], sum = 0, largest = -INFINITY;
            const int keys = c->causal ? t + 1 : N;
            for (int j = 0; j < keys; j++) {
                p[j] = 0;
                for (int i = h * DK; i < (h + 1) * DK; i++)
                    p[j] += part[0][t][i] * part[1][j][i];
                p[j] *= ldexp(c->s0[h], c->e0[h] - (int)c->mk);
                largest = fmax(largest, p[j]);
            }
            for (int j = 0; j < keys; j++)
                sum += p[j] = exp(p[j] - largest);
            for (int i = h * DK; i < (h + 1) * DK; i++) {
                o[t][i] = 0;
                for (int j = 0; j < keys; j++)
                    o[t][i] += p[j] / sum * part[2][j][i];
            }
        }
    for (int t = 0; t < N; t++)
        for (int i = 0; i < D; i++) {
            y[t][i] = biases[3][i];
            for (int d = 0; d < D; d++)
                y[t][i] += o[t][d] * weights[3][d * D + i];
        }
}

static double error(const struct result *r, double y[N][D]) {
    double off = 0, all = 0;
    for (int t = 0; t < N; t++)
        for (int i = 0; i < D; i++) {
            off += pow(ldexp(r->y[t * D + i], r->e[t]) - y[t][i], 2);
            all += pow(y[t][i], 2);
        }
    return sqrt(off / all);
}

static void nine_bits_are_closer(void **state) {
    (void)state;
    struct pm_attention_cfg c = config();
    struct result eight, nine, spelled;
    static double y[N][D];
    run(&c, &eight);
    c.q = 8;
    run(&c, &spelled);
    assert_true(same(&eight, &spelled));
    c.q = 9;
    run(&c, &nine);
    reference(&c, y);
    print_message("# error %.4f in 8 bits, %.4f in 9\n", error(&eight, y), error(&nine, y));
    assert_true(error(&eight, y) < 0.04 && error(&eight, y) > 0.005);
    assert_true(error(&nine, y) < 0.8 * error(&eight, y));
    assert_int_equal(nine.cost.gemv[PM_GEMV_K].windows, N * 9 * 8);
    assert_int_equal(nine.cost.gemv[PM_GEMV_AV].windows, N * HEADS * 8 * 3);
    int most = 0;
    for (int i = 0; i < N * D; i++)
        most = abs(nine.y[i]) > most ? abs(nine.y[i]) : most;
    assert_true(most > 128 && most < 256);
}

static struct pm_attention_exponents own;

static void see(void *ctx, const struct pm_attention_stages *s) {
    const struct pm_attention_cfg *c = ctx;
    if (s->k)
        return;
    own.q = s->s_q[0];
    own.l = -(s->ne[0] + c->e0[0] + own.x + s->s_q[0]);
    own.o = s->s_o;
}

/* With one head and one token that is its own typical one nothing is lost; with others everything is at one
 * scale. */
static void dropped_exponents(void **state) {
    (void)state;
    struct pm_attention_cfg c = config();
    struct pm_attention *g;
    int16_t x[N * D];
    int32_t ex[N];
    struct result carried = {0}, dropped = {0}, other = {0};
    static double y[N][D];
    c.heads = 1;
    quantise(8, x, ex);
    own.x = ex[0];
    assert_int_equal(pm_attention_new(&c, &w, N, 0, &g), PM_OK);
    assert_int_equal(pm_attention_run_wide(g, x, ex, NULL, 1, 0, carried.y, carried.e, NULL, see, &c), PM_OK);
    pm_attention_free(g);
    own.y = carried.e[0] - (own.o + (int)c.mv - 4);
    c.drop_exponents = true;
    c.typical = own;
    assert_int_equal(pm_attention_new(&c, &w, N, 0, &g), PM_OK);
    assert_int_equal(pm_attention_run_wide(g, x, ex, NULL, 1, 0, dropped.y, dropped.e, NULL, NULL, NULL),
                     PM_OK);
    assert_true(same(&carried, &dropped));
    assert_int_equal(pm_attention_run_wide(g, x, ex, NULL, N, 0, dropped.y, dropped.e, NULL, NULL, NULL),
                     PM_OK);
    for (int t = 1; t < N; t++)
        assert_int_equal(dropped.e[t], dropped.e[0]);
    for (int t = 0; t < N; t++) /* whatever exponents they had */
        ex[t] = t % 3;
    assert_int_equal(pm_attention_run_wide(g, x, ex, NULL, N, 0, other.y, other.e, NULL, NULL, NULL), PM_OK);
    assert_true(same(&dropped, &other));
    quantise(8, x, ex);
    pm_attention_free(g);
    c.typical.o += 3; /* is what counts, and not what the group has */
    c.typical.y -= 1;
    c.typical.q += 1;
    c.typical.l += 2;
    assert_int_equal(pm_attention_new(&c, &w, N, 0, &g), PM_OK);
    assert_int_equal(pm_attention_run_wide(g, x, ex, NULL, 1, 0, dropped.y, dropped.e, NULL, see, &c), PM_OK);
    assert_int_equal(dropped.e[0], carried.e[0] + 2);
    assert_true(own.q == c.typical.q && own.l == c.typical.l && own.o == c.typical.o);
    pm_attention_free(g);
    c.heads = HEADS;
    run(&c, &dropped);
    c.drop_exponents = false;
    run(&c, &carried);
    reference(&c, y);
    print_message("# error %.3f with their exponents, %.3f without\n", error(&carried, y),
                  error(&dropped, y));
    assert_true(error(&dropped, y) > 5 * error(&carried, y));
}

static void all_wordlines_at_once(void **state) {
    (void)state;
    struct pm_attention_cfg c = config();
    struct result sifted, exact, coarse;
    static double y[N][D];
    run(&c, &sifted);
    c.adc = 7; /* 64 rows */
    run(&c, &exact);
    assert_true(same(&sifted, &exact));
    assert_true(accesses(&exact) < accesses(&sifted));
    c.adc = 5;
    run(&c, &coarse);
    reference(&c, y);
    print_message("# error %.3f exact, %.3f with 5 bits\n", error(&exact, y), error(&coarse, y));
    assert_true(error(&coarse, y) > 2 * error(&exact, y));
}

/* A causal run's token is the last token of a run that ends with it; and it makes no difference in how many
 * runs its keys and values came to be stored, nor what comes after it. */
static void a_token_sees_its_past(void **state) {
    (void)state;
    enum { CUTS = 4 };
    static const unsigned cut[CUTS][3] = {{1, 2, N}, {7, 8, N}, {N - 1, N, N}, {5, 19, N}};
    struct pm_attention_cfg c = config();
    struct pm_attention *whole, *causal;
    struct result all, other;
    int16_t x[N * D];
    int32_t ex[N];
    uint8_t keep[N];
    static double y[N][D];
    quantise(8, x, ex);
    assert_int_equal(pm_attention_new(&c, &w, N, 0, &whole), PM_OK);
    c.causal = true;
    assert_int_equal(pm_attention_new(&c, &w, N, 0, &causal), PM_OK);
    for (int masked = 0; masked < 2; masked++) {
        const uint8_t *mask = masked ? keep : NULL;
        for (int t = 0; t < N; t++)
            keep[t] = t % 3 != 1;
        memset(&all, 0, sizeof all);
        assert_int_equal(
            pm_attention_run_wide(causal, x, ex, mask, N, 0, all.y, all.e, &all.cost, NULL, NULL), PM_OK);
        for (unsigned n = 1; n <= N; n++) {
            memset(&other, 0, sizeof other);
            assert_int_equal(
                pm_attention_run_wide(whole, x, ex, mask, n, 0, other.y, other.e, NULL, NULL, NULL), PM_OK);
            assert_memory_equal(other.y + (n - 1) * D, all.y + (n - 1) * D, D * sizeof *all.y);
            assert_int_equal(other.e[n - 1], all.e[n - 1]);
        }
        for (int k = 0; k < CUTS; k++) {
            memset(&other, 0, sizeof other);
            for (unsigned at = 0, i = 0; at < N; at = cut[k][i++]) {
                assert_int_equal(pm_attention_append(causal, at), PM_OK);
                assert_int_equal(pm_attention_run_wide(causal, x + at * D, ex + at, mask, cut[k][i] - at, at,
                                                       other.y + at * D, other.e + at, &other.cost, NULL,
                                                       NULL),
                                 PM_OK);
            }
            assert_true(same(&all, &other));
            for (int kind = 0; kind < PM_GEMV_KINDS; kind++)
                assert_int_equal(all.cost.gemv[kind].accesses, other.cost.gemv[kind].accesses);
        }
    }
    /* A token in another's place, after all have been there. */
    assert_int_equal(pm_attention_append(causal, 3), PM_OK);
    assert_int_equal(
        pm_attention_run_wide(causal, x + 4 * D, ex + 4, NULL, 1, 0, other.y, other.e, NULL, NULL, NULL),
        PM_OK);
    memmove(x + 3 * D, x + 4 * D, D * sizeof *x);
    ex[3] = ex[4];
    assert_int_equal(pm_attention_run_wide(whole, x, ex, NULL, 4, 0, all.y, all.e, NULL, NULL, NULL), PM_OK);
    assert_memory_equal(other.y, all.y + 3 * D, D * sizeof *all.y);
    assert_int_equal(pm_attention_append(causal, 5), PM_EINVAL); /* only 4 are left */
    assert_int_equal(pm_attention_append(causal, 4), PM_OK);
    assert_int_equal(pm_attention_run_wide(causal, x, ex, NULL, N - 3, 0, other.y, other.e, NULL, NULL, NULL),
                     PM_EINVAL);
    pm_attention_free(whole);
    pm_attention_free(causal);
    run(&c, &all);
    reference(&c, y);
    print_message("# causal: error %.4f\n", error(&all, y));
    assert_true(error(&all, y) < 0.04 && error(&all, y) > 0.005);
}

/* Rows of more keys than an array has: what a run's stages show, and from its keys, values and queries each
 * row anew, its tiles in bulk. */
struct rows {
    const struct pm_attention_cfg *c;
    unsigned n, every; /* tokens; each how many-th is looked at */
    int16_t *k, *v;
    const int32_t *ex;
    uint64_t compared;
};

static void check_row(const struct rows *r, const struct pm_attention_stages *s, unsigned h) {
    const unsigned d = r->c->width, d_k = d / r->c->heads, n = r->n,
                   tiles = (n + PM_MAX_KEYS - 1) / PM_MAX_KEYS;
    const struct pm_tile_shape shape = {1, n, PM_MAX_KEYS, d_k};
    const struct pm_emsbq_cfg q8 = {.q = 8, .is_signed = true, .round = true};
    struct pm_vdr_lut lut;
    static int64_t l[PM_MAX_TOKENS], z, o[64];
    static int16_t l8[PM_MAX_TOKENS], v[PM_MAX_TOKENS * 8];
    static int8_t x[PM_MAX_TOKENS];
    static uint8_t keep[PM_MAX_TOKENS], a[PM_MAX_TOKENS], shift[PM_MAX_TOKENS / PM_MAX_KEYS];
    static int32_t ne[PM_MAX_TOKENS / PM_MAX_KEYS], reference[PM_MAX_TOKENS / PM_MAX_KEYS];
    for (unsigned j = 0; j < n; j++) {
        keep[j] = !r->c->causal || j <= s->token;
        l[j] = 0;
        for (unsigned i = 0; i < d_k; i++) {
            l[j] += (int64_t)s->q[h * d_k + i] * r->k[j * d + h * d_k + i];
            v[j * d_k + i] = r->v[j * d + h * d_k + i];
        }
    }
    for (unsigned t = 0; t < tiles; t++) {
        const unsigned first = t * PM_MAX_KEYS, keys = n - first < PM_MAX_KEYS ? n - first : PM_MAX_KEYS;
        const int s_l = pm_emsbq(&q8, l + first, keep + first, keys, l8 + first);
        ne[t] = -(r->c->e0[h] + r->ex[s->token] + s->s_q[h] + s_l);
        assert_int_equal(s->ne[h * s->tiles + t], ne[t]);
    }
    for (unsigned j = 0; j < n; j++)
        x[j] = (int8_t)l8[j];
    assert_int_equal(pm_vdr_lut_init(&lut, r->c->s0[h]), PM_OK);
    pm_tile_attention(&lut, &shape, x, ne, keep, v, true, a, shift, reference, &z, o);
    assert_memory_equal(s->a + h * s->stride, a, n);
    assert_int_equal(s->z[h], pm_tile_whole(z));
    for (unsigned i = 0; i < d_k; i++)
        assert_int_equal(s->o[h * d_k + i],
                         pm_head_norm(pm_tile_whole(o[i]), (uint32_t)pm_tile_whole(z), PM_NORM_RECIP));
}

static void see_rows(void *ctx, const struct pm_attention_stages *s) {
    struct rows *r = ctx;
    const size_t d = r->c->width;
    if (s->k) {
        memcpy(r->k + s->token * d, s->k, d * sizeof *s->k);
        memcpy(r->v + s->token * d, s->v, d * sizeof *s->v);
        return;
    }
    for (unsigned h = 0; s->token % r->every == r->every - 1 && h < r->c->heads; h++) {
        check_row(r, s, h);
        r->compared += r->n;
    }
}

static void rows_are_tiled(unsigned width, unsigned heads, unsigned n, unsigned every, bool causal) {
    struct pm_attention_cfg c = config();
    struct pm_attention *g;
    const size_t all = (size_t)n * width;
    c.width = width;
    c.heads = heads;
    c.causal = causal;
    int8_t *x = malloc(all), *y = malloc(all), *again = malloc(all);
    int32_t *ex = malloc(n * sizeof *ex), *e = malloc(n * sizeof *e);
    struct rows r = {&c, n, every, malloc(all * sizeof *r.k), malloc(all * sizeof *r.v), ex, 0};
    for (size_t i = 0; i < all; i++)
        x[i] = (int8_t)fmax(-127, fmin(127, rint(40 * gauss())));
    for (unsigned t = 0; t < n; t++)
        ex[t] = (int32_t)(t % 3) - 1;
    assert_int_equal(pm_attention_new(&c, &w, n, 0, &g), PM_OK);
    assert_int_equal(pm_attention_run(g, x, ex, NULL, n, 0, y, e, NULL, see_rows, &r), PM_OK);
    assert_true(r.compared == (uint64_t)heads * n * (n / every));
    for (unsigned at = 0, end = 700; causal && at < n; at = end, end = n) { /* in pieces */
        assert_int_equal(pm_attention_append(g, at), PM_OK);
        assert_int_equal(pm_attention_run(g, x + at * width, ex + at, NULL, end - at, at, again + at * width,
                                          e + at, NULL, NULL, NULL),
                         PM_OK);
    }
    if (causal)
        assert_memory_equal(y, again, all);
    pm_attention_free(g);
    free(x), free(y), free(again), free(ex), free(e), free(r.k), free(r.v);
}

static void long_rows(void **state) {
    (void)state;
    rows_are_tiled(16, 2, 1024, 97, true);
    rows_are_tiled(16, 2, 1100, 97, true);
    rows_are_tiled(16, 2, 513, 57, false);
    rows_are_tiled(4, 1, PM_MAX_TOKENS, 1024, false);
}

static void refuses(void **state) {
    (void)state;
    struct pm_attention_cfg c = config();
    struct pm_attention *g;
    static const int8_t x[N * D];
    static const int32_t ex[N];
    int8_t y[N * D];
    int32_t e[N];
    c.q = 10;
    assert_int_equal(pm_attention_check(&c), PM_EINVAL);
    c.q = 9;
    assert_int_equal(pm_attention_new(&c, &w, N, 0, &g), PM_OK);
    assert_int_equal(pm_attention_run(g, x, ex, NULL, N, 0, y, e, NULL, NULL, NULL),
                     PM_EINVAL); /* of 8 bits */
    pm_attention_free(g);
    c = config();
    assert_int_equal(pm_attention_new(&c, &w, PM_MAX_TOKENS + 1, 0, &g), PM_EINVAL);
    c.gpc = (enum pm_gpc_mode)3;
    assert_int_equal(pm_attention_check(&c), PM_EINVAL);
    c = config();
    c.adc = 7;
    c.mram = pm_array_mram(true, 1);
    assert_int_equal(pm_attention_check(&c), PM_EINVAL);
    c.mram = pm_array_mram(false, 1);
    c.adc = PM_WHOLE_MAX_ADC + 1;
    assert_int_equal(pm_attention_new(&c, &w, N, 0, &g), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sharing_changes_no_result),
        cmocka_unit_test(nine_bits_are_closer),
        cmocka_unit_test(dropped_exponents),
        cmocka_unit_test(all_wordlines_at_once),
        cmocka_unit_test(a_token_sees_its_past),
        cmocka_unit_test(long_rows),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}

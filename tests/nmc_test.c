// SPDX-License-Identifier: Apache-2.0
#include "nmc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t seed = 1;
static uint32_t draw(void) {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

/* ---- the oracle: bits one at a time in arrays of their own, nothing of the golden model ---- */

static int bit(int v, int i) {
    return v >> i & 1;
}

/* One operation as the page says it: accesses as (row, plane) pairs from three nested descriptions, each
 * product bit by itself. */
struct naive {
    int64_t y, least, most;
    uint64_t accesses, reads, t_sa, t_mul;
};

static struct naive naive_mac(enum pm_nmc_order order, bool is_signed, bool skip, const int32_t *x,
                              const int8_t *w, size_t n, size_t stride) {
    struct naive r = {0};
    int plane[8], planes = 0, before_row = -1, sa[PM_NMC_COLS], product[PM_NMC_COLS];
    for (int i = 0; i < 8; i++) {
        bool any = !skip;
        for (size_t c = 0; c < n; c++)
            any = any || bit(x[c], i);
        if (any)
            plane[planes++] = i;
    }
    for (int a = 0; a < 8 * planes; a++) {
        int k, p;
        if (order == PM_NMC_ONCE) {
            k = 7 - a / planes;
            p = a % planes;
        } else {
            p = a / 8;
            k = order == PM_NMC_SNAKE && p % 2 ? a % 8 : 7 - a % 8;
        }
        if (order != PM_NMC_ONCE || k != before_row) {
            for (size_t c = 0; c < n; c++) {
                r.t_sa += r.reads > 0 && sa[c] != bit(w[c * stride], k);
                sa[c] = bit(w[c * stride], k);
            }
            r.reads++;
        }
        before_row = k;
        int64_t sum = 0;
        for (size_t c = 0; c < n; c++) {
            const int now = sa[c] && bit(x[c], plane[p]);
            r.t_mul += a > 0 && product[c] != now;
            product[c] = now;
            sum += now;
        }
        const int64_t weight =
            (int64_t)(k == 7 ? -128 : 1 << k) * (is_signed && plane[p] == 7 ? -128 : 1 << plane[p]);
        r.y += sum * weight;
        r.accesses++;
    }
    return r;
}

static int32_t element(bool is_signed, int kind) {
    const int32_t v = kind == 0   ? (int32_t)(draw() & 0xff)
                      : kind == 1 ? (int32_t)(draw() & 0x11)
                      : kind == 2 ? 0x80
                      : kind == 3 ? 0
                                  : 0xff;
    return is_signed ? (int8_t)v : v;
}

static void mac_is_the_product_and_counts_as_defined(void **state) {
    (void)state;
    static const size_t ks[] = {1, 2, 63, 64, 65, 575, 576, 577, 1300};
    for (size_t s = 0; s < sizeof ks / sizeof *ks; s++)
        for (int mode = 0; mode < 12; mode++)
            for (int kind = 0; kind < 5; kind++) {
                enum { T = 2, M = 2 };
                const size_t k = ks[s];
                const struct pm_nmc_cfg cfg = {(enum pm_nmc_order)(mode % 3), mode / 3 % 2, mode / 6};
                int32_t *x = malloc(T * k * sizeof *x), y[T * M];
                int8_t *w = malloc(k * M);
                struct pm_nmc_counts counts = {0}, fast = {0};
                struct naive all = {0};
                for (size_t i = 0; i < T * k; i++)
                    x[i] = element(cfg.is_signed, kind);
                for (size_t i = 0; i < k * M; i++)
                    w[i] = (int8_t)element(true, kind == 3 ? 0 : kind);
                assert_int_equal(pm_nmc_mac(&cfg, x, w, T, k, M, y, &counts), PM_OK);
                for (size_t t = 0; t < T; t++)
                    for (size_t m = 0; m < M; m++) {
                        int64_t product = 0, tiles = 0;
                        for (size_t i = 0; i < k; i++)
                            product += (int64_t)x[t * k + i] * w[i * M + m];
                        for (size_t at = 0; at < k; at += 576) {
                            const struct naive r =
                                naive_mac(cfg.order, cfg.is_signed, cfg.skip, x + t * k + at, w + at * M + m,
                                          k - at < 576 ? k - at : 576, M);
                            tiles += r.y;
                            all.accesses += r.accesses;
                            all.reads += r.reads;
                            all.t_sa += r.t_sa;
                            all.t_mul += r.t_mul;
                            struct pm_nmc_macro macro;
                            struct pm_nmc_input in;
                            const unsigned cols = k - at < 576 ? (unsigned)(k - at) : 576;
                            pm_nmc_program_mac(&macro, 0, w + at * M + m, cols, M);
                            pm_nmc_slice(x + t * k + at, cols, &in);
                            pm_nmc_mac_count(&macro, &cfg, &in, &fast);
                        }
                        assert_int_equal(tiles, product);
                        assert_int_equal(y[t * M + m], product);
                    }
                assert_int_equal(counts.accesses, all.accesses);
                assert_int_equal(counts.reads, all.reads);
                assert_int_equal(counts.t_sa, all.t_sa);
                assert_int_equal(counts.t_mul, all.t_mul);
                assert_int_equal(counts.t_xor, 0);
                assert_memory_equal(&fast, &counts, sizeof fast);
                free(x);
                free(w);
            }
}

/* Of one operation: accesses and reads, and t_sa from the weights alone. */
static void closed_identities(void **state) {
    (void)state;
    for (int round = 0; round < 2000; round++) {
        const size_t n = 1 + draw() % 600 % 576;
        int32_t x[PM_NMC_COLS], y;
        int8_t w[PM_NMC_COLS];
        const uint32_t mask = draw() & draw() & 0xff;
        uint64_t sum_t = 0, ends = 0, nz = 0;
        uint32_t any = 0;
        for (size_t i = 0; i < n; i++) {
            x[i] = (int32_t)(draw() & mask);
            w[i] = (int8_t)draw();
            any |= (uint32_t)x[i];
            for (int b = 0; b < 7; b++)
                sum_t += (uint64_t)(bit(w[i], b) != bit(w[i], b + 1));
            ends += (uint64_t)(bit(w[i], 0) != bit(w[i], 7));
        }
        for (int skip = 0; skip < 2; skip++) {
            nz = skip ? (uint64_t)__builtin_popcount(any) : 8;
            for (int order = 0; order < 3; order++) {
                const struct pm_nmc_cfg cfg = {(enum pm_nmc_order)order, false, skip};
                struct pm_nmc_counts c = {0};
                assert_int_equal(pm_nmc_mac(&cfg, x, w, 1, n, 1, &y, &c), PM_OK);
                assert_int_equal(c.accesses, 8 * nz);
                assert_int_equal(c.reads, order != PM_NMC_ONCE ? 8 * nz : nz > 0 ? 8 : 0);
                assert_int_equal(c.t_sa, nz == 0                ? 0
                                         : order == PM_NMC_ONCE ? sum_t
                                         : order == PM_NMC_VWM  ? nz * sum_t + (nz - 1) * ends
                                                                : nz * sum_t);
                assert_true(c.accesses < 65536 && c.t_sa < 65536 && c.t_mul < 65536);
                assert_true(nz > 0 || (y == 0 && c.t_mul == 0));
            }
        }
    }
}

/* Columns add independently, so that a partial sum is extreme where every column is: one column with every
 * weight and input, every set of remaining planes, every prefix of every order. */
static void bits_26_hold_every_partial_sum(void **state) {
    (void)state;
    int32_t least = 0, most = 0;
    for (unsigned planes = 1; planes < 256; planes++)
        for (int mode = 0; mode < 6; mode++) {
            struct pm_nmc_access access[PM_NMC_ACCESSES];
            const unsigned n = pm_nmc_schedule((enum pm_nmc_order)(mode % 3), planes, access);
            for (unsigned x = planes;; x = (x - 1) & planes) {
                for (unsigned w = 0; w < 256; w++) {
                    int32_t sum = 0;
                    for (unsigned a = 0; a < n; a++) {
                        const unsigned k = access[a].row, i = access[a].plane;
                        const int32_t term = (int32_t)((w >> k & x >> i & 1) << (k + i));
                        sum += (mode >= 3 && i == 7) != (k == 7) ? -term : term;
                        least = sum < least ? sum : least;
                        most = sum > most ? sum : most;
                    }
                    const int32_t sx = mode >= 3 ? (int8_t)x : (int32_t)x;
                    assert_true(sum == sx * (int8_t)w); /* and so all orders agree */
                }
                if (x == 0)
                    break;
            }
        }
    assert_int_equal(least, -255 * 128);
    assert_int_equal(most, 255 * 127);
    assert_true(576 * least >= -(1 << 25) && 576 * most < 1 << 25);
    assert_true(576 * least < -(1 << 24)); /* 25 bits would not do */
    assert_true(63 * 576 < 1 << 16);       /* toggles */
}

/* Every order is a permutation of rows x remaining planes, and reads what it needs. */
static void schedules(void **state) {
    (void)state;
    for (unsigned planes = 0; planes < 256; planes++)
        for (int order = 0; order < 3; order++) {
            struct pm_nmc_access access[PM_NMC_ACCESSES];
            const unsigned n = pm_nmc_schedule((enum pm_nmc_order)order, planes, access);
            uint64_t seen = 0;
            assert_int_equal(n, 8 * __builtin_popcount(planes));
            for (unsigned a = 0; a < n; a++) {
                const uint64_t cell = (uint64_t)1 << (access[a].plane * 8 + access[a].row);
                assert_true(planes >> access[a].plane & 1);
                assert_false(seen & cell);
                assert_true(access[a].read || access[a].row == access[a - 1].row);
                seen |= cell;
            }
        }
}

static void xor_is_the_product_of_signs(void **state) {
    (void)state;
    static const size_t ks[] = {1, 64, 575, 576, 577, 1200}, ms[] = {1, 7, 8, 9, 20};
    for (size_t a = 0; a < sizeof ks / sizeof *ks; a++)
        for (size_t b = 0; b < sizeof ms / sizeof *ms; b++) {
            enum { T = 3 };
            const size_t k = ks[a], m = ms[b];
            uint8_t *x = malloc(T * k), *w = malloc(k * m);
            int32_t *y = malloc(T * m * sizeof *y);
            struct pm_nmc_counts counts = {0};
            uint64_t toggles = 0, reads = 0;
            for (size_t i = 0; i < T * k; i++)
                x[i] = draw() & 1;
            for (size_t i = 0; i < k * m; i++)
                w[i] = draw() & 1;
            assert_int_equal(pm_nmc_xor(x, w, T, k, m, y, &counts), PM_OK);
            for (size_t t = 0; t < T; t++)
                for (size_t out = 0; out < m; out++) {
                    int dot = 0;
                    for (size_t i = 0; i < k; i++) {
                        dot += (x[t * k + i] ? -1 : 1) * (w[i * m + out] ? -1 : 1);
                        /* the row before in the same macro, unless this is its first */
                        toggles += out % 8 > 0 && w[i * m + out] != w[i * m + out - 1];
                    }
                    assert_int_equal(y[t * m + out], dot);
                    reads += (k + 575) / 576;
                }
            assert_int_equal(counts.t_xor, toggles);
            assert_int_equal(counts.reads, reads);
            assert_int_equal(counts.accesses, reads);
            assert_int_equal(counts.t_sa + counts.t_mul, 0);
            free(x);
            free(w);
            free(y);
        }
}

static void ranges_are_checked(void **state) {
    (void)state;
    struct pm_nmc_cfg cfg = {PM_NMC_ONCE, true, true};
    int32_t y;
    const int8_t w = 1;
    const uint8_t two = 2, one = 1;
    assert_int_equal(pm_nmc_mac(&cfg, (int32_t[]){128}, &w, 1, 1, 1, &y, NULL), PM_ERANGE);
    assert_int_equal(pm_nmc_mac(&cfg, (int32_t[]){-128}, &w, 1, 1, 1, &y, NULL), PM_OK);
    assert_int_equal(y, -128);
    cfg.is_signed = false;
    assert_int_equal(pm_nmc_mac(&cfg, (int32_t[]){-1}, &w, 1, 1, 1, &y, NULL), PM_ERANGE);
    assert_int_equal(pm_nmc_mac(&cfg, (int32_t[]){256}, &w, 1, 1, 1, &y, NULL), PM_ERANGE);
    assert_int_equal(pm_nmc_mac(&cfg, (int32_t[]){255}, &w, 1, 0, 1, &y, NULL), PM_EINVAL);
    assert_int_equal(pm_nmc_mac(&cfg, (int32_t[]){255}, &w, 1, PM_NMC_MAX_K + 1, 1, &y, NULL), PM_EINVAL);
    assert_int_equal(pm_nmc_xor(&two, &one, 1, 1, 1, &y, NULL), PM_ERANGE);
    assert_int_equal(pm_nmc_xor(&one, &two, 1, 1, 1, &y, NULL), PM_ERANGE);
    assert_int_equal(pm_nmc_xor(&one, &one, 1, 1, 0, &y, NULL), PM_EINVAL);
    /* The largest matrix fits: 65536 x 255 x -128. */
    int32_t *x = malloc(PM_NMC_MAX_K * sizeof *x);
    int8_t *lows = malloc(PM_NMC_MAX_K);
    for (size_t i = 0; i < PM_NMC_MAX_K; i++) {
        x[i] = 255;
        lows[i] = -128;
    }
    assert_int_equal(pm_nmc_mac(&cfg, x, lows, 1, PM_NMC_MAX_K, 1, &y, NULL), PM_OK);
    assert_int_equal(y, -2139095040);
    free(x);
    free(lows);
}

static int naive_toggles(int w) {
    int t = 0;
    for (int b = 0; b < 7; b++)
        t += bit(w, b) != bit(w, b + 1);
    return t;
}

static void toggles_and_fine_tuning(void **state) {
    (void)state;
    for (int w = -128; w < 128; w++) {
        assert_int_equal(pm_toggles((int8_t)w), naive_toggles(w));
        for (int r = 0; r < 128; r++) {
            int best = w; /* by the whole key at once, over all candidates in the other order */
            for (int v = 127; v >= -128; v--) {
                const int t = naive_toggles(v), bt = naive_toggles(best);
                if (abs(v - w) <= r && (t < bt || (t == bt && (abs(v - w) < abs(best - w) ||
                                                               (abs(v - w) == abs(best - w) && v < best)))))
                    best = v;
            }
            assert_int_equal(pm_ptft((int8_t)w, (unsigned)r), best);
        }
    }
    assert_int_equal(pm_ptft(126, 2), 127); /* no candidate beyond the type */
    assert_int_equal(pm_toggles(0x55), 7);
    assert_int_equal(pm_toggles(-1), 0);
}

/* ---- sensing ---- */

static void sensing_probabilities(void **state) {
    (void)state;
    struct pm_sense_cfg c = {.misreads = true};
    for (unsigned t = 0; t <= 300; t += 10) {
        /* Q by the integral of the density, Simpson's rule from the deviate to 9. */
        const double z = 2.878 + 0.00625 * t;
        double q = 0;
        const int steps = 20000;
        for (int i = 0; i <= steps; i++) {
            const double v = z + (9 - z) * i / steps;
            q += (i == 0 || i == steps ? 1 : i % 2 ? 4 : 2) * exp(-v * v / 2) / sqrt(2 * acos(-1));
        }
        q *= (9 - z) / steps / 3;
        c.advance = t;
        assert_int_equal(pm_sense_check(&c), PM_OK);
        assert_true(fabs(pm_sense_probability(&c) / q - 1) < 1e-9);
        assert_int_equal(pm_sense_threshold(&c), floor(q * 4294967296.0 + 0.5));
    }
    c.advance = 0;
    assert_true(fabs(pm_sense_probability(&c) - 0.002) < 2e-6);
    c.advance = 300;
    assert_true(fabs(pm_sense_probability(&c) - 1e-6) < 1e-8);
    c.model = PM_SENSE_TABLE2;
    assert_int_equal(pm_sense_threshold(&c), 4295);
    c.advance = 0;
    assert_int_equal(pm_sense_check(&c), PM_OK);
    assert_int_equal(pm_sense_threshold(&c), 8589935);
    c.advance = 150;
    assert_int_equal(pm_sense_check(&c), PM_EINVAL);
    c.model = PM_SENSE_LINE;
    c.advance = 155;
    assert_int_equal(pm_sense_check(&c), PM_EINVAL);
    c.advance = 310;
    assert_int_equal(pm_sense_check(&c), PM_EINVAL);
    c.misreads = false;
    assert_int_equal(pm_sense_threshold(&c), 0);
}

static void misreads_are_as_frequent_as_they_say(void **state) {
    (void)state;
    const struct pm_sense_cfg c = {.misreads = true};
    const uint32_t threshold = pm_sense_threshold(&c);
    uint64_t flips = 0, same = 0, before[PM_NMC_WORDS] = {0};
    enum { READS = 8000 };
    for (uint32_t i = 0; i < READS; i++) {
        uint64_t bits[PM_NMC_WORDS] = {0}, again[PM_NMC_WORDS] = {0}, other[PM_NMC_WORDS] = {0};
        const struct pm_sense_id id = {i / 1000, i, (uint16_t)(i % 8), (uint16_t)(i % 64)};
        pm_sense_flip(7, threshold, id, PM_NMC_COLS, bits);
        pm_sense_flip_plain(7, threshold, id, PM_NMC_COLS, again);
        assert_memory_equal(bits, again, sizeof bits);
        /* of fewer columns the same, and none beyond */
        pm_sense_flip(7, threshold, id, 100, other);
        assert_true(other[0] == bits[0] && other[1] == (bits[1] & (((uint64_t)1 << 36) - 1)));
        for (unsigned j = 0; j < PM_NMC_WORDS; j++) {
            assert_true(j < 2 || other[j] == 0);
            flips += (unsigned)__builtin_popcountll(bits[j]);
            same += (unsigned)__builtin_popcountll(bits[j] & before[j]);
        }
        memcpy(before, bits, sizeof before);
    }
    const double n = READS * 576.0, p = pm_sense_probability(&c);
    assert_true(fabs((double)flips - n * p) < 5 * sqrt(n * p));
    assert_true((double)same < n * p * p + 5 * sqrt(n * p * p) + 1);
}

/* A read bit that flips in a MAC changes y by what its access weighs, and nothing else. */
static void misreads_in_operations(void **state) {
    (void)state;
    const struct pm_sense_cfg sense = {.misreads = true, .seed = 3};
    const uint32_t threshold = pm_sense_threshold(&sense);
    unsigned wrong = 0;
    for (uint32_t vector = 0; vector < 40; vector++)
        for (int order = 0; order < 3; order++) {
            const struct pm_nmc_cfg cfg = {(enum pm_nmc_order)order, true, true};
            struct pm_nmc_macro macro;
            int32_t x[PM_NMC_COLS];
            int8_t w[PM_NMC_COLS];
            struct pm_nmc_input in;
            uint64_t flip[PM_NMC_WORDS] = {0};
            struct pm_nmc_access access[PM_NMC_ACCESSES];
            int64_t y = 0;
            const unsigned n = 300;
            for (unsigned i = 0; i < n; i++) {
                x[i] = (int8_t)draw();
                w[i] = (int8_t)draw();
                y += x[i] * w[i];
            }
            pm_nmc_program_mac(&macro, 5, w, n, 1);
            pm_nmc_slice(x, n, &in);
            const unsigned accesses = pm_nmc_schedule(cfg.order, pm_nmc_remaining(&cfg, &in), access);
            for (unsigned a = 0; a < accesses; a++) {
                const int k = access[a].row, i = access[a].plane;
                if (access[a].read) {
                    memset(flip, 0, sizeof flip);
                    pm_sense_flip_plain(3, threshold,
                                        (struct pm_sense_id){5, vector, (uint16_t)k, (uint16_t)a}, n, flip);
                }
                for (unsigned c = 0; c < n; c++)
                    if (flip[c / 64] >> c % 64 & 1 && bit(x[c], i)) {
                        const int weight = (k == 7 ? -128 : 1 << k) * (i == 7 ? -128 : 1 << i);
                        y += bit(w[c], k) ? -weight : weight;
                        wrong++;
                    }
            }
            assert_int_equal(pm_nmc_mac_run(&macro, &cfg, &in, vector, &sense, NULL), y);
        }
    assert_true(wrong > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mac_is_the_product_and_counts_as_defined),
        cmocka_unit_test(closed_identities),
        cmocka_unit_test(bits_26_hold_every_partial_sum),
        cmocka_unit_test(schedules),
        cmocka_unit_test(xor_is_the_product_of_signs),
        cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(toggles_and_fine_tuning),
        cmocka_unit_test(sensing_probabilities),
        cmocka_unit_test(misreads_are_as_frequent_as_they_say),
        cmocka_unit_test(misreads_in_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* Likelihood against the plain sum of exponentials, ranks against a sort, edits against the recursion that
 * defines them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/score.h"

static uint32_t below(uint32_t n) {
    return (uint32_t)rand() % n;
}

static void assert_near(double x, double y, double apart) {
    if (!(fabs(x - y) <= apart))
        fail_msg("%.12g, %.12g is wanted", x, y);
}

static void likelihood(void **state) {
    (void)state;
    float x[50];
    for (int round = 0; round < 200; round++) {
        const size_t n = 1 + below(50), target = below((uint32_t)n);
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            x[i] = (float)below(4001) / 100 - 20;
        for (size_t i = 0; i < n; i++)
            sum += exp((double)x[i]);
        assert_near(pm_score_nats(x, n, target), -log(exp((double)x[target]) / sum), 1e-9);
        for (size_t i = 0; i < n; i++)
            x[i] += 800; /* whose exponentials no double holds */
        assert_near(pm_score_nats(x, n, target), -log(exp((double)x[target] - 800) / sum), 1e-4);
    }
    const float even[4] = {3, 3, 3, 3};
    assert_near(pm_perplexity(5 * pm_score_nats(even, 4, 2), 5), 4.0, 1e-12);
    assert_near(pm_perplexity(0, 0), 1.0, 0);
    assert_true(isnan(pm_score_nats((float[]){NAN, 1}, 2, 0)));
}

struct place {
    float logit;
    size_t index;
};

static int by_logit(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->logit < y->logit || x->logit > y->logit)
        return x->logit < y->logit ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static void rank(void **state) {
    (void)state;
    for (int round = 0; round < 500; round++) {
        const size_t n = 1 + below(12);
        float x[12];
        struct place sorted[12];
        for (size_t i = 0; i < n; i++)
            sorted[i] = (struct place){x[i] = (float)below(5), i};
        qsort(sorted, n, sizeof *sorted, by_logit);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(pm_score_rank(x, n, sorted[i].index), i);
    }
}

static size_t recursion(const uint32_t *a, size_t n, const uint32_t *b, size_t m) {
    if (n == 0 || m == 0)
        return n + m;
    size_t least = recursion(a + 1, n - 1, b + 1, m - 1) + (*a != *b);
    const size_t without = 1 + recursion(a + 1, n - 1, b, m), with = 1 + recursion(a, n, b + 1, m - 1);
    least = without < least ? without : least;
    return with < least ? with : least;
}

static void edit_distance(void **state) {
    (void)state;
    for (int round = 0; round < 1500; round++) {
        const size_t n = below(7), m = below(7);
        const uint32_t kinds = 1 + below(4);
        uint32_t a[7], b[7];
        size_t d;
        for (size_t i = 0; i < 7; i++) {
            a[i] = below(kinds);
            b[i] = below(kinds);
        }
        assert_int_equal(pm_edit_distance(a, n, b, m, &d), PM_OK);
        assert_int_equal(d, recursion(a, n, b, m));
    }
}

static void rates(void **state) {
    (void)state;
    static const struct {
        const char *reference, *hypothesis;
        uint64_t word_edits, words, edits, characters;
    } cases[] = {
        {"", "", 0, 0, 0, 0},
        {"one two three", "one two three", 0, 3, 0, 13},
        {"one two three", "", 3, 3, 13, 13},
        {"", "a b", 2, 0, 3, 0},
        {"one two three", "one too  three ", 1, 3, 1, 13},
        {" the cat\tsat\n", "the cat sat", 0, 3, 0, 11},
        {"the cat", "thecat", 2, 2, 1, 7},
        {"a b c", "c a b", 2, 3, 3, 5},
        {"caf\xc3\xa9 noir", "cafe noir", 1, 2, 1, 9},
        {"kitten", "sitting", 1, 1, 3, 6},
        {"aa aaa", "aaa aa", 2, 2, 2, 6},
    };
    struct pm_edits w = {0, 0}, c = {0, 0};
    uint64_t sum[4] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(pm_edits_add(&w, &c, cases[i].reference, cases[i].hypothesis), PM_OK);
        assert_int_equal(w.edits, sum[0] += cases[i].word_edits);
        assert_int_equal(w.length, sum[1] += cases[i].words);
        assert_int_equal(c.edits, sum[2] += cases[i].edits);
        assert_int_equal(c.length, sum[3] += cases[i].characters);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihood),
        cmocka_unit_test(rank),
        cmocka_unit_test(edit_distance),
        cmocka_unit_test(rates),
    };
    return cmocka_run_group_tests_name("score", tests, NULL, NULL);
}

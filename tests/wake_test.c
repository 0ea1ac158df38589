// SPDX-License-Identifier: Apache-2.0
/* Wake-up against a loader and a runner that take one clock after the other. */
#include "wake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { Most = 12 };

static void clocked(const struct pm_wake_cfg *c, const int64_t *bits, const int64_t *run, size_t layers,
                    int64_t *end) {
    size_t loaded = 0, done = 0;
    int64_t beats = 0, ran = 0, resident = 0;
    for (int64_t clock = 0; done < layers; clock++) {
        if (clock < c->pwr)
            continue;
        /* What stands at the clock's beginning decides. */
        const bool runs = done < loaded;
        if (loaded < layers) {
            if (beats == 0 && (c->cap == 0 || resident + bits[loaded] <= c->cap)) {
                resident += bits[loaded];
                beats = 1;
            } else if (beats > 0) {
                beats++;
            }
            if (beats > 0 && beats * c->bus >= bits[loaded]) {
                loaded++;
                beats = 0;
            }
        }
        if (runs && ++ran == run[done]) {
            end[done] = clock + 1;
            resident -= bits[done++];
            ran = 0;
        }
    }
}

static void equals_the_clocked(void **state) {
    (void)state;
    srand(1);
    unsigned waited = 0;
    for (unsigned k = 0; k < 20000; k++) {
        int64_t bits[Most], run[Most], end[Most], want[Most];
        const struct pm_wake_cfg c = {
            .pwr = rand() % 20, .bus = 1 << rand() % 11, .cap = rand() % 4 ? 1 + rand() % 3000 : 0};
        const size_t layers = 1 + (size_t)rand() % Most;
        for (size_t l = 0; l < layers; l++) {
            bits[l] = rand() % 3 == 0 ? 0 : rand() % (c.cap ? c.cap + 1 : 3000);
            run[l] = 1 + (rand() % 2 ? rand() % 5 : rand() % 400);
        }
        assert_int_equal(pm_wake(&c, bits, run, layers, end, NULL), PM_OK);
        clocked(&c, bits, run, layers, want);
        for (size_t l = 0; l < layers; l++)
            assert_true(end[l] == want[l]);
        struct pm_wake_cfg roomy = c;
        roomy.cap = 0;
        assert_int_equal(pm_wake(&roomy, bits, run, layers, want, NULL), PM_OK);
        waited += end[layers - 1] > want[layers - 1];
    }
    assert_true(waited > 2000); /* the cap mattered */
}

static void ranges_are_checked(void **state) {
    (void)state;
    struct pm_wake_cfg c = {.pwr = 1000, .bus = 128, .cap = 1 << 20};
    int64_t end[2];
    size_t at = 9;
    assert_int_equal(pm_wake(&c, (int64_t[]){1 << 20, 0}, (int64_t[]){5, 7}, 2, end, &at), PM_OK);
    assert_int_equal(end[0], 1000 + 8192 + 5);
    assert_int_equal(end[1], 1000 + 8192 + 5 + 7);
    assert_int_equal(pm_wake(&c, (int64_t[]){0, (1 << 20) + 1}, (int64_t[]){5, 7}, 2, end, &at), PM_ERANGE);
    assert_int_equal(at, 1);
    assert_int_equal(pm_wake(&c, (int64_t[]){-1}, (int64_t[]){5}, 1, end, &at), PM_ERANGE);
    assert_int_equal(pm_wake(&c, (int64_t[]){1}, (int64_t[]){0}, 1, end, &at), PM_ERANGE);
    assert_int_equal(pm_wake(&c, (int64_t[]){1, 1}, (int64_t[]){INT64_MAX - 2000, 5000}, 2, end, &at),
                     PM_ERANGE);
    assert_int_equal(at, 1);
    c.cap = INT64_MAX; /* sums of two layers do not fit int64 */
    assert_int_equal(pm_wake(&c, (int64_t[]){INT64_MAX, INT64_MAX}, (int64_t[]){1, 1}, 2, end, &at), PM_OK);
    c.cap = 0;
    assert_int_equal(pm_wake(&c, (int64_t[]){(1 << 20) + 1}, (int64_t[]){1}, 1, end, &at), PM_OK);
    assert_int_equal(end[0], 1000 + 8193 + 1);
    const struct pm_wake_cfg bad[] = {{-1, 128, 0}, {0, 0, 0},    {0, 3, 0},
                                      {0, 2048, 0}, {0, -128, 0}, {0, 128, -1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(pm_wake(&bad[i], (int64_t[]){1}, (int64_t[]){1}, 1, end, &at), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_clocked),
                                       cmocka_unit_test(ranges_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

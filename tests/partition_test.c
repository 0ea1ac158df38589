// SPDX-License-Identifier: Apache-2.0
/* The greedy choice against its rules applied to sums that are made anew each time; the best choice against
 * all choices. */
#include "partition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { Layers = 5, Choices = 4, N = Layers * Choices };

struct sums {
    long loss, energy, bits;
};

static struct sums sum(const struct pm_partition *p, const uint8_t *cfg) {
    struct sums t = {0};
    for (size_t l = 0; l < p->layers; l++) {
        const size_t i = l * p->choices + cfg[l];
        t.loss += p->s[i] > 0 ? p->s[i] : 0;
        t.energy += p->e[i];
        t.bits += p->bits[i];
    }
    return t;
}

/* Returns the moves, -1 where the cap cannot be met. Quotients of small integers are equal or apart in long
 * double. */
static int greedy(const struct pm_partition *p, uint8_t *cfg, size_t move[][2]) {
    memset(cfg, 0, p->layers);
    for (int n = 0;; n++) {
        const struct sums now = sum(p, cfg);
        const bool over = now.bits > p->cap;
        long double best = 0;
        size_t at[2] = {0, 0};
        bool any = false;
        for (size_t l = 0; l < p->layers; l++)
            for (size_t c = 0; c < p->choices; c++) {
                uint8_t next[Layers];
                memcpy(next, cfg, p->layers);
                next[l] = (uint8_t)c;
                const struct sums t = sum(p, next);
                if (t.loss > p->budget ||
                    (over ? t.bits >= now.bits : t.energy >= now.energy || t.bits > p->cap))
                    continue;
                const long double rise = t.loss - now.loss < 1 ? 0.5L : (long double)(t.loss - now.loss);
                const long double gain = (long double)(now.energy - t.energy) / rise;
                if (!any || gain > best) {
                    best = gain;
                    at[0] = l;
                    at[1] = c;
                    any = true;
                }
            }
        if (!any)
            return over ? -1 : n;
        cfg[at[0]] = (uint8_t)at[1];
        memcpy(move[n], at, sizeof at);
    }
}

static void draw(int32_t *s, int32_t *e, int64_t *b, struct pm_partition *p) {
    *p = (struct pm_partition){.layers = 1 + (size_t)rand() % Layers,
                               .choices = 1 + (size_t)rand() % Choices,
                               .s = s,
                               .e = e,
                               .bits = b};
    for (size_t i = 0; i < N; i++) {
        s[i] = i % p->choices ? rand() % 14 - 4 : 0;
        e[i] = rand() % 30 - 3;
        b[i] = rand() % 3 ? rand() % 20 : 0;
    }
    p->budget = rand() % 20;
    p->cap = rand() % 50;
}

static void rules(void **state) {
    (void)state;
    int32_t s[N], e[N];
    int64_t b[N];
    unsigned refused = 0, long_ones = 0;
    srand(1);
    for (unsigned k = 0; k < 50000; k++) {
        struct pm_partition p;
        struct pm_partition_move *move;
        uint8_t cfg[Layers], want[Layers];
        size_t moves, want_move[256][2];
        draw(s, e, b, &p);
        const int n = greedy(&p, want, want_move);
        const pm_status status = pm_partition(&p, cfg, &move, &moves);
        assert_int_equal(status, n < 0 ? PM_ERANGE : PM_OK);
        refused += n < 0;
        if (n < 0)
            continue;
        assert_int_equal(moves, n);
        long_ones += n > 4;
        assert_memory_equal(cfg, want, p.layers);
        for (size_t i = 0; i < moves; i++)
            assert_true(move[i].layer == want_move[i][0] && move[i].choice == want_move[i][1]);
        const struct sums t = sum(&p, cfg);
        assert_true(t.loss <= p.budget && t.bits <= p.cap && t.energy == pm_partition_energy(&p, cfg));
        free(move);
    }
    assert_true(refused > 1000 && long_ones > 1000);
}

static void all_choices(void **state) {
    (void)state;
    int32_t s[N], e[N];
    int64_t b[N];
    srand(2);
    for (unsigned k = 0; k < 2000; k++) {
        struct pm_partition p;
        uint8_t cfg[Layers] = {0}, best[Layers] = {0}, found[Layers];
        draw(s, e, b, &p);
        long least = 0;
        bool any = false;
        for (;;) {
            const struct sums t = sum(&p, cfg);
            if (t.loss <= p.budget && t.bits <= p.cap && (!any || t.energy < least)) {
                memcpy(best, cfg, sizeof cfg);
                least = t.energy;
                any = true;
            }
            size_t l = p.layers;
            while (l > 0 && ++cfg[l - 1] == p.choices)
                cfg[--l] = 0;
            if (l == 0)
                break;
        }
        assert_int_equal(pm_partition_exhaustive(&p, 1 << 20, found), any ? PM_OK : PM_ERANGE);
        if (any)
            assert_memory_equal(found, best, p.layers);
    }
}

static void ends(void **state) {
    (void)state;
    struct pm_partition_move *move;
    size_t moves;
    uint8_t cfg[2];
    /* Sums and products beyond 64 bits. */
    struct pm_partition p = {.layers = 2,
                             .choices = 2,
                             .s = (int32_t[]){0, INT32_MAX, 0, INT32_MAX},
                             .e = (int32_t[]){INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN + 1},
                             .bits = (int64_t[]){INT64_MAX, 1, INT64_MAX, 0},
                             .budget = INT64_MAX,
                             .cap = INT64_MAX};
    assert_int_equal(pm_partition(&p, cfg, &move, &moves), PM_OK);
    assert_int_equal(moves, 2);
    assert_true(move[0].layer == 0 && move[1].layer == 1);
    free(move);
    assert_int_equal(pm_partition_exhaustive(&p, 100, cfg), PM_OK);
    assert_true(cfg[0] == 1 && cfg[1] == 1);
    assert_int_equal(pm_partition_exhaustive(&p, 2, cfg), PM_EMODE);
    p.budget = 0;
    assert_int_equal(pm_partition(&p, cfg, &move, &moves), PM_ERANGE);
    assert_int_equal(pm_partition_exhaustive(&p, 100, cfg), PM_ERANGE);
    p.s = (int32_t[]){0, 1, -1, 1};
    assert_int_equal(pm_partition(&p, cfg, &move, &moves), PM_EINVAL);
    p.s = (int32_t[]){0, 1, 0, 1};
    p.bits = (int64_t[]){0, -1, 0, 0};
    assert_int_equal(pm_partition(&p, cfg, &move, &moves), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rules), cmocka_unit_test(all_choices),
                                       cmocka_unit_test(ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

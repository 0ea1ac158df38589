// SPDX-License-Identifier: Apache-2.0
/* Requantisation against double precision, which holds every product exactly; stages against the definition.
 */
#include "hyflex_module.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t rng = 1;
static uint32_t draw(void) {
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (uint32_t)(rng >> 16);
}

static int8_t oracle(int32_t y, struct pm_requant r) {
    const double rounded = floor(ldexp((double)y * r.m, -(int)r.s) + 0.5);
    return (int8_t)(rounded > 127 ? 127 : rounded < -128 ? -128 : rounded);
}

static void requantisation(void **state) {
    (void)state;
    static const int32_t edge[] = {0, 1, -1, 127, 128, -128, -129, INT32_MAX, INT32_MIN, 1 << 20, -(1 << 20)};
    unsigned ends = 0, inside = 0;
    for (unsigned s = 0; s <= PM_REQUANT_MAX_SHIFT; s++)
        for (unsigned i = 0; i < 2000; i++) {
            const struct pm_requant r = {i % 7 == 0 ? 65535 : draw() & 65535, s};
            /* Some whose result is about a byte. */
            const int32_t y = i < 11 ? edge[i] : (int32_t)draw() >> (i % 32);
            const int8_t q = pm_requant8(y, r);
            assert_int_equal(q, oracle(y, r));
            ends += q == 127 || q == -128;
            inside += q != 127 && q != -128 && q != 0;
        }
    assert_true(ends > 1000 && inside > 1000);
    /* Halves go up, to both sides of 0. */
    assert_int_equal(pm_requant8(3, (struct pm_requant){1, 1}), 2);
    assert_int_equal(pm_requant8(-3, (struct pm_requant){1, 1}), -1);
}

static void a_stage(void **state) {
    (void)state;
    enum { ROWS = 130, OUTPUTS = 40 };
    int8_t w[ROWS * OUTPUTS], x[ROWS], q[OUTPUTS];
    int32_t y[OUTPUTS];
    for (unsigned i = 0; i < sizeof w; i++)
        w[i] = (int8_t)draw();
    for (unsigned i = 0; i < sizeof x; i++)
        x[i] = (int8_t)draw();
    for (unsigned cell = 1; cell <= 2; cell++) {
        struct pm_hyflex_cfg cfg = pm_hyflex_default();
        struct pm_hyflex *h;
        cfg.cell = cell;
        cfg.adc = pm_hyflex_full_adc(cell);
        assert_int_equal(pm_hyflex_new(&cfg, w, ROWS, OUTPUTS, 0, &h), PM_OK);
        pm_hyflex_stage(h, (struct pm_requant){300, 20}, x, 0, y, q, NULL);
        for (unsigned m = 0; m < OUTPUTS; m++) {
            int32_t sum = 0;
            for (unsigned d = 0; d < ROWS; d++)
                sum += x[d] * w[d * OUTPUTS + m];
            assert_int_equal(y[m], sum);
            assert_int_equal(q[m], oracle(sum, (struct pm_requant){300, 20}));
        }
        /* 3 row tiles; 3 columns of 16 outputs, or 2 of 32 */
        assert_int_equal(pm_hyflex_bus_clocks(h), cell == 1 ? 3 * (1 + 3) : 3 * (1 + 2 * 2));
        pm_hyflex_free(h);
    }
}

static void ranges_are_checked(void **state) {
    (void)state;
    assert_int_equal(pm_requant_check((struct pm_requant){65535, 47}), PM_OK);
    assert_int_equal(pm_requant_check((struct pm_requant){65536, 0}), PM_EINVAL);
    assert_int_equal(pm_requant_check((struct pm_requant){1, 48}), PM_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requantisation),
        cmocka_unit_test(a_stage),
        cmocka_unit_test(ranges_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* The peripheral's driver against registers that are written down here: what it writes where, in which order,
 * and what it does with an error at any of its transfers. The RTL's registers are the bench's. */
#include "flare_apb_registers.h"
#include "flare_driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 8, HEADS = 2, KVB = 10, TOKENS = 48, WORDS = 0x8000 / 4 };

/* A peripheral whose result of a token is the token, its exponent the token's. */
struct registers {
    uint32_t word[WORDS];
    uint32_t id, pushed[2 * TOKENS][WIDTH / 4], ex[2 * TOKENS];
    unsigned transfers, fails_at, pushes, pops, starts, n, held;
};

static pm_status count(struct registers *r) {
    return ++r->transfers == r->fails_at ? PM_EIO : PM_OK;
}

static pm_status get(void *ctx, uint32_t address, uint32_t *data) {
    struct registers *r = ctx;
    const unsigned waits = r->pushes > r->n ? r->pushes - r->n - r->pops : 0;
    *data = 0;
    switch (address) {
    case PM_FLARE_APB_ID_AT:
        *data = r->id;
        break;
    case PM_FLARE_APB_SHAPE_AT:
        *data = WIDTH | HEADS << 11 | TOKENS << 16 | KVB << 26;
        break;
    case PM_FLARE_APB_STATUS_AT:
        *data = (uint32_t)(r->pops < r->n) | (uint32_t)(r->pushes < 2 * r->n && waits < 2) << 2 |
                (uint32_t)(waits > 0) << 3 | r->held << 16;
        break;
    case PM_FLARE_APB_FLAGS_AT:
        *data = 5;
        break;
    case PM_FLARE_APB_Y_EXP_AT:
        *data = r->ex[r->n + r->pops];
        break;
    default:
        assert_true(address >= PM_FLARE_APB_Y_AT && address < PM_FLARE_APB_Y_AT + WIDTH && waits > 0);
        *data = r->pushed[r->n + r->pops][(address - PM_FLARE_APB_Y_AT) / 4];
    }
    return count(r);
}

static pm_status put(void *ctx, uint32_t address, uint32_t data) {
    struct registers *r = ctx;
    assert_true(address % 4 == 0 && address / 4 < WORDS);
    r->word[address / 4] = data;
    if (address == PM_FLARE_APB_CONTROL_AT) {
        assert_int_equal(data, 1);
        r->n = r->word[PM_FLARE_APB_TOKENS_AT / 4];
        r->held =
            r->n + (r->word[PM_FLARE_APB_MODE_AT / 4] >> PM_FLARE_APB_MODE_APPEND_LSB & 1 ? r->held : 0);
        r->pushes = r->pops = 0;
        r->starts++;
    }
    if (address == PM_FLARE_APB_PUSH_AT) {
        memcpy(r->pushed[r->pushes], &r->word[PM_FLARE_APB_X_AT / 4], WIDTH);
        r->ex[r->pushes++] = data;
    }
    r->pops += address == PM_FLARE_APB_POP_AT;
    return count(r);
}

static const struct pm_attention_cfg cfg = {.width = WIDTH,
                                            .heads = HEADS,
                                            .kvb = KVB,
                                            .mk = 9,
                                            .mv = 21,
                                            .round = true,
                                            .coding_x = PM_SIGN,
                                            .coding_q = PM_TWOS,
                                            .coding_o = PM_SIGN,
                                            .causal = true,
                                            .norm = PM_NORM_RECIP,
                                            .s0 = {0.5, 0.9},
                                            .e0 = {-3, 7}};

static struct registers *fresh(unsigned fails_at) {
    struct registers *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->id = 0x504d4641;
    r->fails_at = fails_at;
    return r;
}

static pm_status all_of_it(struct registers *r, int8_t *y, int32_t *e, struct pm_flare_flags *flags) {
    static int8_t x[TOKENS * WIDTH];
    static int32_t ex[TOKENS], bias[WIDTH];
    static const uint8_t keep[TOKENS] = {1, 0, 1};
    const struct pm_flare_bus bus = {get, put, r};
    struct pm_flare_device dev;
    for (int i = 0; i < TOKENS * WIDTH; i++)
        x[i] = (int8_t)(i * 37);
    for (int i = 0; i < TOKENS; i++)
        ex[i] = 100 - 70 * i;
    for (int i = 0; i < WIDTH; i++)
        bias[i] = i - 4;
    pm_status status = pm_flare_probe(&bus, &dev);
    if (status == PM_OK)
        status = pm_flare_load(&dev, &cfg, &(struct pm_attention_weights){.bv = bias});
    if (status == PM_OK)
        status = pm_flare_run(&dev, x, ex, keep, 3, false, y, e, flags);
    return status == PM_OK
               ? pm_flare_run(&dev, x + 3 * WIDTH, ex + 3, NULL, 40, true, y + 3 * WIDTH, e + 3, flags)
               : status;
}

static void test_run(void **state) {
    (void)state;
    struct registers *r = fresh(0);
    int8_t y[43 * WIDTH];
    int32_t e[43];
    struct pm_flare_flags flags;
    assert_int_equal(all_of_it(r, y, e, &flags), PM_OK);
    for (int i = 0; i < 43 * WIDTH; i++)
        assert_int_equal(y[i], (int8_t)(i * 37));
    for (int i = 0; i < 43; i++)
        assert_int_equal(e[i], 100 - 70 * i);
    assert_true(flags.z_zero && !flags.k_sat && flags.v_sat);
    assert_int_equal(r->starts, 2);
    assert_int_equal(r->held, 43);
    struct pm_vdr_lut lut;
    pm_vdr_lut_init(&lut, cfg.s0[1]);
    assert_int_equal(r->word[(PM_FLARE_APB_LUT_AT + 4 * (24 + 3 * 5 + 2)) / 4], lut.e[5].c);
    assert_int_equal(r->word[PM_FLARE_APB_E0_AT / 4], 0xfffd);
    assert_int_equal(r->word[PM_FLARE_APB_SHIFT_AT / 4], 9 | 21 << 8);
    assert_int_equal(r->word[PM_FLARE_APB_MODE_AT / 4], 1 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5);
    assert_int_equal(r->word[PM_FLARE_APB_BIAS_V_AT / 4 + 1], (uint32_t)-3);
    assert_int_equal(r->word[PM_FLARE_APB_KEEP_AT / 4], 0xffffffff);
    assert_int_equal(r->word[PM_FLARE_APB_KEEP_AT / 4 + 1], 0x7ff); /* 43 tokens, none behind them */
    free(r);
}

/* An error is returned as it came, and nothing more is transferred. */
static void test_errors(void **state) {
    (void)state;
    struct registers *r = fresh(0);
    int8_t y[43 * WIDTH];
    int32_t e[43];
    assert_int_equal(all_of_it(r, y, e, NULL), PM_OK);
    const unsigned transfers = r->transfers;
    free(r);
    for (unsigned at = 1; at <= transfers; at++) {
        r = fresh(at);
        assert_int_equal(all_of_it(r, y, e, NULL), PM_EIO);
        assert_int_equal(r->transfers, at);
        free(r);
    }
}

static void test_refusals(void **state) {
    (void)state;
    struct registers *r = fresh(0);
    const struct pm_flare_bus bus = {get, put, r};
    const struct pm_attention_weights none = {0};
    struct pm_flare_device dev;
    int8_t byte[WIDTH] = {0};
    int32_t e[1] = {0};
    r->id = 0;
    assert_int_equal(pm_flare_probe(&bus, &dev), PM_EFORMAT);
    r->id = 0x504d4641;
    assert_int_equal(pm_flare_probe(&bus, &dev), PM_OK);
    assert_true(dev.width == WIDTH && dev.heads == HEADS && dev.kvb == KVB && dev.max_tokens == TOKENS);
    struct pm_attention_cfg c = cfg;
    c.heads = 1;
    assert_int_equal(pm_flare_load(&dev, &c, &none), PM_EMODE);
    c = cfg;
    c.norm = PM_NORM_NONE;
    assert_int_equal(pm_flare_load(&dev, &c, &none), PM_EMODE);
    c = cfg;
    c.mk = 32;
    const unsigned before = r->transfers;
    assert_int_equal(pm_flare_load(&dev, &c, &none), PM_EINVAL);
    assert_int_equal(r->transfers, before);
    assert_int_equal(pm_flare_run(&dev, byte, e, NULL, 0, false, byte, e, NULL), PM_ERANGE);
    assert_int_equal(pm_flare_run(&dev, byte, e, NULL, TOKENS + 1, false, byte, e, NULL), PM_ERANGE);
    r->held = TOKENS;
    assert_int_equal(pm_flare_run(&dev, byte, e, NULL, 1, true, byte, e, NULL), PM_ERANGE);
    assert_int_equal(r->starts, 0);
    free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

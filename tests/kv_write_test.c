// SPDX-License-Identifier: Apache-2.0
/* K columns and V rows in their arrays, read back one cell at a time through the array's own read. */
#include "bitsift.h"
#include "kv_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { D = 5, TOKENS = 70, KVB = 10 };

static int16_t element(unsigned t, unsigned i) {
    int16_t corner[4] = {511, -512, -1, 0};
    return (t + i) % 5 == 0 ? corner[(t + 2 * i) % 4] : (int16_t)((int)((t * 977 + i * 331) % 1024) - 512);
}

/* Row `row` of an array, each column 0 or 1, by an access with one active wordline. */
static void read_row(const struct pm_array *a, unsigned row, int32_t *value) {
    uint64_t mask[2] = {0, 0};
    mask[row / 64] = (uint64_t)1 << row % 64;
    pm_array_read(a, mask, PM_K - 1, (struct pm_read_id){0, 0, 0}, value);
}

static int64_t assemble(const int32_t *value) {
    int64_t v = 0;
    for (int bit = 0; bit < KVB; bit++) {
        assert_true(value[bit] == 0 || value[bit] == 256);
        v += (value[bit] / 256) * ((int64_t)1 << bit);
    }
    return v >= 1 << (KVB - 1) ? v - (1 << KVB) : v;
}

static void read_back(void **state) {
    (void)state;
    struct pm_array_cfg sram = pm_array_sram();
    struct pm_array *k = pm_array_new(&sram, 0, D, TOKENS * KVB),
                    *v = pm_array_new(&sram, 1, TOKENS, D * KVB);
    assert_non_null(k);
    assert_non_null(v);
    /* Twice, first with other values: a write must clear bits too. */
    for (int pass = 0; pass < 2; pass++) {
        for (unsigned t = 0; t < TOKENS; t++) {
            int16_t key[D], value[D];
            for (unsigned i = 0; i < D; i++) {
                key[i] = pass ? element(t, i) : (int16_t)~element(t, i);
                value[i] = pass ? element(t + 1000, i) : (int16_t)~element(t + 1000, i);
            }
            pm_k_write(k, key, D, KVB, t);
            pm_v_write(v, value, D, KVB, t);
        }
    }
    static int32_t row[TOKENS * KVB];
    for (unsigned i = 0; i < D; i++) {
        read_row(k, i, row);
        for (unsigned t = 0; t < TOKENS; t++)
            assert_int_equal(element(t, i), assemble(&row[t * KVB]));
    }
    for (unsigned t = 0; t < TOKENS; t++) {
        read_row(v, t, row);
        for (unsigned i = 0; i < D; i++)
            assert_int_equal(element(t + 1000, i), assemble(&row[i * KVB]));
    }
    pm_array_free(k);
    pm_array_free(v);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

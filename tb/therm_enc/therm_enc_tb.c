// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_therm_enc: every pattern in every column, every value around the thresholds, random. */
#include "therm_enc_rtl.h"

#include "bench.h"
#include "therm_enc.h"

#include <stdlib.h>

static struct bench b;
static pm_therm_enc_rtl_fn *values_rtl;
static pm_therm_enc_cmp_rtl_fn *patterns_rtl;

static void *need(size_t bytes) {
    void *p = malloc(bytes);
    if (!p)
        abort();
    return p;
}

static void patterns(const char *name, const uint8_t *therm, size_t n) {
    uint8_t *code = need(n);
    bench_check(&b, name, patterns_rtl(&(struct pm_sim_opts){0}, therm, n, code) == PM_OK);
    for (size_t i = 0; i < n; i++)
        bench_eq(&b, "code", i, pm_therm_enc(therm[i]), code[i]);
    bench_test(&b, name, n);
    free(code);
}

static void values(const char *name, const int32_t *a, size_t n) {
    uint8_t *code = need(n);
    bench_check(&b, name, values_rtl(&(struct pm_sim_opts){0}, a, n, code) == PM_OK);
    for (size_t i = 0; i < n; i++)
        bench_eq(&b, "code", i, pm_therm_enc(pm_flash(a[i])), code[i]);
    bench_test(&b, name, n);
    free(code);
}

static void model(const char *name, size_t words) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned columns = bench_parameter(&b, "Columns");
    values_rtl = (pm_therm_enc_rtl_fn *)bench_function(rtl, "pm_therm_enc_rtl");
    patterns_rtl = (pm_therm_enc_cmp_rtl_fn *)bench_function(rtl, "pm_therm_enc_cmp_rtl");
    size_t n = (size_t)columns * 256;
    uint8_t *therm = need(n > words ? n : words);
    /* Neighbours differ, so that a carry into the next lane shows. */
    for (size_t i = 0; i < n; i++)
        therm[i] = (uint8_t)(i / columns + 85 * (i % columns));
    patterns("every pattern in every column", therm, n);
    for (size_t i = 0; i < words; i++) {
        uint64_t r = bench_random(&b);
        /* Ones and noughts are as frequent as random bytes: full lanes beside empty ones. */
        therm[i] = r >> 62 == 0 ? 0xff : r >> 62 == 1 ? 0 : (uint8_t)(r >> 20);
    }
    patterns("random comparators, bubbles", therm, words);
    int32_t *a = need(words * sizeof *a);
    for (size_t i = 0; i < words; i++)
        a[i] = i < 4000 ? (int32_t)i - 1000 : (int32_t)bench_range(&b, -600, 2700);
    for (unsigned i = 0; i < 4; i++)
        a[words - 1 - i] = (const int32_t[]){INT32_MIN, INT32_MAX, -1, 0}[i];
    values("values around the thresholds, random", a, words);
    free(therm);
    free(a);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "therm_enc");
    model("c1", 20000);
    model("c13", 100000);
    model("c64", 50000);
    model("c512", 600000);
    return bench_end(&b);
}

// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_col_scan: order, banks and tags under stalls; clocks a plane against max(array read, scan). */
#include "col_scan_rtl.h"

#include "bench.h"

#include <stdlib.h>

static struct bench b;
static pm_col_scan_rtl_fn *rtl_fn;

static void *need(size_t bytes) {
    void *p = malloc(bytes);
    if (!p)
        abort();
    return p;
}

/* Codes of random values; without stalls also the clocks from plane to plane, each of which must be the
 * bound. */
static void compare(const struct pm_col_scan_run *r, size_t planes, uint64_t seed) {
    const size_t n = planes * r->cols;
    int32_t *value = need(n * sizeof *value);
    uint8_t *code = need(n);
    uint64_t *clock = need(planes * sizeof *clock);
    for (size_t i = 0; i < n; i++)
        value[i] = (int32_t)bench_range(&b, -1000, 34000);
    const pm_status status = rtl_fn(&(struct pm_sim_opts){.seed = seed}, r, value, planes, code, clock);
    for (size_t i = 0; status == PM_OK && i < n; i++)
        bench_eq(&b, "code", i, pm_sar_code(value[i], r->bits), code[i]);
    char name[128];
    snprintf(name, sizeof name, "%u converters, %u bits, read of %u clocks%s", r->sars, r->bits,
             r->read_clocks, seed ? ", stalls" : "");
    bench_test(&b, name, n);
    if (seed == 0 && status == PM_OK) {
        const unsigned want = pm_plane_clocks(r->read_clocks, r->cols, r->bits, r->sars);
        bool exact = true;
        for (size_t p = 2; p < planes; p++)
            exact &= clock[p] - clock[p - 1] == want;
        printf("# col_scan: %s: %u clocks a plane\n", name, want);
        bench_check(&b, "every plane takes max(array read, scan) clocks", exact && planes > 3);
    }
    free(value);
    free(code);
    free(clock);
}

static void model(const char *name, size_t planes) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned cols = bench_parameter(&b, "Cols"), sars = bench_parameter(&b, "Sars");
    rtl_fn = (pm_col_scan_rtl_fn *)bench_function(rtl, "pm_col_scan_rtl");
    for (unsigned bits = 6; bits <= 7; bits++) {
        const unsigned scan = pm_scan_clocks(cols, bits, sars);
        const unsigned reads[] = {1, scan / 2, scan - 1, scan, scan + 1, 2 * scan};
        for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
            const struct pm_col_scan_run r = {
                .cols = cols, .sars = sars, .bits = bits, .read_clocks = reads[i]};
            compare(&r, 10, 0);
            compare(&r, planes, bench_random(&b) | 1);
        }
    }
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "col_scan");
    model("s1", 20);
    model("s2", 50);
    model("s4", 100);
    model("s8", 200);
    model("c16s8", 1000);
    return bench_end(&b);
}

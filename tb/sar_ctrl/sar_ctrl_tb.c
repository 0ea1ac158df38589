// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_sar_ctrl: every code boundary, saturation, random voltages, modes mixed, converters with
 * errors. */
#include "sar_ctrl_rtl.h"

#include "bench.h"

#include <stdlib.h>

static struct bench b;
static pm_sar_ctrl_rtl_fn *codes_rtl;
static pm_sar_convert_rtl_fn *convert_rtl;

static void *need(size_t bytes) {
    void *p = malloc(bytes);
    if (!p)
        abort();
    return p;
}

/* One tensor through both, one width. */
static void compare(const char *name, const int32_t *vin, size_t n, unsigned bits, uint64_t seed) {
    uint8_t *golden = need(n), *rtl = need(n);
    const struct pm_sim_opts opts = {.seed = seed};
    uint64_t clocks;
    pm_sar_codes(vin, n, bits, golden);
    const pm_status status = codes_rtl(&opts, vin, n, bits, rtl, &clocks);
    bench_check(&b, name, status == PM_OK);
    for (size_t i = 0; status == PM_OK && i < n; i++)
        bench_eq(&b, name, i, golden[i], rtl[i]);
    free(golden);
    free(rtl);
}

/* The boundary between codes k-1 and k is 256 k - 128; around it and around the ends of int32. */
static size_t boundaries(int32_t *vin) {
    size_t n = 0;
    for (int32_t k = -2; k <= 130; k++)
        for (int32_t d = -1; d <= 1; d++)
            vin[n++] = k * 256 - 128 + d;
    static const int32_t ends[] = {
        INT32_MIN, INT32_MIN + 1, INT32_MAX - 128, INT32_MAX - 127, INT32_MAX, 0, -1, 1};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        vin[n++] = ends[i];
    return n;
}

/* Every voltage from far below to far above both ranges, in both widths. */
static void sweep(size_t n) {
    int32_t *vin = need(n * sizeof *vin);
    for (unsigned bits = 6; bits <= 7; bits++) {
        for (size_t i = 0; i < n; i++)
            vin[i] = (int32_t)i - 4096;
        compare("sweep", vin, n, bits, 0);
    }
    bench_test(&b, "every voltage of -16..159 LSB, 6 and 7 bits", 2 * n);
    free(vin);
}

static void random_words(size_t n) {
    int32_t *vin = need(n * sizeof *vin);
    for (size_t i = 0; i < n; i++)
        vin[i] = bench_random(&b) & 1 ? (int32_t)bench_random(&b) : (int32_t)bench_range(&b, -2000, 35000);
    compare("random", vin, n, 6, bench_stalls(&b));
    compare("random", vin, n, 7, bench_stalls(&b));
    bench_test(&b, "random voltages", 2 * n);
    free(vin);
}

/* Modes change from start to start, the converter is drawn with errors, the pins stall. */
static void drawn(const char *name, struct pm_sar_cfg cfg, size_t n, uint64_t seed) {
    int32_t *vin = need(n * sizeof *vin);
    uint8_t *bits = need(n), *rtl = need(n);
    struct pm_sar s;
    size_t moved = 0;
    cfg.seed = b.seed;
    pm_sar_init(&s, &cfg, 7, 1);
    for (size_t i = 0; i < n; i++) {
        vin[i] = (int32_t)bench_range(&b, -1000, 34000);
        bits[i] = (uint8_t)bench_range(&b, 6, 7);
    }
    const struct pm_sim_opts opts = {.seed = seed};
    bench_check(&b, name, convert_rtl(&opts, &s, vin, bits, n, rtl, NULL) == PM_OK);
    for (size_t i = 0; i < n; i++) {
        const uint8_t golden =
            (uint8_t)pm_sar_convert(&s, bits[i], vin[i], (struct pm_read_id){.vector = (uint32_t)i});
        bench_eq(&b, name, i, golden, rtl[i]);
        moved += golden != pm_sar_code(vin[i], bits[i]);
    }
    bench_test(&b, name, n);
    bench_check(&b, s.ideal ? "an ideal converter has no other codes" : "the errors changed codes",
                s.ideal ? moved == 0 : moved > n / 100);
    free(vin);
    free(bits);
    free(rtl);
}

/* Back to back: n+2 clocks a conversion in each lane. */
static void throughput(unsigned lanes) {
    enum { Each = 1000 };
    int32_t *vin = need(Each * 64 * sizeof *vin);
    uint8_t *code = need(Each * 64);
    for (size_t i = 0; i < Each * 64; i++)
        vin[i] = (int32_t)i;
    for (unsigned bits = 6; bits <= 7; bits++) {
        uint64_t clocks = 0;
        const pm_status status =
            codes_rtl(&(struct pm_sim_opts){0}, vin, (size_t)Each * lanes, bits, code, &clocks);
        printf("# sar_ctrl: %u bits, %u lanes: %.3f clocks a conversion\n", bits, lanes,
               (double)clocks / Each);
        /* One clock until the first start, after which each lane converts without a gap. */
        bench_check(&b, "n+2 clocks a conversion, no bubble",
                    status == PM_OK && clocks >= Each * (uint64_t)(bits + 2) &&
                        clocks <= Each * (uint64_t)(bits + 2) + 2);
    }
    free(vin);
    free(code);
}

static void model(const char *name, size_t words) {
    struct pm_rtl *rtl = bench_model(&b, name);
    if (!rtl)
        return;
    const unsigned lanes = bench_parameter(&b, "Lanes");
    codes_rtl = (pm_sar_ctrl_rtl_fn *)bench_function(rtl, "pm_sar_ctrl_rtl");
    convert_rtl = (pm_sar_convert_rtl_fn *)bench_function(rtl, "pm_sar_convert_rtl");
    int32_t edge[512];
    const size_t n = boundaries(edge);
    for (unsigned bits = 6; bits <= 7; bits++) {
        compare("boundaries", edge, n, bits, 0);
        compare("boundaries", edge, n, bits, bench_random(&b) | 1);
    }
    bench_test(&b, "each code boundary and 1/256 LSB to either side, ends of int32", 4 * (133 * 3 + 8));
    sweep(lanes > 1 ? 45056 : 5000);
    random_words(words);
    drawn("modes mixed, ideal", (struct pm_sar_cfg){0}, words / 4, bench_random(&b) | 1);
    drawn("mismatch and offset", (struct pm_sar_cfg){.cap_sigma = 0.03, .offset = 0.5}, words / 4, 0);
    drawn("comparator noise", (struct pm_sar_cfg){.noise = 0.3}, words / 4, bench_random(&b) | 1);
    throughput(lanes);
    pm_rtl_close(rtl);
}

int main(void) {
    bench_begin(&b, "sar_ctrl");
    model("l1", 4000);
    model("l32", 3000000);
    return bench_end(&b);
}

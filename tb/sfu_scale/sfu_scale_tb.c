// SPDX-License-Identifier: Apache-2.0
/* Bench of pm_sfu_scale: every code as a row's, sums of all sizes, products that round up into a seventeenth
 * bit, sums from edges to edges, with and without stalls; clocks from both sides. */
#include "sfu_scale_rtl.h"

#include "bench.h"

#include <stdlib.h>

static struct bench b;

static void *allocate(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (!p)
        abort();
    return p;
}

static struct pm_scale any_scale(void) {
    static const uint32_t edges[] = {0, 32768, 32769, 46340, 46341, 46342, 65534, 65535};
    const uint32_t m =
        bench_random(&b) % 4 ? (uint32_t)bench_range(&b, 32768, 65535) : edges[bench_random(&b) % 8];
    return (struct pm_scale){m, m ? (int)bench_range(&b, -48, 8) : 0};
}

/* Scores' scales around the largest. */
static struct pm_scale score_scale(void) {
    return (struct pm_scale){(uint32_t)bench_range(&b, 32768, 65535), (int)bench_range(&b, -44, -26)};
}

static uint32_t any_row(bool recip, size_t i) {
    if (!recip)
        return (uint32_t)(i % PM_FP16_INF) | (uint32_t)(bench_random(&b) & PM_FP16_SIGN);
    const uint32_t z = (uint32_t)bench_random(&b) >> bench_range(&b, 0, 31);
    return i < 70 ? (i % 35 < 32 ? UINT32_C(1) << i % 35 : (uint32_t)(i % 35) - 32) - (uint32_t)(i >= 35) : z;
}

static uint16_t any_code(void) {
    static const uint16_t edges[] = {0, 0x8000, 1, 0x7BFF, 0xFBFF, 0x7C00, 0xFC00, 0x7E00};
    const uint16_t x = (uint16_t)bench_random(&b);
    return bench_random(&b) % 8 ? (uint16_t)((x & 0x83FF) | (x % 24 << 10)) : edges[bench_random(&b) % 8];
}

static void run(struct pm_rtl *rtl, struct pm_sfu_scale_job job, bool sums, uint64_t seed) {
    pm_sfu_scale_rtl_fn *rtl_of = (pm_sfu_scale_rtl_fn *)bench_function(rtl, "pm_sfu_scale_rtl");
    const size_t n = job.rows * job.width, columns = job.sets * job.width,
                 lanes = bench_parameter(&b, "Lanes");
    const size_t beats = (job.width + lanes - 1) / lanes;
    uint32_t *row = allocate(job.rows, sizeof *row);
    int32_t *a = allocate(n, sizeof *a);
    struct pm_scale *column = allocate(columns, sizeof *column),
                    *scale = allocate(2 * job.rows, sizeof *scale);
    uint16_t *bias = allocate(columns, sizeof *bias), *onto = allocate(n, sizeof *onto),
             *y = allocate(2 * n, sizeof *y);
    for (size_t r = 0; r < job.rows; r++)
        row[r] = any_row(job.recip, r);
    for (size_t i = 0; i < columns; i++) {
        column[i] = job.scores ? score_scale() : any_scale();
        bias[i] = any_code();
    }
    for (size_t i = 0; i < n; i++) {
        a[i] = (int32_t)bench_random(&b) >> bench_range(&b, 0, 31);
        a[i] = i % 97 == 0 ? INT32_MIN : i % 89 == 0 ? INT32_MAX : a[i];
        onto[i] = any_code();
    }
    job.row = row;
    job.a = sums ? a : NULL;
    job.column = column;
    job.bias = sums ? bias : NULL;
    job.onto = sums ? onto : NULL;
    uint64_t clocks;
    pm_sfu_scale(&job, y, scale);
    const pm_status status =
        rtl_of(&(struct pm_sim_opts){.seed = seed}, &job, y + n, scale + job.rows, &clocks);
    if (status != PM_OK) {
        printf("# %s\n", pm_strerror(status));
        b.differ++;
    }
    for (size_t i = 0; i < n; i++)
        bench_eq(&b, "y", i, y[i], y[n + i]);
    for (size_t r = 0; r < job.rows; r++) {
        bench_eq(&b, "m", r, scale[r].m, scale[job.rows + r].m);
        bench_eq(&b, "e", r, scale[r].e, scale[job.rows + r].e);
    }
    char text[256];
    snprintf(text, sizeof text, "%s %s%s%s, %zu x %zu%s", b.params, job.recip ? "reciprocals" : "codes",
             job.scores ? " of scores" : "", sums ? ", sums" : "", job.rows, job.width,
             seed ? " with stalls" : "");
    bench_test(&b, text, n + 2 * job.rows);
    if (!seed) {
        const uint64_t rows = job.rows * (beats + (job.recip ? PM_SFU_SCALE_RECIP_CLOCKS : 0));
        snprintf(text, sizeof text, "%s: %u clocks a row, and 19", b.params, (unsigned)(rows / job.rows));
        bench_check(&b, text, clocks == rows + 19);
    }
    free(row);
    free(a);
    free(column);
    free(scale);
    free(bias);
    free(onto);
    free(y);
}

int main(void) {
    static const char *const names[] = {"l8", "l3"};
    bench_begin(&b, "sfu_scale");
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        struct pm_rtl *rtl = bench_model(&b, names[k]);
        if (!rtl)
            continue;
        run(rtl, (struct pm_sfu_scale_job){.rows = k ? 3000 : PM_FP16_INF, .width = 1, .sets = 7}, false, 0);
        run(rtl, (struct pm_sfu_scale_job){.rows = 3000, .width = 1, .sets = 5, .scores = true}, false, 0);
        run(rtl, (struct pm_sfu_scale_job){.rows = 3000, .width = 1, .sets = 5, .recip = true}, false, 0);
        for (unsigned stalls = 0; stalls < 2; stalls++) {
            const uint64_t seed = stalls ? bench_random(&b) | 1 : 0;
            run(rtl, (struct pm_sfu_scale_job){.rows = 400, .width = 61, .sets = 3}, true, seed);
            run(rtl, (struct pm_sfu_scale_job){.rows = 400, .width = 16, .sets = 4, .recip = true}, true,
                seed);
        }
        pm_rtl_close(rtl);
    }
    return bench_end(&b);
}

// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "shift_add.h"
#include "tb/shift_add/shift_add_rtl.h"
#include "therm_enc.h"

#include <inttypes.h>
#include <stdlib.h>

static unsigned wbits(const struct pm_op_job *job) {
    return (unsigned)pm_op_int(job, "wbits");
}

/* y[T][M]: vector t has the next accesses[t] beats. */
static void accumulate(const struct pm_op_job *job, int64_t *y) {
    const uint8_t *code = pm_op_data(job, "code"), *plane = pm_op_data(job, "plane"),
                  *neg = pm_op_data(job, "neg");
    const int32_t *accesses = pm_op_data(job, "accesses");
    const size_t cols = job->dim['C'], outputs = job->dim['M'];
    const unsigned n = wbits(job);
    for (size_t t = 0, beat = 0; t < job->dim['T']; t++)
        for (const size_t end = beat + (size_t)accesses[t]; beat < end; beat++)
            for (size_t m = 0; m < outputs; m++)
                y[t * outputs + m] +=
                    pm_shift_add(code + beat * cols + m * n, n, plane[beat], neg[beat] != 0);
}

static pm_status check_sums(struct pm_op_job *job) {
    const int64_t rows = pm_op_int(job, "rows");
    const unsigned bits = wbits(job) + (unsigned)pm_op_int(job, "xbits") + (unsigned)pm_clog2((uint64_t)rows);
    const size_t sums = job->dim['T'] * job->dim['M'];
    const int64_t half = (int64_t)1 << (bits - 1);
    int64_t *y = calloc(sums, sizeof *y);
    pm_status status = y ? PM_OK : PM_ENOMEM;
    if (y)
        accumulate(job, y);
    for (size_t i = 0; i < sums && status == PM_OK; i++)
        if (y[i] < -half || y[i] >= half)
            status =
                pm_op_fail(job, PM_ERANGE, "y",
                           "sum %zu, %" PRId64 ", does not fit the accumulator's %u bits", i, y[i], bits);
    free(y);
    return status;
}

static pm_status prepare(struct pm_op_job *job) {
    const int32_t *accesses = pm_op_data(job, "accesses");
    size_t beats = 0;
    char why[32];
    for (size_t t = 0; t < job->dim['T']; t++)
        beats += (size_t)accesses[t];
    if (beats != job->dim['A'])
        return pm_op_fail(job, PM_ESHAPE, "accesses", "they add up to %zu, code has A=%zu", beats,
                          job->dim['A']);
    if (job->dim['C'] % wbits(job) != 0)
        return pm_op_fail(job, PM_ESHAPE, "code", "C=%zu is not a multiple of wbits=%u", job->dim['C'],
                          wbits(job));
    job->dim['M'] = job->dim['C'] / wbits(job);
    snprintf(why, sizeof why, "xbits=%d", (int)pm_op_int(job, "xbits"));
    const pm_status status = pm_op_check(job, "plane", 0, pm_op_int(job, "xbits") - 1, why);
    return status == PM_OK ? check_sums(job) : status;
}

static pm_status golden(struct pm_op_job *job) {
    accumulate(job, pm_op_out(job, "y"));
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    snprintf(params, PM_OP_PARAMS, "Outputs=%zu WBits=%u XBits=%d Rows=%d", job->dim['M'], wbits(job),
             (int)pm_op_int(job, "xbits"), (int)pm_op_int(job, "rows"));
}

/* The accesses of all vectors; one without any has a beat of its own. */
static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const uint8_t *code = pm_op_data(job, "code"), *plane = pm_op_data(job, "plane"),
                  *neg = pm_op_data(job, "neg");
    const int32_t *accesses = pm_op_data(job, "accesses");
    const size_t cols = job->dim['C'], vectors = job->dim['T'], most = job->dim['A'] + vectors;
    struct pm_shift_add_beat *beat = calloc(most, sizeof *beat);
    uint8_t *codes = calloc(most, cols);
    size_t n = 0, at = 0;
    for (size_t t = 0; t < vectors && beat && codes; t++) {
        const size_t count = accesses[t] > 0 ? (size_t)accesses[t] : 1;
        for (size_t i = 0; i < count; i++, n++) {
            beat[n] = (struct pm_shift_add_beat){
                .first = i == 0, .last = i + 1 == count, .empty = accesses[t] == 0};
            if (beat[n].empty)
                continue;
            beat[n].plane = plane[at];
            beat[n].neg = neg[at] != 0;
            for (size_t c = 0; c < cols; c++)
                codes[n * cols + c] = code[at * cols + c];
            at++;
        }
    }
    const pm_status status =
        beat && codes ? pm_op_driver(job, pm_shift_add_rtl)(&opts, (unsigned)job->dim['M'], wbits(job), beat,
                                                            codes, n, pm_op_out(job, "y"), vectors, NULL)
                      : PM_ENOMEM;
    free(beat);
    free(codes);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("wbits", 2, 16, "8"), .help = "columns of an output"},
    {PM_SET_INTEGER("xbits", 2, 16, "8"), .help = "planes of an activation"},
    {PM_SET_INTEGER("rows", 8, PM_MAX_ROWS, "64"),
     .help = "wordlines that the accumulator is wide enough for"},
    {0},
};

static const struct pm_op op = {
    .name = "shift-add",
    .block = "shift_add",
    .summary = "codes of bit planes and weight columns, accumulated to M = C / wbits sums a vector",
    .limit = {{'C', 1024}},
    .in = {{.name = "code",
            .dims = "AC",
            .dtype = PM_UINT8,
            .lo = 0,
            .hi = PM_COMPARATORS,
            .note = "of each access"},
           {.name = "plane",
            .dims = "A",
            .dtype = PM_UINT8,
            .lo = 0,
            .hi = 15,
            .note = "its weight is 2^plane"},
           {.name = "neg", .dims = "A", .dtype = PM_UINT8, .lo = 0, .hi = 1, .note = "1: it counts negative"},
           {.name = "accesses",
            .dims = "T",
            .dtype = PM_INT32,
            .lo = 0,
            .hi = INT32_MAX,
            .note = "of each vector; A in all"}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT64}},
    .driver = "pm_shift_add_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "vectors",
                .dims = "A=40 C=24 T=4",
                .set = "wbits=8 xbits=8 rows=64",
                .in = "plane=2@0..7 accesses=10,0,25,5",
                .stalls = 3},
               {.name = "timing",
                .dims = "A=5 C=2 T=3",
                .set = "wbits=2 xbits=2 rows=8",
                .in = "code=8,1,3,0,5,2,1,1,7,0 plane=0,0,1,0,1 neg=0,0,1,0,0 accesses=3,0,2",
                .stalls = 3}},
    .timing = {.signals = "valid ready code side y_valid y_ready y", .clocks = 14},
};
PM_OP(op);

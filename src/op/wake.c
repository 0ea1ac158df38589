// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/wake/wake_rtl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a simulation takes on. */
#define RTL_LAYERS   1024
#define RTL_CLOCKS   (INT64_C(1) << 24)
#define RTL_BITS     40
#define SETTING_MOST (INT64_C(1) << 53) /* what a setting's range holds exactly */

static struct pm_wake_cfg config(const struct pm_op_job *job) {
    return (struct pm_wake_cfg){
        .pwr = pm_op_int(job, "pwr"), .bus = pm_op_int(job, "bus"), .cap = pm_op_int(job, "cap")};
}

static int64_t most(const int64_t *v, size_t n, int64_t least) {
    for (size_t i = 0; i < n; i++)
        least = v[i] > least ? v[i] : least;
    return least;
}

static pm_status check_rtl(struct pm_op_job *job, int64_t cycles) {
    const size_t layers = job->dim['L'];
    if (layers > RTL_LAYERS)
        return pm_op_fail(job, PM_ESHAPE, "bits", "L=%zu, the RTL engine takes at most %d", layers,
                          RTL_LAYERS);
    if (most(pm_op_data(job, "bits"), layers, pm_op_int(job, "cap")) >> RTL_BITS != 0)
        return pm_op_fail(job, PM_ERANGE, "bits", "bits and cap have at most %d bits in the RTL engine",
                          RTL_BITS);
    if (cycles > RTL_CLOCKS)
        return pm_op_fail(job, PM_ERANGE, "run", "%" PRId64 " clocks, the RTL engine takes at most %" PRId64,
                          cycles, RTL_CLOCKS);
    return PM_OK;
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_wake_cfg c = config(job);
    const size_t layers = job->dim['L'];
    if (pm_wake_check(&c) != PM_OK)
        return pm_op_fail(job, PM_EINVAL, "bus", "%" PRId64 " is not a power of two", c.bus);
    int64_t *end = malloc(layers * sizeof *end);
    if (!end)
        return PM_ENOMEM;
    size_t at = 0;
    const int64_t *bits = pm_op_data(job, "bits");
    pm_status status = pm_wake(&c, bits, pm_op_data(job, "run"), layers, end, &at);
    if (status != PM_OK && c.cap && bits[at] > c.cap)
        pm_op_fail(job, status, "bits", "layer %zu has %" PRId64 ", cap=%" PRId64, at, bits[at], c.cap);
    else if (status != PM_OK)
        pm_op_fail(job, status, "run", "layer %zu ends beyond 2^63 clocks", at);
    else if (job->rtl)
        status = check_rtl(job, end[layers - 1]);
    free(end);
    return status;
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_wake_cfg c = config(job);
    int64_t *end = pm_op_out(job, "end"), *cycles = pm_op_out(job, "cycles");
    const pm_status status =
        pm_wake(&c, pm_op_data(job, "bits"), pm_op_data(job, "run"), job->dim['L'], end, NULL);
    *cycles = end[job->dim['L'] - 1];
    return status;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const bool wide = most(pm_op_data(job, "bits"), job->dim['L'], pm_op_int(job, "cap")) >> 24 != 0;
    snprintf(params, PM_OP_PARAMS, "MaxLayers=%u BitsW=%d RunW=32", pm_op_fit_power(job->dim['L'], 64),
             wide ? RTL_BITS : 24);
}

/* The driver wakes twice: the second response must be like the first. */
static pm_status rtl(struct pm_op_job *job) {
    const struct pm_wake_cfg c = config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const size_t layers = job->dim['L'];
    int64_t *end = calloc(2 * layers, sizeof *end), *cycles = pm_op_out(job, "cycles");
    pm_status status = end ? pm_op_driver(job, pm_wake_rtl)(&opts, &c, pm_op_data(job, "bits"),
                                                            pm_op_data(job, "run"), layers, end)
                           : PM_ENOMEM;
    if (status == PM_OK && memcmp(end, end + layers, layers * sizeof *end) != 0)
        status = PM_EDIFFER;
    if (status == PM_OK) {
        memcpy(pm_op_out(job, "end"), end, layers * sizeof *end);
        *cycles = end[layers - 1];
    }
    free(end);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("pwr", 0, SETTING_MOST, "1000"), .help = "clocks until power is up"},
    {PM_SET_INTEGER("bus", 1, 1024, "128"), .help = "bits a beat, a power of two"},
    {PM_SET_INTEGER("cap", 0, SETTING_MOST, "1048576"), .help = "bits that the SRAM holds; 0: any"},
    {0},
};

static const struct pm_op op = {
    .name = "wake",
    .block = "wake",
    .summary = "clocks from wake-up to response, layers loading while others run",
    .in = {{.name = "bits",
            .dims = "L",
            .dtype = PM_INT64,
            .lo = 0,
            .hi = INT64_MAX,
            .note = "in SRAM; 0: none"},
           {.name = "run", .dims = "L", .dtype = PM_INT64, .lo = 1, .hi = INT64_MAX, .note = "clocks"}},
    .set = {.setting = settings},
    .out = {{.name = "cycles", .dims = "1", .dtype = PM_INT64, .note = "until the response"},
            {.name = "end",
             .dims = "L",
             .dtype = PM_INT64,
             .note = "of each layer, counted from the first clock of power"}},
    .driver = "pm_wake_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "network",
                .dims = "L=7",
                .set = "pwr=50 cap=4096",
                .in = "bits=1152,4096,0,4000,50,46,4096 run=100,40,7,1,300,20,9",
                .stalls = 3},
               {.name = "any-size",
                .dims = "L=5",
                .set = "cap=0 pwr=0 bus=1024",
                .in = "bits=3@0..99999 run=4@1..200"},
               {.name = "timing",
                .dims = "L=4",
                .set = "pwr=2 bus=16 cap=64",
                .in = "bits=32,0,48,64 run=3,2,2,1"}},
    .timing = {.signals = "wake power beat load run layer done cycles", .clocks = 22},
};
PM_OP(op);

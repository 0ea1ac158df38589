// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/pva_gemv/pva_gemv_rtl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Outputs are independent: the model has WIDTH, and each group of them is a run of its own. */
#define WIDTH 16

/* The bits, and the table of accesses. */
static struct pm_pva_cfg table(struct pm_op_job *job) {
    struct pm_pva_cfg c =
        pm_pva_default((unsigned)pm_op_int(job, "xbits"), (unsigned)pm_op_int(job, "wbits"));
    uint8_t k[3];
    for (unsigned level = 0; level < 3; level++)
        k[level] = (uint8_t)pm_op_setting(job, "k")->at[level].i;
    pm_pva_levels(&c, (unsigned)pm_op_int(job, "n0"), (unsigned)pm_op_int(job, "lo"),
                  (unsigned)pm_op_int(job, "hi"), k);
    return c;
}

static struct pm_pva_cfg config(struct pm_op_job *job) {
    struct pm_pva_cfg c = table(job);
    c.is_signed = pm_op_int(job, "signed") != 0;
    c.coding = (enum pm_pva_coding)pm_op_int(job, "coding");
    return c;
}

static pm_status prepare_table(struct pm_op_job *job) {
    struct pm_value *lo = pm_op_setting(job, "lo"), *hi = pm_op_setting(job, "hi");
    const struct pm_value *k = pm_op_setting(job, "k");
    const unsigned wbits = (unsigned)pm_op_int(job, "wbits"), n0 = (unsigned)pm_op_int(job, "n0");
    unsigned low, high;
    pm_pva_default_bounds((unsigned)pm_op_int(job, "xbits"), wbits, &low, &high);
    if (lo->n == 0)
        *lo = (struct pm_value){.n = 1, .at = {{.i = low}}};
    if (hi->n == 0)
        *hi = (struct pm_value){.n = 1, .at = {{.i = high}}};
    if (lo->at[0].i > hi->at[0].i)
        return pm_op_fail(job, PM_ERANGE, "lo", "%" PRId64 " is above hi=%" PRId64, lo->at[0].i, hi->at[0].i);
    if (k->n != 3)
        return pm_op_fail(job, PM_EINVAL, "k", "%u values, expected 3", k->n);
    for (unsigned level = 0; level < 3; level++)
        if (n0 << level < 8u << k->at[level].i)
            return pm_op_fail(job, PM_ERANGE, "k", "%u wordlines of level %u are less than 8<<%" PRId64,
                              n0 << level, level, k->at[level].i);
    return PM_OK;
}

static pm_status prepare(struct pm_op_job *job) {
    const int64_t wbits = pm_op_int(job, "wbits"), half = INT64_C(1) << (wbits - 1);
    char why[32];
    snprintf(why, sizeof why, "wbits=%" PRId64, wbits);
    pm_status status = prepare_table(job);
    if (status == PM_OK)
        status = pm_op_check(job, "w", -half, half - 1, why);
    return status == PM_OK ? pm_op_check_bits(job, "x", "xbits", "signed") : status;
}

static void note(struct pm_op_job *job, const char *of, uint64_t accesses, uint64_t windows) {
    snprintf(job->note, sizeof job->note, "%" PRIu64 " accesses%s, %" PRIu64 " at %d rows each (%+.2f%%)",
             accesses, of, windows, PM_PVA_WINDOW, 100 * ((double)accesses / (double)windows - 1));
}

static void finish(struct pm_op_job *job, const struct pm_pva *matrix, uint64_t clips) {
    const uint64_t accesses = pm_pva_accesses(pm_pva_config(matrix), pm_pva_rows(matrix), false);
    *(int64_t *)pm_op_out(job, "accesses") = (int64_t)accesses;
    *(int64_t *)pm_op_out(job, "clips") = (int64_t)clips;
    note(job, " a vector", accesses, pm_pva_accesses(pm_pva_config(matrix), pm_pva_rows(matrix), true));
    const size_t n = strlen(job->note);
    snprintf(job->note + n, sizeof job->note - n, "; clipped: %" PRIu64 " conversions", clips);
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_pva_cfg cfg = config(job);
    const size_t rows = job->dim['K'];
    struct pm_pva *matrix;
    struct pm_pva_cost cost = {0};
    pm_status status =
        pm_pva_new(&cfg, pm_op_data(job, "w"), (unsigned)rows, (unsigned)job->dim['M'], 0, &matrix);
    if (status != PM_OK)
        return status;
    status = pm_pva_gemm(matrix, pm_op_data(job, "x"), rows, job->dim['T'], 0, pm_op_out(job, "y"), &cost);
    finish(job, matrix, cost.clips);
    pm_pva_free(matrix);
    return status;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const size_t rows = job->dim['K'] < PM_PVA_ROWS ? job->dim['K'] : PM_PVA_ROWS;
    snprintf(params, PM_OP_PARAMS, "Rows=%u Outputs=%d XBits=%d Digits=%u", pm_op_fit_power(rows, 64), WIDTH,
             (int)pm_op_int(job, "xbits"), pm_pva_digits((unsigned)pm_op_int(job, "wbits")));
}

/* Each tile of rows and each group of outputs is a run of its own. */
static pm_status rtl(struct pm_op_job *job) {
    const struct pm_pva_cfg cfg = config(job);
    const size_t rows = job->dim['K'], outputs = job->dim['M'], vectors = job->dim['T'];
    const int32_t *x = pm_op_data(job, "x");
    int64_t *y = pm_op_out(job, "y"), *part = calloc(vectors * WIDTH, sizeof *part);
    struct pm_pva *matrix = NULL;
    uint64_t clips = 0;
    unsigned parts = 0;
    pm_status status = part ? PM_OK : PM_ENOMEM;
    if (status == PM_OK)
        status = pm_pva_new(&cfg, pm_op_data(job, "w"), (unsigned)rows, (unsigned)outputs, 0, &matrix);
    for (unsigned t = 0; status == PM_OK && t < pm_pva_tiles(matrix); t++)
        for (size_t first = 0; first < outputs && status == PM_OK; first += WIDTH) {
            const struct pm_sim_opts opts = pm_op_sim(job, parts++);
            const size_t n = outputs - first < WIDTH ? outputs - first : WIDTH;
            uint64_t here = 0;
            status = pm_op_driver(job, pm_pva_gemv_rtl)(&opts, matrix, t, (unsigned)first,
                                                        x + (size_t)t * PM_PVA_ROWS, rows, vectors, 0, part,
                                                        &here, NULL);
            clips += here;
            for (size_t i = 0; i < vectors * n && status == PM_OK; i++)
                y[i / n * outputs + first + i % n] += part[i];
        }
    if (status == PM_OK)
        finish(job, matrix, clips);
    pm_pva_free(matrix);
    free(part);
    return status;
}

#define BITS                                                                                                 \
    {PM_SET_INTEGER("xbits", 2, 16, "8")}, {                                                                 \
        PM_SET_INTEGER("wbits", 2, 8, "8")                                                                   \
    }
#define TABLE                                                                                                \
    {PM_SET_INTEGER("n0", 8, 128, "16"), .help = "wordlines an access from place hi on"},                    \
        {PM_SET_INTEGER("lo", 0, 31, NULL), .help = "places below: 4 n0; default max(P-12, 0) of P places"}, \
        {PM_SET_INTEGER("hi", 0, 31, NULL), .help = "places from lo on below: 2 n0; default max(P-4, 0)"}, { \
        PM_SET_INTEGER("k", 0, 3, "0,0,1"), .list = true,                                                    \
                                            .help = "a code counts 2^k: from hi on, from lo on, below"       \
    }

static const struct pm_setting settings[] = {
    BITS,
    {PM_SET_FLAG("signed", "1"), .help = "x is two's complement"},
    {PM_SET_ONE_OF("coding", "diff|offset", "diff"), .golden = "offset",
     .help = "of weights"}, /* enum pm_pva_coding */
    TABLE,
    {0},
};

static const struct pm_op op = {
    .name = "pva-gemv",
    .block = "pva_gemv",
    .summary = "y = x w through arrays of 2-bit cells whose accesses widen with falling place value",
    .limit = {{'K', PM_PVA_MAX_DIM}, {'M', PM_PVA_MAX_OUTPUTS}},
    .in = {{.name = "x", .dims = "TK", .dtype = PM_INT32, .note = "within xbits"},
           {.name = "w", .dims = "KM", .dtype = PM_INT16, .note = "within wbits"}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT64},
            {.name = "accesses", .dims = "1", .dtype = PM_INT64, .note = "of a vector"},
            {.name = "clips", .dims = "1", .dtype = PM_INT64, .note = "conversions beyond the last code"}},
    .driver = "pm_pva_gemv_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample =
        {{.name = "default",
          .dims = "T=2 K=70 M=20",
          .set = "xbits=8 wbits=8",
          .in = "x=1@-128..127 w=1@-128..127"},
         {.name = "exact",
          .dims = "T=2 K=70 M=5",
          .set = "xbits=8 wbits=8 n0=8 lo=0 hi=0 k=0,0,0 signed=0",
          .in = "x=1@0..255 w=1@-128..127"},
         {.name = "tiles", .dims = "T=1 K=520 M=3", .set = "xbits=2 wbits=2", .in = "x=1@-2..1 w=1@-2..1"},
         {.name = "timing", .dims = "T=2 K=40 M=2", .set = "xbits=2 wbits=4", .in = "x=1@-2..1 w=1@-8..7"}},
    .timing = {.signals = "x_valid x_ready wl_valid wl_ready wl wl_digit wl_place wl_k wl_last code_p code_n "
                          "y_valid y_ready y",
               .clocks = 16},
};
PM_OP(op);

/* pva-cost: what layers take, whose weights nobody has. */

static pm_status cost(struct pm_op_job *job) {
    const struct pm_pva_cfg c = table(job);
    const int64_t *layers = pm_op_data(job, "layers");
    int64_t *accesses = pm_op_out(job, "accesses"), *conventional = pm_op_out(job, "conventional");
    uint64_t all = 0, windows = 0;
    for (size_t l = 0; l < job->dim['L']; l++) {
        const unsigned rows = (unsigned)layers[2 * l];
        accesses[l] = layers[2 * l + 1] * (int64_t)pm_pva_accesses(&c, rows, false);
        conventional[l] = layers[2 * l + 1] * (int64_t)pm_pva_accesses(&c, rows, true);
        all += (uint64_t)accesses[l];
        windows += (uint64_t)conventional[l];
    }
    note(job, "", all, windows);
    return PM_OK;
}

static pm_status prepare_cost(struct pm_op_job *job) {
    const int64_t *layers = pm_op_data(job, "layers");
    for (size_t l = 0; l < job->dim['L']; l++)
        if (layers[2 * l] > PM_PVA_MAX_DIM)
            return pm_op_fail(job, PM_ERANGE, "layers", "[%zu,0] %" PRId64 " rows, at most %d", l,
                              layers[2 * l], PM_PVA_MAX_DIM);
    return prepare_table(job);
}

static const struct pm_setting cost_settings[] = {BITS, TABLE, {0}};

static const struct pm_op cost_op = {
    .name = "pva-cost",
    .block = "pva_gemv",
    .summary = "accesses of layers in arrays of 2-bit cells, by the table and at one width for all places",
    .limit = {{'L', 65536}},
    .in = {{.name = "layers", .dims = "L2", .dtype = PM_INT64, .lo = 1, .hi = 1 << 20, .note = "K, vectors"}},
    .set = {.setting = cost_settings},
    .out = {{.name = "accesses", .dims = "L", .dtype = PM_INT64, .note = "of all vectors"},
            {.name = "conventional", .dims = "L", .dtype = PM_INT64, .note = "at 16 rows each"}},
    .prepare = prepare_cost,
    .golden = cost,
    /* On 32 x 32 pixels. */
    .sample = {{.name = "resnet20",
                .dims = "L=20",
                .set = "xbits=8 wbits=8",
                .in = "layers=27,1024,144,1024,144,1024,144,1024,144,1024,144,1024,144,1024,144,256,288,256,"
                      "288,256,288,256,288,256,288,256,288,64,576,64,576,64,576,64,576,64,576,64,64,1"},
               {.name = "wide", .dims = "L=2", .set = "xbits=12 n0=8", .in = "layers=9,196,4000,7"}},
};
PM_OP(cost_op);

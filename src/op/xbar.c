// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/xbar/xbar_rtl.h"

#include <inttypes.h>
#include <stdlib.h>

#define OUTPUTS 8 /* of a model */

static const unsigned sizes[] = {16, 64, 256, PM_XBAR_MAX_ROWS, 0};

static struct pm_xbar_cfg config(const struct pm_op_job *job) {
    struct pm_xbar_cfg c = pm_xbar_default();
    c.wbits = (unsigned)pm_op_int(job, "wbits");
    c.abits = (unsigned)pm_op_int(job, "abits");
    c.cell = (unsigned)pm_op_int(job, "cell");
    c.rows = (unsigned)pm_op_int(job, "rows");
    c.adc = (unsigned)pm_op_int(job, "adc");
    c.is_signed = pm_op_int(job, "signed") != 0;
    c.path = PM_PATH_PLAIN;
    return c;
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_xbar_cfg c = config(job);
    const int64_t wtop = (int64_t)1 << (c.wbits - 1);
    if (c.adc == 1)
        return pm_op_fail(job, PM_EINVAL, "adc", "a converter has 2..16 bits; 0: ideal");
    if (c.is_signed && c.abits < 2)
        return pm_op_fail(job, PM_EINVAL, "abits", "a signed input has at least 2 bits");
    const pm_status status = pm_op_check(job, "w", -wtop, wtop - 1, "wbits");
    return status != PM_OK ? status : pm_op_check_bits(job, "x", "abits", "signed");
}

static void add_note(struct pm_op_job *job, uint64_t clips) {
    const struct pm_xbar_cfg c = config(job);
    const uint64_t tiles = (job->dim['K'] + c.rows - 1) / c.rows,
                   accesses = (uint64_t)c.abits * pm_xbar_slices(&c);
    snprintf(job->note, sizeof job->note,
             "%" PRIu64 " row tiles of %" PRIu64 " accesses a vector; clipped: %" PRIu64 " of %" PRIu64
             " conversions",
             tiles, accesses, clips, job->dim['T'] * job->dim['M'] * tiles * accesses);
}

static pm_status program(const struct pm_op_job *job, struct pm_xbar **matrix) {
    const struct pm_xbar_cfg c = config(job);
    return pm_xbar_new(&c, pm_op_data(job, "w"), (unsigned)job->dim['K'], (unsigned)job->dim['M'], 0, matrix);
}

static pm_status golden(struct pm_op_job *job) {
    struct pm_xbar_cost cost = {0};
    struct pm_xbar *matrix;
    pm_status status = program(job, &matrix);
    if (status == PM_OK)
        status = pm_xbar_gemm(matrix, pm_op_data(job, "x"), job->dim['K'], job->dim['T'], 0,
                              pm_op_out(job, "y"), &cost);
    *(int64_t *)pm_op_out(job, "clips") = (int64_t)cost.clips;
    add_note(job, cost.clips);
    pm_xbar_free(matrix);
    return status;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const size_t rows = job->dim['K'] < config(job).rows ? job->dim['K'] : config(job).rows;
    snprintf(params, PM_OP_PARAMS, "Rows=%u Outputs=%d C=4 A=8 B=8", pm_op_fit(rows, sizes), OUTPUTS);
}

/* Each tile of rows and of outputs is a run of its own. */
static pm_status rtl(struct pm_op_job *job) {
    const size_t rows = job->dim['K'], outputs = job->dim['M'], vectors = job->dim['T'];
    const int32_t *x = pm_op_data(job, "x");
    int64_t *y = pm_op_out(job, "y"), *part = calloc(vectors * OUTPUTS, sizeof *part);
    struct pm_xbar *matrix;
    uint64_t clips = 0;
    unsigned run = 0, n = 1;
    pm_status status = program(job, &matrix);
    if (part == NULL)
        status = PM_ENOMEM;
    for (unsigned t = 0; status == PM_OK && t < pm_xbar_row_tiles(matrix); t++)
        for (unsigned m = 0; m < outputs && status == PM_OK; m += n) {
            const struct pm_sim_opts opts = pm_op_sim(job, run++);
            status = pm_op_driver(job, pm_xbar_rtl)(&opts, matrix, t, m, x + t * pm_xbar_config(matrix)->rows,
                                                    rows, vectors, 0, part, &n, &clips, NULL);
            for (size_t i = 0; i < vectors * n && status == PM_OK; i++)
                y[i / n * outputs + m + i % n] += part[i];
        }
    *(int64_t *)pm_op_out(job, "clips") = (int64_t)clips;
    add_note(job, clips);
    pm_xbar_free(matrix);
    free(part);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("wbits", 2, 8, "8"), .help = "bits of w"},
    {PM_SET_INTEGER("abits", 1, 8, "8"), .help = "bits of x; signed: at least 2"},
    {PM_SET_INTEGER("cell", 1, 4, "4"), .help = "bits a cell"},
    {PM_SET_FLAG("signed", "1"), .help = "x is two's complement"},
    {PM_SET_INTEGER("rows", 16, PM_XBAR_MAX_ROWS, "256"), .help = "wordlines of a crossbar"},
    {PM_SET_INTEGER("adc", 0, 16, "0"), .help = "bits of a converter; 0: ideal"},
    {0},
};

static const struct pm_op op = {
    .name = "xbar-gemv",
    .block = "xbar",
    .summary = "y = x w through crossbars of n-bit cells, weights in differential slices",
    .limit = {{'K', PM_XBAR_MAX_DIM}, {'M', PM_XBAR_MAX_DIM}},
    .in = {{.name = "x", .dims = "TK", .dtype = PM_INT32}, {.name = "w", .dims = "KM", .dtype = PM_INT16}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT64},
            {.name = "clips", .dims = "1", .dtype = PM_INT64, .note = "clipped conversions"}},
    .driver = "pm_xbar_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample =
        {{.name = "tiles", .dims = "T=2 K=40 M=10", .set = "rows=16", .in = "x=1@-128..127 w=2@-128..127"},
         {.name = "mixed",
          .dims = "T=2 K=20 M=3",
          .set = "wbits=5 abits=3 cell=2 signed=0",
          .in = "x=1@0..7 w=2@-16..15"},
         {.name = "clipping", .dims = "T=1 K=16 M=2", .set = "adc=4", .in = "x=-1 w=-128"},
         {.name = "timing",
          .dims = "T=2 K=16 M=1",
          .set = "wbits=4 abits=2 cell=2",
          .in = "x=1@-2..1 w=1@-8..7"}},
    .timing = {.signals = "x_valid x_ready wl_valid wl_ready wl slice plane last d y_valid y_ready y",
               .clocks = 14},
};
PM_OP(op);

static pm_status prepare_cost(struct pm_op_job *job) {
    const int32_t *policy = pm_op_data(job, "policy");
    for (size_t l = 0; l < job->dim['L']; l++)
        if (policy[2 * l] < 2)
            return pm_op_fail(job, PM_ERANGE, "policy", "layer %zu: a weight has 2..8 bits", l);
    return PM_OK;
}

static pm_status cost(struct pm_op_job *job) {
    const struct pm_xbar_chip chip = {.cell = (unsigned)pm_op_int(job, "cell"),
                                      .rows = pm_op_int(job, "rows"),
                                      .cols = pm_op_int(job, "cols"),
                                      .write = pm_op_int(job, "twrite"),
                                      .mvm = pm_op_int(job, "tmvm"),
                                      .map = (enum pm_xbar_map)pm_op_int(job, "map")};
    const int64_t *layers = pm_op_data(job, "layers");
    const int32_t *policy = pm_op_data(job, "policy");
    int64_t *t = pm_op_out(job, "t"), *tiles = pm_op_out(job, "tiles"), sum = 0;
    for (size_t l = 0; l < job->dim['L']; l++) {
        const int64_t *shape = layers + 4 * l;
        const struct pm_xbar_layer layer = {shape[0], shape[1], shape[2], shape[3]};
        if (pm_xbar_cost(&chip, &layer, (unsigned)policy[2 * l], (unsigned)policy[2 * l + 1], &t[l],
                         &tiles[l]) != PM_OK ||
            __builtin_add_overflow(sum, t[l], &sum))
            return pm_op_fail(job, PM_ERANGE, "layers", "layer %zu: its time is beyond 64 bits", l);
    }
    snprintf(job->note, sizeof job->note, "%" PRId64 ".%" PRId64 " us in all", sum / 10, sum % 10);
    return PM_OK;
}

static const struct pm_setting cost_settings[] = {
    {PM_SET_INTEGER("cell", 1, 4, "4"), .help = "bits a cell"},
    {PM_SET_INTEGER("rows", 1, INT32_MAX, "256"), .help = "wordlines of a crossbar"},
    {PM_SET_INTEGER("cols", 1, INT32_MAX, "256"), .help = "its columns"},
    {PM_SET_ONE_OF("map", "dc|of|dr", "dc"),
     .help = "a pair of columns a slice; an offset column for all; a pair of rows"}, /* enum pm_xbar_map */
    {PM_SET_INTEGER("twrite", 0, INT32_MAX, "560"), .help = "of writing a tile, 0.1 us"},
    {PM_SET_INTEGER("tmvm", 0, INT32_MAX, "14"), .help = "of a plane's multiplication, 0.1 us"},
    {0},
};

static const struct pm_op cost_op = {
    .name = "xbar-cost",
    .block = "xbar",
    .summary = "tiles and time of layers on crossbars that are written at every inference",
    .in = {{.name = "layers",
            .dims = "L4",
            .dtype = PM_INT64,
            .lo = 1,
            .hi = INT64_MAX,
            .note = "K, M, vectors an inference, repeat"},
           {.name = "policy",
            .dims = "L2",
            .dtype = PM_INT32,
            .lo = 1,
            .hi = 8,
            .note = "bits of a weight, 2..8, and of an activation"}},
    .set = {.setting = cost_settings},
    .out = {{.name = "t", .dims = "L", .dtype = PM_INT64, .note = "0.1 us, with repeat"},
            {.name = "tiles", .dims = "L", .dtype = PM_INT64, .note = "with repeat"}},
    .prepare = prepare_cost,
    .golden = cost,
    .sample = {{.name = "layers",
                .dims = "L=2",
                .set = "map=dc",
                .in = "layers=576,64,196,1,1024,10,1,2 policy=8,8,4,3"},
               /* VGG-16's shapes; a policy that takes as long as the published one: docs/systems/xbar.md. */
               {.name = "vgg-16",
                .dims = "L=16",
                .set = "map=dc",
                .in = "layers=27,64,50176,1,576,64,50176,1,576,128,12544,1,1152,128,12544,1,1152,256,3136,"
                      "1,2304,256,3136,1,2304,256,3136,1,2304,512,784,1,4608,512,784,1,4608,512,784,1,4608,"
                      "512,196,1,4608,512,196,1,4608,512,196,1,25088,4096,1,1,4096,4096,1,1,4096,1000,1,"
                      "1 policy=8,8,4,6,4,2,4,7,4,5,4,3,4,8,8,4,4,2,4,2,4,4,4,3,4,4,8,6,8,2,8,8"},
               {.name = "large", .dims = "L=1", .set = "map=of cell=1", .in = "layers=100000 policy=2"}},
};
PM_OP(cost_op);

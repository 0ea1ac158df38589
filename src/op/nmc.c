// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/nmc/nmc_rtl.h"

#include <stdlib.h>

static pm_status golden_toggles(struct pm_op_job *job) {
    const int8_t *w = pm_op_data(job, "w");
    uint8_t *t = pm_op_out(job, "t");
    for (size_t i = 0; i < job->dim['n']; i++)
        t[i] = (uint8_t)pm_toggles(w[i]);
    return PM_OK;
}

static pm_status golden_ptft(struct pm_op_job *job) {
    const int8_t *w = pm_op_data(job, "w");
    int8_t *y = pm_op_out(job, "y");
    for (size_t i = 0; i < job->dim['n']; i++)
        y[i] = pm_ptft(w[i], (unsigned)pm_op_int(job, "r"));
    return PM_OK;
}

static struct pm_nmc_cfg config(const struct pm_op_job *job) {
    return (struct pm_nmc_cfg){.order = (enum pm_nmc_order)pm_op_int(job, "order"),
                               .is_signed = pm_op_int(job, "signed") != 0,
                               .skip = pm_op_int(job, "skip") != 0};
}

static pm_status prepare_mac(struct pm_op_job *job) {
    return pm_op_int(job, "signed") ? pm_op_check(job, "x", -128, 127, "signed=1")
                                    : pm_op_check(job, "x", 0, 255, "signed=0");
}

static void put_stats(struct pm_op_job *job, const struct pm_nmc_counts *c) {
    int64_t *stats = pm_op_out(job, "stats");
    stats[0] = (int64_t)c->accesses;
    stats[1] = (int64_t)c->reads;
    stats[2] = (int64_t)c->t_sa;
    stats[3] = (int64_t)c->t_mul;
}

static pm_status golden_mac(struct pm_op_job *job) {
    const struct pm_nmc_cfg cfg = config(job);
    struct pm_nmc_counts counts = {0};
    const pm_status status = pm_nmc_mac(&cfg, pm_op_data(job, "x"), pm_op_data(job, "w"), job->dim['T'],
                                        job->dim['K'], job->dim['M'], pm_op_out(job, "y"), &counts);
    put_stats(job, &counts);
    return status;
}

static pm_status golden_xor(struct pm_op_job *job) {
    struct pm_nmc_counts counts = {0};
    const pm_status status = pm_nmc_xor(pm_op_data(job, "x"), pm_op_data(job, "w"), job->dim['T'],
                                        job->dim['K'], job->dim['M'], pm_op_out(job, "y"), &counts);
    *(int64_t *)pm_op_out(job, "t_xor") = (int64_t)counts.t_xor;
    return status;
}

/* The least of the bench's models that has a tile's columns. */
static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    static const unsigned cols[] = {9, 70, PM_NMC_COLS, 0};
    const size_t k = job->dim['K'];
    snprintf(params, PM_OP_PARAMS, "Cols=%u", pm_op_fit(k < PM_NMC_COLS ? k : PM_NMC_COLS, cols));
}

/* All operations of a matrix in one simulation: of each tile, of each macro, of each vector. */
struct batch {
    size_t groups; /* macros of a tile */
    struct pm_nmc_macro *macro;
    struct pm_nmc_input *in;
    struct pm_nmc_work *work;
    struct pm_nmc_result *result;
    size_t tiles, macros, inputs, works;
};

static pm_status batch_new(const struct pm_op_job *job, size_t groups, struct batch *b) {
    *b = (struct batch){.groups = groups, .tiles = (job->dim['K'] + PM_NMC_COLS - 1) / PM_NMC_COLS};
    b->macros = b->tiles * groups;
    b->inputs = b->tiles * job->dim['T'];
    b->works = b->macros * job->dim['T'];
    b->macro = calloc(b->macros, sizeof *b->macro);
    b->in = calloc(b->inputs, sizeof *b->in);
    b->work = calloc(b->works, sizeof *b->work);
    b->result = calloc(b->works, sizeof *b->result);
    return b->macro && b->in && b->work && b->result ? PM_OK : PM_ENOMEM;
}

static void batch_free(struct batch *b) {
    free(b->macro);
    free(b->in);
    free(b->work);
    free(b->result);
}

static unsigned tile_rows(const struct pm_op_job *job, size_t tile) {
    const size_t left = job->dim['K'] - tile * PM_NMC_COLS;
    return left < PM_NMC_COLS ? (unsigned)left : PM_NMC_COLS;
}

/* Runs operations that are there but for macro, input and vector; counts is the sum. */
static pm_status batch_run(struct pm_op_job *job, struct batch *b, struct pm_nmc_counts *counts) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    for (size_t i = 0; i < b->works; i++) {
        const size_t t = i % job->dim['T'], macro = i / job->dim['T'];
        b->work[i].macro = &b->macro[macro];
        b->work[i].in = &b->in[macro / b->groups * job->dim['T'] + t];
    }
    const pm_status status =
        pm_op_driver(job, pm_nmc_rtl)(&opts, b->work, b->works, NULL, 1, b->result, NULL);
    for (size_t i = 0; i < b->works && status == PM_OK; i++)
        pm_nmc_counts_add(counts, &b->result[i].counts);
    return status;
}

static pm_status rtl_mac(struct pm_op_job *job) {
    const size_t vectors = job->dim['T'], k = job->dim['K'], m = job->dim['M'];
    const int32_t *x = pm_op_data(job, "x");
    const int8_t *w = pm_op_data(job, "w");
    int32_t *y = pm_op_out(job, "y");
    struct pm_nmc_counts counts = {0};
    struct batch b;
    pm_status status = batch_new(job, m, &b);
    for (size_t i = 0; i < b.inputs && status == PM_OK; i++) {
        const size_t tile = i / vectors;
        pm_nmc_slice(x + i % vectors * k + tile * PM_NMC_COLS, tile_rows(job, tile), &b.in[i]);
    }
    for (size_t i = 0; i < b.macros && status == PM_OK; i++)
        pm_nmc_program_mac(&b.macro[i], 0, w + i / m * PM_NMC_COLS * m + i % m, tile_rows(job, i / m), m);
    for (size_t i = 0; i < b.works && status == PM_OK; i++)
        b.work[i].cfg = config(job);
    if (status == PM_OK)
        status = batch_run(job, &b, &counts);
    for (size_t i = 0; i < b.works && status == PM_OK; i++)
        y[i % vectors * m + i / vectors % m] += b.result[i].y[0];
    put_stats(job, &counts);
    batch_free(&b);
    return status;
}

static pm_status rtl_xor(struct pm_op_job *job) {
    const size_t vectors = job->dim['T'], k = job->dim['K'], m = job->dim['M'];
    const size_t groups = (m + PM_NMC_ROWS - 1) / PM_NMC_ROWS;
    const uint8_t *x = pm_op_data(job, "x"), *w = pm_op_data(job, "w");
    int32_t *y = pm_op_out(job, "y");
    struct pm_nmc_counts counts = {0};
    struct batch b;
    pm_status status = batch_new(job, groups, &b);
    for (size_t i = 0; i < b.inputs && status == PM_OK; i++)
        for (size_t c = 0; c < tile_rows(job, i / vectors); c++)
            b.in[i].plane[0][c / 64] |= (uint64_t)x[i % vectors * k + i / vectors * PM_NMC_COLS + c]
                                        << c % 64;
    for (size_t i = 0; i < b.works && status == PM_OK; i++) {
        const size_t left = m - i / vectors % groups * PM_NMC_ROWS;
        b.work[i].rows = left < PM_NMC_ROWS ? (unsigned)left : PM_NMC_ROWS;
    }
    for (size_t i = 0; i < b.macros && status == PM_OK; i++)
        pm_nmc_program_xor(&b.macro[i], 0, w + i / groups * PM_NMC_COLS * m + i % groups * PM_NMC_ROWS,
                           tile_rows(job, i / groups), b.work[i * vectors].rows, m);
    if (status == PM_OK)
        status = batch_run(job, &b, &counts);
    for (size_t i = 0; i < b.works && status == PM_OK; i++)
        for (unsigned r = 0; r < b.work[i].rows; r++)
            y[i % vectors * m + i / vectors % groups * PM_NMC_ROWS + r] += b.result[i].y[r];
    *(int64_t *)pm_op_out(job, "t_xor") = (int64_t)counts.t_xor;
    batch_free(&b);
    return status;
}

static const struct pm_setting mac_settings[] = {
    {PM_SET_FLAG("signed", "1")},
    {PM_SET_ONE_OF("order", "once|vwm|snake", "once"), .help = "of the accesses; vwm: literal"},
    {PM_SET_FLAG("skip", "1"), .help = "planes without ones cost nothing"},
    {0},
};
static const struct pm_setting no_settings[] = {{0}};
static const struct pm_setting ptft_settings[] = {
    {PM_SET_INTEGER("r", 0, 127, "1"), .help = "largest change of a weight"},
    {0},
};

static const struct pm_op mac = {
    .name = "nmc-mac",
    .block = "nmc",
    .summary = "y = x w in macros of 8 x 576 cells, bit by bit",
    .limit = {{'K', PM_NMC_MAX_K}},
    .in = {{.name = "x", .dims = "TK", .dtype = PM_INT32, .lo = -128, .hi = 255, .note = "8 bits, signed"},
           {.name = "w", .dims = "KM", .dtype = PM_INT8}},
    .set = {.setting = mac_settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT32},
            {.name = "stats",
             .dims = "4",
             .dtype = PM_INT64,
             .note =
                 "accesses, reads, toggles of the sense amplifiers, of the products; every vector, output "
                 "and tile of 576 rows is an operation"}},
    .prepare = prepare_mac,
    .driver = "pm_nmc_rtl",
    .model = model,
    .golden = golden_mac,
    .rtl = rtl_mac,
    .sample =
        {{.name = "tiles", .dims = "T=3 K=700 M=2", .set = "signed=1", .in = "x=1@-128..127 w=2@-128..127"},
         {.name = "unsigned", .dims = "T=4 K=30 M=3", .set = "signed=0", .in = "x=3@0..20"},
         {.name = "timing", .dims = "T=2 K=4 M=1", .set = "signed=1", .in = "x=1,2,5,3 w=-1,7,100,-128"}},
    .timing = {.signals = "x_valid x_ready read row done sa y_valid y_ready y last accesses reads t_sa t_mul",
               .clocks = 36},
};
PM_OP(mac);

static const struct pm_op xnor = {
    .name = "nmc-xor",
    .block = "nmc",
    .summary =
        "y = K - 2 ones(x xor w), the product of vectors of +1 (0) and -1 (1), in macros of 8 x 576 cells",
    .limit = {{'K', PM_NMC_MAX_K}},
    .in = {{.name = "x", .dims = "TK", .dtype = PM_UINT8, .lo = 0, .hi = 1},
           {.name = "w", .dims = "KM", .dtype = PM_UINT8, .lo = 0, .hi = 1}},
    .set = {.setting = no_settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT32},
            {.name = "t_xor",
             .dims = "1",
             .dtype = PM_INT64,
             .note = "toggles of the sense amplifiers; 8 kernels share a macro, 576 rows a tile"}},
    .driver = "pm_nmc_rtl",
    .model = model,
    .golden = golden_xor,
    .rtl = rtl_xor,
    .sample = {{.name = "tiles", .dims = "T=3 K=600 M=11"},
               {.name = "one", .dims = "T=1 K=1 M=1", .in = "x=1 w=0"},
               {.name = "timing", .dims = "T=2 K=9 M=5"}},
    .timing = {.signals = "x_valid x_ready read row is_xor in done sa y_valid y_ready y index last t_xor",
               .clocks = 16},
};
PM_OP(xnor);

static const struct pm_op toggles = {
    .name = "toggles",
    .block = "nmc",
    .summary = "bits of each weight that differ from their neighbour",
    .in = {{.name = "w", .dims = "n", .dtype = PM_INT8}},
    .set = {.setting = no_settings},
    .out = {{.name = "t", .dims = "n", .dtype = PM_UINT8, .note = "0..7"}},
    .golden = golden_toggles,
    .sample = {{.name = "all", .dims = "n=256"}},
};
PM_OP(toggles);

static const struct pm_op ptft = {
    .name = "ptft",
    .block = "nmc",
    .summary =
        "post-training fine-tuning: the weight within r of each with the fewest toggles, the nearest, the "
        "smaller",
    .in = {{.name = "w", .dims = "n", .dtype = PM_INT8}},
    .set = {.setting = ptft_settings},
    .out = {{.name = "y", .dims = "n", .dtype = PM_INT8}},
    .golden = golden_ptft,
    .sample = {{.name = "all", .dims = "n=256"}},
};
PM_OP(ptft);

// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/mlc_shift_add/mlc_shift_add_rtl.h"

#include <stdlib.h>

#define PLANES 8

static unsigned cell(const struct pm_op_job *job) {
    return 1 + (unsigned)pm_op_int(job, "cell");
}

static enum pm_weight_coding coding(const struct pm_op_job *job) {
    return (enum pm_weight_coding)pm_op_int(job, "weights");
}

static pm_status prepare(struct pm_op_job *job) {
    const unsigned columns = pm_mlc_columns(cell(job), coding(job)), multiple = columns > 8 ? columns : 8;
    if (job->dim['C'] % multiple != 0)
        return pm_op_fail(job, PM_ESHAPE, "code", "C=%zu is not a multiple of %u", job->dim['C'], multiple);
    job->dim['M'] = job->dim['C'] / columns;
    return cell(job) == 1 ? pm_op_check(job, "code", 0, 63, "cell=1") : PM_OK;
}

static pm_status golden(struct pm_op_job *job) {
    const uint8_t *code = pm_op_data(job, "code"), *flip = pm_op_data(job, "flip"),
                  *pop = pm_op_data(job, "pop");
    int32_t *y = pm_op_out(job, "y");
    const size_t cols = job->dim['C'], outputs = job->dim['M'];
    const unsigned bits = cell(job);
    int32_t *plane_code = malloc(cols * sizeof *plane_code);
    if (!plane_code)
        return PM_ENOMEM;
    for (size_t i = 0; i < job->dim['T'] * PLANES; i++) {
        for (size_t c = 0; c < cols; c++)
            plane_code[c] = code[i * cols + c];
        if (coding(job) == PM_WEIGHTS_DIFFERENTIAL)
            pm_mlc_shift_add_pairs(plane_code, bits, (unsigned)(i % PLANES), (unsigned)outputs,
                                   y + i / PLANES * outputs);
        else
            pm_mlc_shift_add(plane_code, flip, bits, pop[i], (unsigned)(i % PLANES), (unsigned)outputs,
                             y + i / PLANES * outputs);
    }
    free(plane_code);
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    snprintf(params, PM_OP_PARAMS, "Rows=64 Cols=%zu Flexible=1", job->dim['C']);
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    return pm_op_driver(job, pm_mlc_shift_add_rtl)(
        &opts, (unsigned)job->dim['C'], cell(job), coding(job), pm_op_data(job, "code"),
        pm_op_data(job, "flip"), pm_op_data(job, "pop"), job->dim['T'], pm_op_out(job, "y"), NULL);
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("cell", "1|2", "1"), .help = "bits a cell"},
    {PM_SET_ONE_OF("weights", "offset|differential", "offset"),
     .help = "differential: pairs of columns, the first positive"},
    {0},
};

static const struct pm_op op = {
    .name = "mlc-shift-add",
    .block = "mlc_shift_add",
    .summary = "column codes of 8 planes, 8 or 4 columns a weight or as many pairs, to M = C * cell / 8 or "
               "half as many sums",
    .limit = {{'C', 1024}},
    .in =
        {{.name = "code", .dims = "T8C", .dtype = PM_UINT8, .lo = 0, .hi = 127, .note = "to 63 where cell=1"},
         {.name = "flip",
          .dims = "C",
          .dtype = PM_UINT8,
          .lo = 0,
          .hi = 1,
          .note = "1: the column is stored flipped; not read where weights=differential"},
         {.name = "pop",
          .dims = "T8",
          .dtype = PM_UINT8,
          .lo = 0,
          .hi = 64,
          .note = "active wordlines of the plane"}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT32}},
    .driver = "pm_mlc_shift_add_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "one-bit", .dims = "T=3 C=16", .set = "cell=1", .in = "code=1@0..63"},
               {.name = "two-bit", .dims = "T=3 C=16", .set = "cell=2"},
               {.name = "pairs", .dims = "T=3 C=16", .set = "weights=differential", .in = "code=1@0..63"},
               {.name = "two-bit-pairs", .dims = "T=3 C=16", .set = "cell=2 weights=differential"},
               {.name = "timing",
                .dims = "T=1 C=8",
                .set = "cell=2",
                .in = "code=0,11,22,33,4,15,26,37,8,19,30,1,12,23,34,5,16,27,38,9,20,31,2,13,24,35,6,17,28,"
                      "39,10,21,32,3,"
                      "14,25,36,7,18,29 flip=0,1,0,0,0,0,0,0 pop=20"}},
    .timing = {.signals = "y_valid y_index y valid code column flip plane pop", .clocks = 20, .before = 16},
};
PM_OP(op);

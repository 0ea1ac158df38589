// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/head_norm/head_norm_rtl.h"

#include <stdlib.h>

static pm_status golden(struct pm_op_job *job) {
    const int32_t *o = pm_op_data(job, "o"), *z = pm_op_data(job, "z");
    const enum pm_norm mode = (enum pm_norm)pm_op_int(job, "mode");
    int32_t *y = pm_op_out(job, "y");
    size_t n = job->dim['n'];
    for (size_t t = 0; t < job->dim['T']; t++)
        for (size_t i = 0; i < n; i++)
            y[t * n + i] = pm_head_norm(o[t * n + i], (uint32_t)z[t], mode);
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    (void)job;
    snprintf(params, PM_OP_PARAMS, "Lanes=16 OW=32 ZW=31");
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const struct pm_tensor *o = pm_op_in(job, "o"), *z = pm_op_in(job, "z");
    int64_t *wide = calloc(o->count, sizeof *wide);
    uint32_t *sums = calloc(z->count, sizeof *sums);
    pm_status status = wide && sums ? PM_OK : PM_ENOMEM;
    for (size_t i = 0; i < o->count && status == PM_OK; i++)
        wide[i] = pm_tensor_get(o, i);
    for (size_t t = 0; t < z->count && status == PM_OK; t++)
        sums[t] = (uint32_t)pm_tensor_get(z, t);
    if (status == PM_OK)
        status = pm_op_driver(job, pm_head_norm_rtl)(&opts, wide, sums, z->count, job->dim['n'],
                                                     pm_op_out(job, "y"), NULL, NULL);
    free(wide);
    free(sums);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("mode", "recip|pow2|none", "recip"), .golden = "pow2|none"}, /* enum pm_norm */
    {0},
};

static const struct pm_op op = {
    .name = "head-norm",
    .block = "head_norm",
    .summary = "a head's output over its softmax sum z, with 4 fraction bits, without a divider",
    .in = {{.name = "o", .dims = "Tn", .dtype = PM_INT32},
           {.name = "z", .dims = "T", .dtype = PM_INT32, .lo = 0, .hi = INT32_MAX}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "Tn", .dtype = PM_INT32}},
    .driver = "pm_head_norm_rtl",
    .model = model,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "edges", .dims = "T=3 n=20", .set = "mode=recip", .in = "z:int64=0,1,2147483647"},
               {.name = "timing", .dims = "T=3 n=2", .in = "o=1@-4000..4000 z=900,3000,12000"}},
    .timing = {.signals = "o_valid o_ready o z y_valid y_ready y", .clocks = 10},
};
PM_OP(op);

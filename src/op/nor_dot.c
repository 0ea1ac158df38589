// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/nor_dot/nor_dot_rtl.h"

#include <stdlib.h>

static struct pm_nor_dot_cfg config(const struct pm_op_job *job) {
    struct pm_nor_dot_cfg c = pm_nor_dot_default((unsigned)pm_op_int(job, "heads"), 0);
    c.dim = (unsigned)(job->dim['D'] / c.heads);
    c.kv_heads = (unsigned)(job->dim['E'] / c.dim);
    c.arrays = (unsigned)pm_op_int(job, "arrays");
    return c;
}

static pm_status prepare(struct pm_op_job *job) {
    const size_t heads = (size_t)pm_op_int(job, "heads"), d = job->dim['D'], e = job->dim['E'];
    if (d % heads != 0)
        return pm_op_fail(job, PM_ESHAPE, "q", "D=%zu is no multiple of heads=%zu", d, heads);
    if (e % (d / heads) != 0 || heads % (e / (d / heads)) != 0)
        return pm_op_fail(job, PM_ESHAPE, "k",
                          "E=%zu are no heads of D/heads=%zu whose number divides heads=%zu", e, d / heads,
                          heads);
    if (job->dim['P'] != heads * job->dim['N'])
        return pm_op_fail(job, PM_ESHAPE, "a", "%zu columns, expected heads*N = %zu", job->dim['P'],
                          heads * job->dim['N']);
    const struct pm_nor_dot_cfg c = config(job);
    switch (pm_nor_dot_check(&c, job->dim['N'])) {
    case PM_OK:
        return PM_OK;
    case PM_ERANGE:
        return pm_op_fail(job, PM_ERANGE, "k",
                          "N=%zu keys take %u rows of an array, which has %d, one to multiply in",
                          job->dim['N'], pm_nor_dot_rows(&c, job->dim['N']), PM_NOR_DOT_ROWS);
    default:
        return pm_op_fail(job, PM_EINVAL, "arrays", "arrays=%u is less than heads=%u", c.arrays, c.heads);
    }
}

/* The weights in 16 bits, which the caller frees; NULL: out of memory. */
static uint16_t *weights(const struct pm_op_job *job) {
    const size_t n = job->dim['T'] * job->dim['P'];
    const int32_t *from = pm_op_data(job, "a");
    uint16_t *a = malloc(n * sizeof *a);
    for (size_t i = 0; a != NULL && i < n; i++)
        a[i] = (uint16_t)from[i];
    return a;
}

static void put_cost(struct pm_op_job *job, const struct pm_nor_dot_cost *c) {
    int64_t *cost = pm_op_out(job, "cost");
    cost[0] = (int64_t)c->products;
    cost[1] = (int64_t)c->nors;
    cost[2] = (int64_t)c->fetches;
    cost[3] = (int64_t)c->writes;
    cost[4] = (int64_t)c->clocks;
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_nor_dot_cfg c = config(job);
    const size_t n = job->dim['N'], d = job->dim['D'], p = job->dim['P'];
    const int8_t *q = pm_op_data(job, "q"), *k = pm_op_data(job, "k"), *v = pm_op_data(job, "v");
    int32_t *s = pm_op_out(job, "s");
    int64_t *y = pm_op_out(job, "y");
    struct pm_nor_dot_cost cost = {0};
    uint16_t *a = weights(job);
    pm_status status = a != NULL ? PM_OK : PM_ENOMEM;
    for (size_t t = 0; t < job->dim['T'] && status == PM_OK; t++) {
        status = pm_nor_dot_scores(&c, q + t * d, k, n, s + t * p, &cost);
        if (status == PM_OK)
            status = pm_nor_dot_values(&c, a + t * p, v, n, y + t * d, &cost);
    }
    put_cost(job, &cost);
    free(a);
    return status;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const struct pm_nor_dot_cfg c = config(job);
    snprintf(params, PM_OP_PARAMS, "Units=%u Heads=%u Cols=%u", c.arrays / c.heads, c.heads, c.cols);
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_nor_dot_cfg c = config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const size_t n = job->dim['N'], d = job->dim['D'], p = job->dim['P'], jobs = 2 * job->dim['T'];
    struct pm_nor_dot_cost cost = {0};
    uint16_t *a = weights(job);
    struct pm_nor_dot_job *list = malloc(jobs * sizeof *list);
    pm_status status = a != NULL && list != NULL ? PM_OK : PM_ENOMEM;
    for (size_t i = 0; i < jobs && status == PM_OK; i++) {
        const size_t t = i / 2;
        list[i] = (struct pm_nor_dot_job){.kind = i % 2 ? PM_NOR_DOT_VALUES : PM_NOR_DOT_SCORES,
                                          .n = n,
                                          .q = (const int8_t *)pm_op_data(job, "q") + t * d,
                                          .a = a + t * p,
                                          .s = (int32_t *)pm_op_out(job, "s") + t * p,
                                          .y = (int64_t *)pm_op_out(job, "y") + t * d};
    }
    if (status == PM_OK)
        status = pm_op_driver(job, pm_nor_dot_rtl)(&opts, &c, pm_op_data(job, "k"), pm_op_data(job, "v"), n,
                                                   list, jobs, &cost);
    put_cost(job, &cost);
    free(list);
    free(a);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("heads", 1, 256, "1"), .help = "of q; k and v have E / (D / heads), which divides them"},
    {PM_SET_INTEGER("arrays", 1, 256, "256"),
     .help = "of the module, heads at least; they change cost alone"},
    {0},
};

static const struct pm_op op = {
    .name = "nor-dot",
    .block = "nor_dot",
    .summary = "attention's two products by NOR in a digital module: s = q k^T, y = a v, head by head",
    .limit = {{'N', PM_NOR_DOT_MAX_TERMS}, {'D', PM_NOR_DOT_MAX_TERMS}, {'E', PM_NOR_DOT_MAX_TERMS}},
    .in = {{.name = "q", .dims = "TD", .dtype = PM_INT8},
           {.name = "k", .dims = "NE", .dtype = PM_INT8},
           {.name = "a",
            .dims = "TP",
            .dtype = PM_INT32,
            .lo = 0,
            .hi = 4095,
            .note = "P = heads N, head by head"},
           {.name = "v", .dims = "NE", .dtype = PM_INT8}},
    .set = {.setting = settings},
    .out = {{.name = "s", .dims = "TP", .dtype = PM_INT32},
            {.name = "y", .dims = "TD", .dtype = PM_INT64},
            {.name = "cost",
             .dims = "5",
             .dtype = PM_INT64,
             .note = "products, NOR operations, rows fetched, cells written, clocks"}},
    .driver = "pm_nor_dot_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample =
        {{.name = "heads",
          .dims = "T=2 D=64 N=30 E=64 P=120",
          .set = "heads=4 arrays=16",
          .in = "a=1@0..4095"},
         {.name = "grouped",
          .dims = "T=2 D=64 N=30 E=32 P=120",
          .set = "heads=4 arrays=16",
          .in = "a=4095 q=-128 k=-128 v=-128"},
         {.name = "timing", .dims = "T=1 D=8 N=3 E=8 P=3", .set = "heads=1 arrays=2", .in = "a=1@0..4095"}},
    .timing = {.signals = "job_valid job_ready x_valid x_ready strobes row word active y_valid y_ready",
               .clocks = 30},
};
PM_OP(op);

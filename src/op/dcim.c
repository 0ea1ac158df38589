// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/dcim/dcim_rtl.h"

#include <stdlib.h>
#include <string.h>

static struct pm_dcim_cfg config(const struct pm_op_job *job) {
    return (struct pm_dcim_cfg){.xbits = (unsigned)pm_op_int(job, "xbits"),
                                .is_signed = pm_op_int(job, "signed") != 0,
                                .share = (unsigned)pm_op_int(job, "g")};
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_dcim_cfg c = config(job);
    if (c.is_signed && c.xbits < 2)
        return pm_op_fail(job, PM_EINVAL, "xbits", "a signed x has at least 2 bits");
    return pm_op_check_bits(job, "x", "xbits", "signed");
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_dcim_cfg c = config(job);
    return pm_dcim_gemv(&c, pm_op_data(job, "x"), pm_op_data(job, "w"), job->dim['T'], job->dim['K'],
                        job->dim['M'], pm_op_out(job, "y"));
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const struct pm_dcim_cfg c = config(job);
    snprintf(params, PM_OP_PARAMS, "Rows=%d Outputs=%d XBits=%u G=%u Every=2", PM_DCIM_ROWS, PM_DCIM_OUTPUTS,
             c.xbits, c.share);
}

/* Rows row.. and outputs out.. of the matrices, zeros beyond their ends. */
static void cut(const struct pm_op_job *job, size_t row, size_t out, int32_t *x, int8_t *w) {
    const size_t rows = job->dim['K'], outputs = job->dim['M'];
    const int32_t *from = pm_op_data(job, "x");
    const int8_t *weight = pm_op_data(job, "w");
    const size_t height = rows - row < PM_DCIM_ROWS ? rows - row : PM_DCIM_ROWS;
    const size_t width = outputs - out < PM_DCIM_OUTPUTS ? outputs - out : PM_DCIM_OUTPUTS;
    memset(x, 0, job->dim['T'] * PM_DCIM_ROWS * sizeof *x);
    memset(w, 0, PM_DCIM_ROWS * PM_DCIM_OUTPUTS * sizeof *w);
    for (size_t t = 0; t < job->dim['T']; t++)
        memcpy(x + t * PM_DCIM_ROWS, from + t * rows + row, height * sizeof *x);
    for (size_t r = 0; r < height; r++)
        memcpy(w + r * PM_DCIM_OUTPUTS, weight + (row + r) * outputs + out, width * sizeof *w);
}

/* Each tile is a run of its own. */
static pm_status rtl(struct pm_op_job *job) {
    const struct pm_dcim_cfg c = config(job);
    const size_t vectors = job->dim['T'], outputs = job->dim['M'];
    int32_t *x = malloc(vectors * PM_DCIM_ROWS * sizeof *x);
    int8_t w[PM_DCIM_ROWS * PM_DCIM_OUTPUTS];
    int64_t *part = malloc(vectors * PM_DCIM_OUTPUTS * sizeof *part), *y = pm_op_out(job, "y");
    pm_status status = x && part ? PM_OK : PM_ENOMEM;
    unsigned run = 0;
    for (size_t row = 0; row < job->dim['K']; row += PM_DCIM_ROWS)
        for (size_t out = 0; out < outputs && status == PM_OK; out += PM_DCIM_OUTPUTS) {
            const struct pm_sim_opts opts = pm_op_sim(job, run++);
            cut(job, row, out, x, w);
            status = pm_op_driver(job, pm_dcim_rtl)(&opts, &c, PM_DCIM_ROWS, PM_DCIM_OUTPUTS, x, w, vectors,
                                                    part, NULL, NULL);
            for (size_t t = 0; t < vectors && status == PM_OK; t++)
                for (size_t m = 0; m < PM_DCIM_OUTPUTS && out + m < outputs; m++)
                    y[t * outputs + out + m] += part[t * PM_DCIM_OUTPUTS + m];
        }
    free(x);
    free(part);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("xbits", 1, 16, "8"), .help = "planes of an input; from 2 where signed"},
    {PM_SET_FLAG("signed", "1")},
    {PM_SET_INTEGER("g", 1, PM_DCIM_SHARE, "2"), .help = "rows that share a multiplexer"},
    {0},
};

static const struct pm_op op = {
    .name = "dcim-gemv",
    .block = "dcim",
    .summary = "y = x w beside the cells of SRAM arrays, 128 rows and 8 outputs each, exactly",
    .in = {{.name = "x",
            .dims = "TK",
            .dtype = PM_INT32,
            .lo = INT16_MIN,
            .hi = UINT16_MAX,
            .note = "within xbits, signed"},
           {.name = "w", .dims = "KM", .dtype = PM_INT8}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "TM", .dtype = PM_INT64}},
    .driver = "pm_dcim_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "tiles",
                .dims = "T=3 K=150 M=10",
                .set = "xbits=12 g=2",
                .in = "x=1@-2048..2047",
                .stalls = 5},
               {.name = "unsigned",
                .dims = "T=3 K=20 M=8",
                .set = "xbits=12 g=2 signed=0",
                .in = "x=1@0..4095",
                .stalls = 6},
               {.name = "timing", .dims = "T=3 K=1 M=1", .set = "xbits=12 g=2", .in = "x=-7,100,3 w=9"}},
    .timing = {.signals = "valid ready x y_valid y_ready y", .clocks = 44},
};
PM_OP(op);

// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/vdr_tile/vdr_tile_rtl.h"

static struct pm_tile_shape shape(const struct pm_op_job *job) {
    return (struct pm_tile_shape){job->dim['T'], job->dim['N'], (size_t)pm_op_int(job, "tile"),
                                  job->dim['M']};
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_tile_shape s = shape(job);
    if (job->dim['B'] != (s.n + s.tile - 1) / s.tile)
        return pm_op_fail(job, PM_ESHAPE, "ne", "a row has ceil(N/tile) tiles, each with an exponent");
    return PM_OK;
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_tile_shape s = shape(job);
    struct pm_vdr_lut lut;
    const pm_status status = pm_vdr_lut_init(&lut, pm_op_setting(job, "s0")->at[0].r);
    if (status == PM_OK)
        pm_tile_attention(&lut, &s, pm_op_data(job, "x"), pm_op_data(job, "ne"), pm_op_data(job, "mask"),
                          pm_op_data(job, "v"), pm_op_int(job, "round") != 0, pm_op_out(job, "a"),
                          pm_op_out(job, "shift"), pm_op_out(job, "reference"), pm_op_out(job, "z"),
                          pm_op_out(job, "o"));
    return status;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    static const unsigned sizes[] = {64, 512, PM_MAX_ROWS, 0};
    snprintf(params, PM_OP_PARAMS, "Lanes=16 MaxN=%u", pm_op_fit(shape(job).tile, sizes));
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const struct pm_tile_shape s = shape(job);
    struct pm_vdr_lut lut;
    const pm_status status = pm_vdr_lut_init(&lut, pm_op_setting(job, "s0")->at[0].r);
    return status != PM_OK ? status
                           : pm_op_driver(job, pm_vdr_tile_rtl)(
                                 &opts, &lut, &s, pm_op_data(job, "x"), pm_op_data(job, "ne"),
                                 pm_op_data(job, "mask"), pm_op_data(job, "v"), pm_op_int(job, "round") != 0,
                                 pm_op_out(job, "a"), pm_op_out(job, "shift"), pm_op_out(job, "reference"),
                                 pm_op_out(job, "z"), pm_op_out(job, "o"), NULL);
}

static const struct pm_setting settings[] = {
    {PM_SET_NUMBER("s0", 0.5, 1, "0.5"), .below = true},
    {PM_SET_INTEGER("tile", 1, PM_MAX_ROWS, "512"), .help = "logits of a tile"},
    {PM_SET_FLAG("round", "1")},
    {0},
};

static const struct pm_op op = {
    .name = "vdr-tile",
    .block = "vdr_tile",
    .summary = "attention rows of any length in tiles: integer softmax numerators as of a running reference, "
               "and sums that "
               "follow it by shifts",
    .limit = {{'N', 65536}},
    .in = {{.name = "x", .dims = "TN", .dtype = PM_INT8},
           {.name = "ne",
            .dims = "TB",
            .dtype = PM_INT32,
            .note = "scale S = s0 * 2^-ne of each tile, B = ceil(N/tile)"},
           {.name = "v", .dims = "NM", .dtype = PM_INT16},
           {.name = "mask",
            .dims = "TN",
            .dtype = PM_UINT8,
            .lo = 0,
            .hi = 1,
            .optional = true,
            .note = "1: kept"}},
    .set = {.setting = settings},
    .out = {{.name = "a", .dims = "TN", .dtype = PM_UINT8, .note = "as of the reference after its tile"},
            {.name = "shift", .dims = "TB", .dtype = PM_UINT8},
            {.name = "reference", .dims = "TB", .dtype = PM_INT32},
            {.name = "z", .dims = "T", .dtype = PM_INT64, .note = "8 fraction bits"},
            {.name = "o", .dims = "TM", .dtype = PM_INT64, .note = "8 fraction bits"}},
    .driver = "pm_vdr_tile_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "masked",
                .dims = "T=3 N=40 B=3 M=2",
                .set = "s0=0.7 tile=16",
                .in = "ne=5@-1..8 v=9@-512..511"},
               {.name = "whole",
                .dims = "T=3 N=40 B=1 M=2",
                .set = "round=0",
                .in = "ne=-100,0,5 mask= v=9@-512..511"},
               {.name = "timing",
                .dims = "T=1 N=64 B=2 M=1",
                .set = "tile=32",
                .in = "x=1@-20..20 ne=1 mask= v=3"}},
    .timing = {.signals = "x_valid x_ready x_last row_valid row_ready shift a_valid a_ready a_last z",
               .clocks = 26},
};
PM_OP(op);

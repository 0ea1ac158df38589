// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "tb/bitsift/bitsift_rtl.h"

#include <stdlib.h>
#include <string.h>

static struct pm_bitsift_cfg config(const struct pm_op_job *job) {
    return (struct pm_bitsift_cfg){.rows = (unsigned)job->dim['D'],
                                   .slice = 8u << pm_op_int(job, "slice"),
                                   .bits = (unsigned)pm_op_int(job, "bits"),
                                   .is_signed = pm_op_int(job, "signed") != 0,
                                   .coding = (enum pm_coding)pm_op_int(job, "coding"),
                                   .mode = (enum pm_gpc_mode)pm_op_int(job, "mode"),
                                   .eplanes = pm_op_int(job, "eplanes") != 0};
}

static pm_status prepare(struct pm_op_job *job) {
    const struct pm_bitsift_cfg cfg = config(job);
    return cfg.is_signed && cfg.bits < 2
               ? pm_op_fail(job, PM_ERANGE, "bits", "%u is outside 2..16 (signed=1)", cfg.bits)
               : pm_op_check_bits(job, "x", "bits", "signed");
}

/* The number that names an access's plane: planes of the negative half of sign coding follow the others. */
static uint8_t plane_number(const struct pm_bitsift_cfg *cfg, unsigned plane, bool neg) {
    bool second_half = neg && cfg->is_signed && cfg->coding == PM_SIGN;
    return (uint8_t)(plane + (second_half ? cfg->bits : 0));
}

static pm_status golden(struct pm_op_job *job) {
    struct pm_bitsift_cfg cfg = config(job);
    const int32_t *x = pm_op_data(job, "x");
    size_t rows = job->dim['D'], tokens = job->dim['T'], total = 0, at = 0;
    int32_t *accesses = pm_op_out(job, "accesses");
    struct pm_bitsift walk;
    struct pm_access a;
    /* Once to count, once to store. */
    for (size_t t = 0; t < tokens; t++) {
        pm_bitsift_begin(&walk, &cfg, x + t * rows);
        while (pm_bitsift_next(&walk, &a))
            accesses[t] += a.sawl > 0;
        total += (size_t)accesses[t];
    }
    pm_status status = pm_op_allocate(job, "masks", total);
    if (status == PM_OK)
        status = pm_op_allocate(job, "dummy", total);
    if (status == PM_OK)
        status = pm_op_allocate(job, "plane", total);
    if (status != PM_OK)
        return status;
    uint8_t *masks = pm_op_out(job, "masks"), *dummy = pm_op_out(job, "dummy");
    uint8_t *plane = pm_op_out(job, "plane");
    for (size_t t = 0; t < tokens; t++) {
        pm_bitsift_begin(&walk, &cfg, x + t * rows);
        while (pm_bitsift_next(&walk, &a)) {
            if (a.sawl == 0)
                continue;
            for (size_t d = 0; d < rows; d++)
                masks[at * rows + d] = a.mask[d / 64] >> d % 64 & 1;
            dummy[at] = (uint8_t)a.dummy;
            plane[at++] = plane_number(&cfg, a.plane, a.neg);
        }
    }
    return PM_OK;
}

/* Accesses as they come from the RTL, the number of which is not known before. */
struct collected {
    size_t rows, n, room;
    int32_t *accesses;
    uint8_t *masks, *dummy, *plane;
    const struct pm_bitsift_cfg *cfg;
    pm_status status;
};

static bool grow(struct collected *c) {
    size_t room = c->room ? 2 * c->room : 256;
    uint8_t *masks = realloc(c->masks, room * c->rows);
    c->masks = masks ? masks : c->masks;
    uint8_t *dummy = realloc(c->dummy, room);
    c->dummy = dummy ? dummy : c->dummy;
    uint8_t *plane = realloc(c->plane, room);
    c->plane = plane ? plane : c->plane;
    if (masks && dummy && plane)
        c->room = room;
    return c->n < c->room;
}

static void collect(void *ctx, size_t vector, const struct pm_access *a) {
    struct collected *c = ctx;
    if (a->sawl == 0 || c->status != PM_OK)
        return;
    if (c->n == c->room && !grow(c)) {
        c->status = PM_ENOMEM;
        return;
    }
    unsigned on = 0;
    for (size_t d = 0; d < c->rows; d++)
        on += c->masks[c->n * c->rows + d] = a->mask[d / 64] >> d % 64 & 1;
    /* A wordline of the padding is on. */
    if (on != a->sawl)
        c->status = PM_EDIFFER;
    c->dummy[c->n] = (uint8_t)a->dummy;
    c->plane[c->n++] = plane_number(c->cfg, a->plane, a->neg);
    c->accesses[vector]++;
}

/* What the model is elaborated for; rows beyond the vector's cost no access. */
static struct pm_bitsift_cfg model_config(const struct pm_op_job *job) {
    struct pm_bitsift_cfg cfg = config(job);
    cfg.rows = pm_op_fit_power(cfg.rows, 64);
    /* One-bit elements: the second plane is empty. */
    cfg.bits = cfg.bits < 2 ? 2 : cfg.bits;
    return cfg;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    const struct pm_bitsift_cfg cfg = model_config(job);
    snprintf(params, PM_OP_PARAMS, "Rows=%u Bits=%u Slice=%u Scan=%d", cfg.rows, cfg.bits, cfg.slice,
             cfg.mode == PM_GPC_SCAN);
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_bitsift_cfg cfg = config(job), model_cfg = model_config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const size_t rows = job->dim['D'], vectors = job->dim['T'];
    struct collected c = {.rows = rows, .accesses = pm_op_out(job, "accesses"), .cfg = &cfg};
    int32_t *x = pm_op_pad(pm_op_data(job, "x"), vectors, rows, model_cfg.rows);
    pm_status status =
        x ? pm_op_driver(job, pm_bitsift_rtl)(&opts, &model_cfg, x, vectors, collect, &c, NULL) : PM_ENOMEM;
    if (status == PM_OK)
        status = c.status;
    static const char *const names[] = {"masks", "dummy", "plane"};
    for (int k = 0; k < 3 && status == PM_OK; k++)
        status = pm_op_allocate(job, names[k], c.n);
    if (status == PM_OK && c.n > 0) {
        memcpy(pm_op_out(job, "masks"), c.masks, c.n * rows);
        memcpy(pm_op_out(job, "dummy"), c.dummy, c.n);
        memcpy(pm_op_out(job, "plane"), c.plane, c.n);
    }
    free(x);
    free(c.masks);
    free(c.dummy);
    free(c.plane);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("coding", "twos|sign", "sign"), .help = "of signed elements"}, /* enum pm_coding */
    {PM_SET_INTEGER("bits", 1, 16, "8"), .help = "of x; signed from 2"},
    {PM_SET_FLAG("signed", "1")},
    {PM_SET_ONE_OF("slice", "8|16|32", "16"), .help = "rows of an LPC slice"},
    {PM_SET_ONE_OF("mode", "split|scan|next", "split"), .golden = "next"}, /* enum pm_gpc_mode */
    {PM_SET_FLAG("eplanes", "1"), .help = "effective planes, with coding=twos"},
    {0},
};

static const struct pm_op op = {
    .name = "bitsift",
    .block = "bitsift",
    .summary = "the wordlines of every array access of every vector",
    .limit = {{'D', PM_MAX_ROWS}},
    .in = {{.name = "x",
            .dims = "TD",
            .dtype = PM_INT32,
            .lo = -32768,
            .hi = 65535,
            .note = "within bits and signed"}},
    .set = {.setting = settings},
    .out = {{.name = "accesses", .dims = "T", .dtype = PM_INT32},
            {.name = "masks", .dims = "*D", .dtype = PM_UINT8},
            {.name = "dummy", .dims = "*", .dtype = PM_UINT8},
            {.name = "plane", .dims = "*", .dtype = PM_UINT8}},
    .driver = "pm_bitsift_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample =
        {{.name = "signed",
          .dims = "T=3 D=64",
          .set = "bits=8 slice=16 mode=split signed=1",
          .in = "x=1@-128..127"},
         {.name = "small",
          .dims = "T=3 D=64",
          .set = "bits=8 slice=16 mode=split signed=1 coding=twos",
          .in = "x=3@-3..3"},
         {.name = "scan",
          .dims = "T=3 D=64",
          .set = "bits=4 slice=8 mode=scan signed=0",
          .in = "x:uint8=2@0..15"},
         {.name = "long",
          .dims = "T=3 D=100",
          .set = "bits=8 slice=16 mode=split coding=twos eplanes=0",
          .in = "x=1@-128..127"},
         {.name = "empty", .dims = "T=1 D=3", .set = "bits=1 slice=16 mode=split signed=0", .in = "x=0"},
         {.name = "timing", .dims = "T=3 D=16", .set = "bits=4 slice=8", .in = "x=1@-8..7"}},
    .timing = {.signals = "x_valid x_ready acc_valid acc_ready mask dummy plane neg last_plane last_vector",
               .clocks = 16},
};
PM_OP(op);

// SPDX-License-Identifier: Apache-2.0
#include "sfu.h"

#include "op.h"

#include "tb/sfu/sfu_rtl.h"

#include <stdlib.h>

#define CODES(NAME, DIMS) .name = (NAME), .dims = (DIMS), .dtype = PM_INT32, .lo = 0, .hi = 65535

/* Codes of an input, which the caller frees; NULL: out of memory, or there is no such input. */
static uint16_t *codes(const struct pm_op_job *job, const char *name) {
    const struct pm_tensor *t = pm_op_in(job, name);
    const int32_t *from = t ? t->data : NULL;
    uint16_t *to = t ? malloc(t->count * sizeof *to) : NULL;
    for (size_t i = 0; to != NULL && i < t->count; i++)
        to[i] = (uint16_t)from[i];
    return to;
}

/* The bench's models, one for what is stored and one for the rest, whose rows may be longer than MaxN. */
static void model(const struct pm_op_job *job, enum pm_sfu_function f, char params[static PM_OP_PARAMS]) {
    const bool stored = f == PM_SFU_SOFTMAX || f == PM_SFU_NORM || f == PM_SFU_QUANT;
    const bool rows = stored || f == PM_SFU_ROPE;
    const unsigned lanes = rows ? (unsigned)pm_op_int(job, "lanes") : PM_SFU_LANES;
    snprintf(params, PM_OP_PARAMS, "Lanes=%u MaxN=%u Functions=%u", lanes,
             stored       ? PM_SFU_MAX_ROW
             : lanes > 64 ? PM_SFU_MOST_LANES
                          : 64,
             stored ? 38u : 25u);
}
#define MODEL(NAME, F)                                                                                       \
    static void NAME(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {                        \
        model(job, F, params);                                                                               \
    }
MODEL(exp_model, PM_SFU_EXP)
MODEL(softmax_model, PM_SFU_SOFTMAX)
MODEL(norm_model, PM_SFU_NORM)
MODEL(act_model, PM_SFU_ACT)
MODEL(rope_model, PM_SFU_ROPE)
MODEL(quant_model, PM_SFU_QUANT)

#define LANES                                                                                                \
    { PM_SET_INTEGER("lanes", 4, 256, "8"), .help = "of the RTL; changes no bit" }

static pm_status simulate(struct pm_op_job *job, unsigned part, const struct pm_sfu_job *run) {
    const struct pm_sim_opts opts = pm_op_sim(job, part);
    return pm_op_driver(job, pm_sfu_rtl)(&opts, run, NULL);
}

static pm_status exponential(struct pm_op_job *job) {
    const int32_t *x = pm_op_data(job, "x");
    int32_t *y = pm_op_out(job, "y");
    for (size_t i = 0; i < job->dim['n']; i++)
        y[i] = pm_sfu_exp((uint16_t)x[i]);
    return PM_OK;
}

static pm_status exponential_rtl(struct pm_op_job *job) {
    return simulate(job, 0,
                    &(struct pm_sfu_job){.f = PM_SFU_EXP,
                                         .rows = 1,
                                         .n = job->dim['n'],
                                         .x = pm_op_data(job, "x"),
                                         .y = pm_op_out(job, "y")});
}

static const struct pm_op exp_op = {
    .name = "sfu-exp",
    .block = "sfu",
    .summary = "e^x of binary16",
    .in = {{CODES("x", "n")}},
    .set = {.setting = pm_no_settings},
    .out = {{.name = "y", .dims = "n", .dtype = PM_INT32}},
    .driver = "pm_sfu_rtl",
    .model = exp_model,
    .golden = exponential,
    .rtl = exponential_rtl,
    .sample = {{.name = "codes", .dims = "n=8", .in = "x=0,15360,48128,31744,64512,32256,18944,1"}},
};
PM_OP(exp_op);

static pm_status softmax_prepare(struct pm_op_job *job) {
    return pm_op_need_scale(job);
}

static pm_status softmax(struct pm_op_job *job) {
    const size_t n = job->dim['N'];
    const int32_t *a = pm_op_data(job, "a");
    const uint8_t *keep = pm_op_data(job, "keep");
    int32_t *a8 = pm_op_out(job, "a8"), *p = pm_op_out(job, "p");
    int64_t *z = pm_op_out(job, "z");
    uint16_t *weight = malloc(n * sizeof *weight), *part = malloc(n * sizeof *part);
    const pm_status status = weight != NULL && part != NULL ? PM_OK : PM_ENOMEM;
    for (size_t t = 0; t < job->dim['T'] && status == PM_OK; t++) {
        uint32_t sum;
        for (size_t i = 0; i < n; i++)
            part[i] = 0;
        pm_sfu_softmax((unsigned)pm_op_int(job, "bits"), a + t * n, keep ? keep + t * n : NULL,
                       pm_op_scale(job), n, weight, &sum, part);
        z[t] = sum;
        for (size_t i = 0; i < n; i++) {
            a8[t * n + i] = weight[i];
            p[t * n + i] = part[i];
        }
    }
    free(weight);
    free(part);
    return status;
}

/* Weights, then shares: two runs. */
static pm_status softmax_rtl(struct pm_op_job *job) {
    struct pm_sfu_job run = {.f = PM_SFU_SOFTMAX,
                             .bits = (unsigned)pm_op_int(job, "bits"),
                             .scale = pm_op_scale(job),
                             .rows = job->dim['T'],
                             .n = job->dim['N'],
                             .x = pm_op_data(job, "a"),
                             .keep = pm_op_data(job, "keep"),
                             .y = pm_op_out(job, "a8"),
                             .side = pm_op_out(job, "z")};
    const pm_status status = simulate(job, 0, &run);
    run.kind = 1;
    run.y = pm_op_out(job, "p");
    run.side = NULL;
    return status != PM_OK ? status : simulate(job, 1, &run);
}

static const struct pm_setting softmax_settings[] = {
    {PM_SET_INTEGER("m", 0, 65535, NULL),
     .help = "needed: the scores' scale times log2(e) is m 2^e; 0 or 32768.."},
    {PM_SET_INTEGER("e", -200, -19, NULL), .help = "needed"},
    {PM_SET_INTEGER("bits", 8, 16, "12"), .help = "of a weight"},
    LANES,
    {0},
};

static const struct pm_op softmax_op = {
    .name = "sfu-softmax",
    .block = "sfu",
    .summary = "rows of integer scores to integer weights, their sum, and binary16",
    .limit = {{'N', PM_SFU_MAX_ROW}},
    .in = {{.name = "a", .dims = "TN", .dtype = PM_INT32},
           {.name = "keep",
            .dims = "TN",
            .dtype = PM_UINT8,
            .lo = 0,
            .hi = 1,
            .optional = true,
            .note = "0: masked"}},
    .set = {.setting = softmax_settings},
    .out = {{.name = "a8", .dims = "TN", .dtype = PM_INT32, .note = "0..2^bits - 1"},
            {.name = "z", .dims = "T", .dtype = PM_INT64, .note = "sum of a8"},
            {.name = "p", .dims = "TN", .dtype = PM_INT32, .note = "binary16"}},
    .prepare = softmax_prepare,
    .driver = "pm_sfu_rtl",
    .model = softmax_model,
    .golden = softmax,
    .rtl = softmax_rtl,
    .sample =
        {{.name = "rows", .dims = "T=3 N=20", .set = "m=47274 e=-21", .in = "a=1@-300..300 keep=2@0..1"},
         {.name = "timing", .dims = "T=2 N=40", .set = "m=47274 e=-21", .in = "a=1@-300..300 keep="}},
    .timing = {.signals = "x_valid x_ready x_last y_valid y_ready y_last y side", .clocks = 36},
};
PM_OP(softmax_op);

static pm_status norm_prepare(struct pm_op_job *job) {
    const bool layer = pm_op_int(job, "kind") == PM_SFU_LAYER;
    if ((pm_op_in(job, "beta") != NULL) != layer)
        return pm_op_fail(job, PM_EINVAL, "beta", layer ? "kind=layer needs it" : "kind=rms has none");
    return pm_op_need_scale(job);
}

static pm_status norm(struct pm_op_job *job) {
    const enum pm_sfu_norm_kind kind = (enum pm_sfu_norm_kind)pm_op_int(job, "kind");
    const size_t d = job->dim['D'];
    uint16_t *x = codes(job, "x"), *gamma = codes(job, "gamma"), *beta = codes(job, "beta");
    uint16_t *row = malloc(d * sizeof *row);
    int32_t *y = pm_op_out(job, "y");
    const bool ok = x && gamma && row && (beta || kind == PM_SFU_RMS);
    for (size_t t = 0; t < job->dim['T'] && ok; t++) {
        pm_sfu_norm(kind, pm_op_scale(job), x + t * d, gamma, beta, d, row);
        for (size_t i = 0; i < d; i++)
            y[t * d + i] = row[i];
    }
    free(x);
    free(gamma);
    free(beta);
    free(row);
    return ok ? PM_OK : PM_ENOMEM;
}

static pm_status norm_rtl(struct pm_op_job *job) {
    return simulate(job, 0,
                    &(struct pm_sfu_job){.f = PM_SFU_NORM,
                                         .kind = (unsigned)pm_op_int(job, "kind"),
                                         .scale = pm_op_scale(job),
                                         .rows = job->dim['T'],
                                         .n = job->dim['D'],
                                         .x = pm_op_data(job, "x"),
                                         .gamma = pm_op_data(job, "gamma"),
                                         .beta = pm_op_data(job, "beta"),
                                         .y = pm_op_out(job, "y")});
}

static const struct pm_setting norm_settings[] = {
    {PM_SET_ONE_OF("kind", "layer|rms", "layer")}, /* enum pm_sfu_norm_kind */
    {PM_SET_INTEGER("m", 0, 65535, NULL), .help = "needed: epsilon is m 2^e; 0 or 32768.."},
    {PM_SET_INTEGER("e", -200, 200, NULL), .help = "needed"},
    LANES,
    {0},
};

static const struct pm_op norm_op = {
    .name = "sfu-norm",
    .block = "sfu",
    .summary = "LayerNorm or RMSNorm of rows of binary16",
    .limit = {{'D', PM_SFU_MAX_ROW}},
    .in = {{CODES("x", "TD")},
           {CODES("gamma", "D")},
           {CODES("beta", "D"), .optional = true, .note = "kind=layer"}},
    .set = {.setting = norm_settings},
    .out = {{.name = "y", .dims = "TD", .dtype = PM_INT32}},
    .prepare = norm_prepare,
    .driver = "pm_sfu_rtl",
    .model = norm_model,
    .golden = norm,
    .rtl = norm_rtl,
    .sample = {{.name = "rows",
                .dims = "T=2 D=20",
                .set = "kind=layer m=42944 e=-32",
                .in = "x=1@14000..18000 gamma=15360 beta=0"}},
};
PM_OP(norm_op);

static pm_status act(struct pm_op_job *job) {
    const int32_t *x = pm_op_data(job, "x"), *up = pm_op_data(job, "up");
    int32_t *y = pm_op_out(job, "y");
    for (size_t i = 0; i < job->dim['n']; i++) {
        const uint16_t a = pm_sfu_act((enum pm_sfu_act_kind)pm_op_int(job, "kind"), (uint16_t)x[i]);
        y[i] = up ? pm_fp16_mul(a, (uint16_t)up[i]) : a;
    }
    return PM_OK;
}

static pm_status act_rtl(struct pm_op_job *job) {
    return simulate(job, 0,
                    &(struct pm_sfu_job){.f = PM_SFU_ACT,
                                         .kind = (unsigned)pm_op_int(job, "kind"),
                                         .rows = 1,
                                         .n = job->dim['n'],
                                         .x = pm_op_data(job, "x"),
                                         .b = pm_op_data(job, "up"),
                                         .y = pm_op_out(job, "y")});
}

static const struct pm_setting act_settings[] = {{PM_SET_ONE_OF("kind", "gelu|gelu-tanh|silu", "gelu")}, {0}};

static const struct pm_op act_op = {
    .name = "sfu-act",
    .block = "sfu",
    .summary = "gated activations of binary16",
    .in = {{CODES("x", "n")}, {CODES("up", "n"), .optional = true, .note = "multiplies the result"}},
    .set = {.setting = act_settings},
    .out = {{.name = "y", .dims = "n", .dtype = PM_INT32}},
    .driver = "pm_sfu_rtl",
    .model = act_model,
    .golden = act,
    .rtl = act_rtl,
    .sample =
        {{.name = "codes", .dims = "n=20", .in = "x=1@0..65535"},
         {.name = "gated", .dims = "n=20", .set = "kind=silu", .in = "x=1@14000..18000 up=2@14000..18000"}},
};
PM_OP(act_op);

static pm_status rope_prepare(struct pm_op_job *job) {
    if (job->dim['D'] % 2 != 0)
        return pm_op_fail(job, PM_ESHAPE, "x", "D=%zu is odd; rotary takes pairs", job->dim['D']);
    if (job->dim['H'] != job->dim['D'] / 2)
        return pm_op_fail(job, PM_ESHAPE, "c", "%zu columns, expected D/2 = %zu", job->dim['H'],
                          job->dim['D'] / 2);
    return PM_OK;
}

static pm_status rope(struct pm_op_job *job) {
    const int32_t *x = pm_op_data(job, "x"), *c = pm_op_data(job, "c"), *s = pm_op_data(job, "s");
    int32_t *y = pm_op_out(job, "y");
    for (size_t i = 0; i < job->dim['T'] * job->dim['H']; i++) {
        uint16_t y0, y1;
        pm_sfu_rope((uint16_t)x[2 * i], (uint16_t)x[2 * i + 1], (uint16_t)c[i], (uint16_t)s[i], &y0, &y1);
        y[2 * i] = y0;
        y[2 * i + 1] = y1;
    }
    return PM_OK;
}

static pm_status rope_rtl(struct pm_op_job *job) {
    const size_t pairs = job->dim['T'] * job->dim['H'];
    const int32_t *c = pm_op_data(job, "c"), *s = pm_op_data(job, "s");
    int32_t *turns = malloc(2 * pairs * sizeof *turns);
    if (turns == NULL)
        return PM_ENOMEM;
    for (size_t i = 0; i < pairs; i++) {
        turns[2 * i] = c[i];
        turns[2 * i + 1] = s[i];
    }
    const pm_status status = simulate(job, 0,
                                      &(struct pm_sfu_job){.f = PM_SFU_ROPE,
                                                           .rows = job->dim['T'],
                                                           .n = job->dim['D'],
                                                           .x = pm_op_data(job, "x"),
                                                           .b = turns,
                                                           .y = pm_op_out(job, "y")});
    free(turns);
    return status;
}

static const struct pm_setting lanes_settings[] = {LANES, {0}};

static const struct pm_op rope_op = {
    .name = "sfu-rope",
    .block = "sfu",
    .summary = "rotary positions: pairs of neighbours turned",
    .limit = {{'D', PM_SFU_MAX_ROW}},
    .in = {{CODES("x", "TD"), .note = "D even"},
           {CODES("c", "TH"), .note = "cosines, H = D/2"},
           {CODES("s", "TH"), .note = "sines"}},
    .set = {.setting = lanes_settings},
    .out = {{.name = "y", .dims = "TD", .dtype = PM_INT32}},
    .prepare = rope_prepare,
    .driver = "pm_sfu_rtl",
    .model = rope_model,
    .golden = rope,
    .rtl = rope_rtl,
    .sample = {{.name = "pairs", .dims = "T=2 D=8 H=4", .in = "x=1@14000..16000 c=2@0..15360 s=3@0..15360"}},
};
PM_OP(rope_op);

static pm_status quant(struct pm_op_job *job) {
    const size_t n = job->dim['N'];
    uint16_t *x = codes(job, "x");
    int8_t *q = pm_op_out(job, "q");
    int32_t *amax = pm_op_out(job, "amax");
    for (size_t t = 0; t < job->dim['T'] && x != NULL; t++)
        amax[t] = pm_sfu_quant(x + t * n, n, q + t * n);
    free(x);
    return x != NULL ? PM_OK : PM_ENOMEM;
}

static pm_status quant_rtl(struct pm_op_job *job) {
    const size_t rows = job->dim['T'], n = job->dim['N'];
    int32_t *wide = malloc(rows * n * sizeof *wide), *amax = pm_op_out(job, "amax");
    int64_t *side = malloc(rows * sizeof *side);
    int8_t *q = pm_op_out(job, "q");
    pm_status status = PM_ENOMEM;
    if (wide != NULL && side != NULL)
        status = simulate(
            job, 0,
            &(struct pm_sfu_job){
                .f = PM_SFU_QUANT, .rows = rows, .n = n, .x = pm_op_data(job, "x"), .y = wide, .side = side});
    for (size_t i = 0; i < rows * n && status == PM_OK; i++)
        q[i] = (int8_t)wide[i];
    for (size_t t = 0; t < rows && status == PM_OK; t++)
        amax[t] = (int32_t)side[t];
    free(wide);
    free(side);
    return status;
}

static const struct pm_op quant_op = {
    .name = "sfu-quant",
    .block = "sfu",
    .summary = "rows of binary16 to 8 bits",
    .limit = {{'N', PM_SFU_MAX_ROW}},
    .in = {{CODES("x", "TN")}},
    .set = {.setting = lanes_settings},
    .out = {{.name = "q", .dims = "TN", .dtype = PM_INT8},
            {.name = "amax", .dims = "T", .dtype = PM_INT32, .note = "code of the row's largest magnitude"}},
    .driver = "pm_sfu_rtl",
    .model = quant_model,
    .golden = quant,
    .rtl = quant_rtl,
    .sample = {{.name = "rows", .dims = "T=2 N=20", .in = "x=1@0..64000"}},
};
PM_OP(quant_op);

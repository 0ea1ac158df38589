// SPDX-License-Identifier: Apache-2.0
#include "op/attention.h"

#include "tb/flare_attention/flare_attention_rtl.h"

#include <inttypes.h>

static struct pm_attention_cfg config(struct pm_op_job *job) {
    struct pm_attention_cfg c = {
        .width = (unsigned)job->dim['D'],
        .heads = (unsigned)pm_op_int(job, "heads"),
        .kvb = (unsigned)pm_op_int(job, "kvb"),
        .mk = (unsigned)pm_op_int(job, "mk"),
        .mv = (unsigned)pm_op_int(job, "mv"),
        .round = pm_op_int(job, "round") != 0,
        .coding_x = (enum pm_coding)pm_op_int(job, "coding-x"),
        .coding_q = (enum pm_coding)pm_op_int(job, "coding-q"),
        .coding_o = (enum pm_coding)pm_op_int(job, "coding-o"),
        .causal = pm_op_int(job, "causal") != 0,
        .norm = PM_NORM_RECIP,
        .mram = pm_array_mram(false, 0),
    };
    const struct pm_value *s0 = pm_op_setting(job, "s0"), *e0 = pm_op_setting(job, "e0");
    for (unsigned h = 0; h < c.heads; h++) {
        c.s0[h] = s0->at[s0->n == 1 ? 0 : h].r;
        c.e0[h] = (int32_t)e0->at[e0->n == 1 ? 0 : h].i;
    }
    return c;
}

static struct pm_attention_weights weights(const struct pm_op_job *job) {
    return (struct pm_attention_weights){.wq = pm_op_data(job, "wq"),
                                         .wk = pm_op_data(job, "wk"),
                                         .wv = pm_op_data(job, "wv"),
                                         .wo = pm_op_data(job, "wo"),
                                         .bq = pm_op_data(job, "bq"),
                                         .bk = pm_op_data(job, "bk"),
                                         .bv = pm_op_data(job, "bv"),
                                         .bo = pm_op_data(job, "bo")};
}

static pm_status prepare(struct pm_op_job *job) {
    static const char *const lists[] = {"s0", "e0"}, *const shifts[] = {"mk", "mv"};
    int64_t heads = pm_op_int(job, "heads");
    /* The literal parse keeps the accumulator's most significant bits. */
    int literal = pm_clamp_shift(16 + pm_clog2(job->dim['D']) - pm_op_int(job, "kvb"));
    if (job->dim['D'] % (size_t)heads != 0)
        return pm_op_fail(job, PM_ESHAPE, "heads", "D=%zu is not a multiple of %d", job->dim['D'],
                          (int)heads);
    for (int k = 0; k < 2; k++) {
        const struct pm_value *v = pm_op_setting(job, lists[k]);
        if (v->n != 1 && v->n != (unsigned)heads)
            return pm_op_fail(job, PM_EINVAL, lists[k],
                              "%u values for %d heads; give one value, or one per head", v->n, (int)heads);
    }
    if (pm_op_int(job, "prefill") > (int64_t)job->dim['N'])
        return pm_op_fail(job, PM_ERANGE, "prefill", "%d of %zu tokens", (int)pm_op_int(job, "prefill"),
                          job->dim['N']);
    for (int k = 0; k < 2; k++) {
        struct pm_value *v = pm_op_setting(job, shifts[k]);
        if (v->n == 0)
            *v = (struct pm_value){.n = 1, .at = {{.i = literal}}};
    }
    return PM_OK;
}

/* Tokens of the first run. */
static unsigned prefill(const struct pm_op_job *job) {
    const unsigned asked = (unsigned)pm_op_int(job, "prefill");
    return asked ? asked : (unsigned)job->dim['N'];
}

static pm_status golden(struct pm_op_job *job) {
    struct pm_attention_cfg cfg = config(job);
    struct pm_attention_weights w = weights(job);
    struct pm_attention_cost cost = {0};
    struct pm_attention *engine;
    unsigned n = (unsigned)job->dim['N'];
    pm_status status = pm_attention_new(&cfg, &w, n, 0, &engine);
    if (status != PM_OK)
        return status;
    const int8_t *x = pm_op_data(job, "x");
    const int32_t *ex = pm_op_data(job, "ex");
    int8_t *y = pm_op_out(job, "y");
    int32_t *e = pm_op_out(job, "e");
    for (unsigned at = 0, end = prefill(job); at < n && status == PM_OK; at = end++) {
        status = pm_attention_append(engine, at);
        if (status == PM_OK)
            status = pm_attention_run(engine, x + (size_t)at * cfg.width, ex + at, pm_op_data(job, "mask"),
                                      end - at, at, y + (size_t)at * cfg.width, e + at, &cost, NULL, NULL);
    }
    pm_attention_free(engine);
    int64_t *cycles = pm_op_out(job, "cycles");
    *cycles = (int64_t)(cost.bound_kv + cost.bound_token);
    snprintf(job->note, sizeof job->note,
             "bound %" PRIu64 " + %" PRIu64 " accesses; clipped: k %" PRIu64 ", v %" PRIu64
             ", by rounding %" PRIu64 "; rows with z = 0: %" PRIu64,
             cost.bound_kv, cost.bound_token, cost.saturated_k, cost.saturated_v, cost.saturated_q,
             cost.zero_z);
    return status;
}

static unsigned max_tokens(const struct pm_op_job *job) {
    return (unsigned)(job->dim['N'] + 63) / 64 * 64;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    snprintf(params, PM_OP_PARAMS, "D=%zu Heads=%d Kvb=%d MaxTokens=%u", job->dim['D'],
             (int)pm_op_int(job, "heads"), (int)pm_op_int(job, "kvb"), max_tokens(job));
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_attention_cfg cfg = config(job);
    const struct pm_attention_weights w = weights(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    struct pm_attention_rtl_result result = {0};
    const pm_status status = pm_op_driver(job, pm_flare_attention_rtl)(
        &opts, &cfg, &w, max_tokens(job), 0, pm_op_data(job, "x"), pm_op_data(job, "ex"),
        pm_op_data(job, "mask"), (unsigned)job->dim['N'], prefill(job), 0, pm_op_out(job, "y"),
        pm_op_out(job, "e"), NULL, &result);
    *(int64_t *)pm_op_out(job, "cycles") = (int64_t)result.clocks;
    return status;
}

#define WEIGHT(NAME)                                                                                         \
    { .name = NAME, .dims = "DD", .dtype = PM_INT8 }
#define BIAS(NAME)                                                                                           \
    { .name = NAME, .dims = "D", .dtype = PM_INT32, .optional = true }

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("heads", 1, PM_MAX_HEADS, "1"), .help = "D is a multiple"},
    {PM_SET_NUMBER("s0", 0.5, 1, "0.5"), .below = true, .list = true,
     .help = "one value, or one per head, comma separated"},
    {PM_SET_INTEGER("e0", INT16_MIN, INT16_MAX, "0"), .list = true, .help = "likewise"},
    {PM_SET_INTEGER("mk", 0, 31, NULL), .help = "default 16 + clog2(D) - kvb"},
    {PM_SET_INTEGER("mv", 0, 31, NULL), .help = "default 16 + clog2(D) - kvb"},
    {PM_SET_INTEGER("kvb", 2, 16, "10"), .help = "bits of stored K and V elements"},
    {PM_SET_FLAG("round", "1")},
    {PM_SET_ONE_OF("coding-x", "twos|sign", "sign")}, /* enum pm_coding */
    {PM_SET_ONE_OF("coding-q", "twos|sign", "twos")},
    {PM_SET_ONE_OF("coding-o", "twos|sign", "sign")},
    {PM_SET_FLAG("causal", "0"), .help = "1: a token attends to itself and to those before it alone"},
    {PM_SET_INTEGER("prefill", 0, PM_MAX_KEYS, "0"),
     .help = "tokens of the first run, behind which each is appended by a run of its own; 0: all"},
    {0},
};

const struct pm_op pm_op_flare_attention = {
    .name = "flare-attention",
    .block = "flare_attention",
    .summary = "one layer's attention on N tokens: K and V pass, then Q, L, A and O; value = y * 2^e",
    .limit = {{'N', PM_MAX_KEYS}, {'D', PM_MAX_WIDTH}},
    .in = {{.name = "x", .dims = "ND", .dtype = PM_INT8},
           {.name = "ex",
            .dims = "N",
            .dtype = PM_INT32,
            .lo = INT16_MIN,
            .hi = INT16_MAX,
            .note = "value = x * 2^ex"},
           WEIGHT("wq"),
           WEIGHT("wk"),
           WEIGHT("wv"),
           WEIGHT("wo"),
           BIAS("bq"),
           BIAS("bk"),
           BIAS("bv"),
           BIAS("bo"),
           {.name = "mask",
            .dims = "N",
            .dtype = PM_UINT8,
            .lo = 0,
            .hi = 1,
            .optional = true,
            .note = "1: kept"}},
    .set = {.setting = settings},
    .out = {{.name = "y", .dims = "ND", .dtype = PM_INT8},
            {.name = "e", .dims = "N", .dtype = PM_INT32},
            {.name = "cycles", .dims = "1", .dtype = PM_INT64, .measured = true}},
    .driver = "pm_flare_attention_rtl",
    .model = model,
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "masked",
                .dims = "N=5 D=16",
                .set = "heads=2 kvb=10 e0=-3,-2",
                .in = "ex=0,2,-31,-32768,32767 bq=6@-9999..9999 bk=6@-9999..9999 bv=6@-9999..9999 "
                      "bo=6@-9999..9999 mask=1,1,0,1,1"},
               {.name = "plain",
                .dims = "N=5 D=16",
                .set = "heads=2 kvb=10 e0=-3,-2 mk=3 mv=4 round=0 s0=0.5,0.9 coding-x=twos coding-q=sign "
                       "coding-o=twos",
                .in = "ex=0,2,-31,-32768,32767 bq= bk= bv= bo= mask="},
               {.name = "decoded",
                .dims = "N=5 D=16",
                .set = "heads=2 kvb=10 e0=-3,-2 causal=1 prefill=2",
                .in = "ex=0,2,-31,1,0 bq=6@-9999..9999 bk=6@-9999..9999 bv=6@-9999..9999 "
                      "bo=6@-9999..9999 mask=1,1,0,1,1"},
               {.name = "timing",
                .dims = "N=3 D=8",
                .set = "heads=2 s0=0.6 e0=-12 mk=8 mv=8 kvb=4",
                .in = "x=1@-90..90 ex=0,1,0 wq=1@-90..90 wk=1@-90..90 wv=1@-90..90 wo=1@-90..90 bq= bk= bv= "
                      "bo= mask="}},
    .timing = {.signals =
                   "x_valid x_ready x ex w_valid w_ready w_wl w_dwl w_cmp wr_valid wr_ready wr_token wr_k",
               .clocks = 24},
};
PM_OP(pm_op_flare_attention);

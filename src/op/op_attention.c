// SPDX-License-Identifier: Apache-2.0
/* Op flare-attention: one layer's fused attention. */
#include "op/op_list.h"

#include "tb/flare_attention/flare_attention_rtl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static struct pm_attention_cfg config(struct pm_op_job *job) {
    struct pm_attention_cfg c = {
        .width = (unsigned)job->dim['D'],
        .heads = (unsigned)pm_op_int(job, "heads"),
        .kvb = (unsigned)pm_op_int(job, "kvb"),
        .mk = (unsigned)pm_op_int(job, "mk"),
        .mv = (unsigned)pm_op_int(job, "mv"),
        .round = pm_op_int(job, "round") != 0,
        .coding_x = pm_op_int(job, "coding_x") == 0 ? PM_TWOS : PM_SIGN,
        .coding_q = pm_op_int(job, "coding_q") == 0 ? PM_TWOS : PM_SIGN,
        .coding_o = pm_op_int(job, "coding_o") == 0 ? PM_TWOS : PM_SIGN,
        .norm = PM_NORM_RECIP,
        .mram = pm_array_mram(false, 0),
    };
    const struct pm_value *s0 = pm_op_setting(job, "s0"), *e0 = pm_op_setting(job, "e0");
    for (unsigned h = 0; h < c.heads; h++) {
        c.s0[h] = s0->r[s0->n == 1 ? 0 : h];
        c.e0[h] = (int32_t)e0->i[e0->n == 1 ? 0 : h];
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
    for (int k = 0; k < 2; k++) {
        struct pm_value *v = pm_op_setting(job, shifts[k]);
        if (v->n == 0)
            *v = (struct pm_value){.n = 1, .i = {literal}};
    }
    return PM_OK;
}

static pm_status golden(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_attention_cfg cfg = config(job);
    struct pm_attention_weights w = weights(job);
    struct pm_attention_cost cost = {0};
    struct pm_attention *engine;
    unsigned n = (unsigned)job->dim['N'];
    pm_status status = pm_attention_new(&cfg, &w, n, 0, &engine);
    if (status != PM_OK)
        return status;
    status =
        pm_attention_run(engine, pm_op_data(job, "x"), pm_op_data(job, "ex"), pm_op_data(job, "mask"), n, 0,
                         out[pm_op_out(job, "y")].data, out[pm_op_out(job, "e")].data, &cost, NULL, NULL);
    pm_attention_free(engine);
    int64_t *cycles = out[pm_op_out(job, "cycles")].data;
    *cycles = (int64_t)(cost.bound_kv + cost.bound_token);
    snprintf(job->note, sizeof job->note,
             "bound %" PRIu64 " + %" PRIu64 " accesses; clipped: k %" PRIu64 ", v %" PRIu64
             ", by rounding %" PRIu64 "; rows with z = 0: %" PRIu64,
             cost.bound_kv, cost.bound_token, cost.saturated_k, cost.saturated_v, cost.saturated_q,
             cost.zero_z);
    return status;
}

static pm_status rtl(struct pm_op_job *job, struct pm_tensor *out) {
    struct pm_attention_cfg cfg = config(job);
    struct pm_attention_weights w = weights(job);
    struct pm_attention_rtl_result result = {0};
    unsigned n = (unsigned)job->dim['N'], max_tokens = (n + 63) / 64 * 64;
    char params[128], path[PM_OP_PATH];
    snprintf(params, sizeof params, "D=%u Heads=%u Kvb=%u MaxTokens=%u", cfg.width, cfg.heads, cfg.kvb,
             max_tokens);
    struct pm_rtl *model;
    void (*f)(void);
    pm_status status = pm_op_model(job, params, "pm_flare_attention_rtl", &model, &f);
    if (status != PM_OK)
        return status;
    struct pm_sim_opts opts = pm_op_sim(job, 0, path);
    status = ((pm_flare_attention_rtl_fn *)f)(
        &opts, &cfg, &w, max_tokens, 0, pm_op_data(job, "x"), pm_op_data(job, "ex"), pm_op_data(job, "mask"),
        n, 0, out[pm_op_out(job, "y")].data, out[pm_op_out(job, "e")].data, NULL, &result);
    int64_t *cycles = out[pm_op_out(job, "cycles")].data;
    *cycles = (int64_t)result.clocks;
    pm_rtl_close(model);
    return status;
}

#define WEIGHT(NAME)                                                                                         \
    { .name = NAME, .dims = "DD", .dtype = PM_INT8, .lo = INT8_MIN, .hi = INT8_MAX }
#define BIAS(NAME)                                                                                           \
    { .name = NAME, .dims = "D", .dtype = PM_INT32, .lo = INT32_MIN, .hi = INT32_MAX, .optional = true }

const struct pm_op pm_op_flare_attention = {
    .name = "flare-attention",
    .block = "flare_attention",
    .summary = "one layer's attention on N tokens: K and V pass, then Q, L, A and O; value = y * 2^e",
    .limit = {{'N', PM_MAX_TOKENS}, {'D', PM_MAX_WIDTH}},
    .in = {{.name = "x", .dims = "ND", .dtype = PM_INT8, .lo = INT8_MIN, .hi = INT8_MAX},
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
    .set = {{.name = "heads",
             .kind = PM_SET_INT,
             .fallback = "1",
             .lo = 1,
             .hi = PM_MAX_HEADS,
             .help = "D is a multiple"},
            {.name = "s0",
             .kind = PM_SET_REAL,
             .fallback = "0.5",
             .lo = 0.5,
             .hi = 1,
             .list = true,
             .help = "one value, or one per head, comma separated"},
            {.name = "e0",
             .kind = PM_SET_INT,
             .fallback = "0",
             .lo = INT16_MIN,
             .hi = INT16_MAX,
             .list = true,
             .help = "likewise"},
            {.name = "mk", .kind = PM_SET_INT, .lo = 0, .hi = 31, .help = "default 16 + clog2(D) - kvb"},
            {.name = "mv", .kind = PM_SET_INT, .lo = 0, .hi = 31, .help = "default 16 + clog2(D) - kvb"},
            {.name = "kvb",
             .kind = PM_SET_INT,
             .fallback = "10",
             .lo = 2,
             .hi = 16,
             .help = "bits of stored K and V elements"},
            {.name = "round", .kind = PM_SET_CHOICE, .fallback = "1", .choices = "0|1"},
            {.name = "coding_x", .kind = PM_SET_CHOICE, .fallback = "sign", .choices = "twos|sign"},
            {.name = "coding_q", .kind = PM_SET_CHOICE, .fallback = "twos", .choices = "twos|sign"},
            {.name = "coding_o", .kind = PM_SET_CHOICE, .fallback = "sign", .choices = "twos|sign"}},
    .out = {{.name = "y", .dims = "ND", .dtype = PM_INT8},
            {.name = "e", .dims = "N", .dtype = PM_INT32},
            {.name = "cycles", .dims = "1", .dtype = PM_INT64, .measured = true}},
    .prepare = prepare,
    .golden = golden,
    .rtl = rtl,
};

// SPDX-License-Identifier: Apache-2.0
#include "op.h"

#include "emsbq.h"
#include "flare_attention.h"
#include "tb/kv_write/kv_write_rtl.h"

#include <stdlib.h>

static struct pm_kv_write_cfg config(const struct pm_op_job *job) {
    return (struct pm_kv_write_cfg){.mk = (unsigned)pm_op_int(job, "mk"),
                                    .mv = (unsigned)pm_op_int(job, "mv"),
                                    .kvb = (unsigned)pm_op_int(job, "kvb"),
                                    .round = pm_op_int(job, "round") != 0,
                                    .chain = 1};
}

static pm_status golden(struct pm_op_job *job) {
    const struct pm_kv_write_cfg c = config(job);
    const int64_t *k_acc = pm_op_data(job, "k"), *v_acc = pm_op_data(job, "v");
    const int32_t *ex = pm_op_data(job, "ex");
    int16_t *k = pm_op_out(job, "k"), *v = pm_op_out(job, "v");
    const size_t d = job->dim['D'];
    for (size_t i = 0; i < job->dim['P'] * job->dim['T'] * d; i++) {
        k[i] = pm_msb_parse(k_acc[i], (int64_t)c.mk - ex[i / d], c.kvb, c.round);
        v[i] = pm_msb_parse(v_acc[i], (int64_t)c.mv - ex[i / d], c.kvb, c.round);
    }
    return PM_OK;
}

static void model(const struct pm_op_job *job, char params[static PM_OP_PARAMS]) {
    static const char *const names[] = {"k", "v"};
    bool wide = false;
    for (int n = 0; n < 2; n++) {
        const struct pm_tensor *t = pm_op_in(job, names[n]);
        for (size_t i = 0; i < t->count && !wide; i++)
            wide = pm_tensor_get(t, i) != (int32_t)pm_tensor_get(t, i);
    }
    snprintf(params, PM_OP_PARAMS, "D=%zu W=%d Kvb=%d MaxTokens=%u ExpW=16", job->dim['D'], wide ? 64 : 32,
             (int)pm_op_int(job, "kvb"), pm_op_fit_power(job->dim['T'], 2));
}

static pm_status rtl(struct pm_op_job *job) {
    const struct pm_kv_write_cfg c = config(job);
    const struct pm_sim_opts opts = pm_op_sim(job, 0);
    const size_t passes = job->dim['P'];
    uint8_t *sat = calloc(passes, 2);
    unsigned *flagged = calloc(passes, sizeof *flagged);
    const pm_status status =
        sat && flagged ? pm_op_driver(job, pm_kv_write_rtl)(
                             &opts, &c, pm_op_data(job, "k"), pm_op_data(job, "v"), pm_op_data(job, "ex"),
                             (unsigned)passes, (unsigned)job->dim['T'], (unsigned)job->dim['D'],
                             pm_op_out(job, "k"), pm_op_out(job, "v"), sat, sat + passes, flagged, NULL)
                       : PM_ENOMEM;
    free(sat);
    free(flagged);
    return status;
}

static const struct pm_setting settings[] = {
    {PM_SET_INTEGER("mk", 0, 31, "0"), .help = "K's shift where ex is 0"},
    {PM_SET_INTEGER("mv", 0, 31, "0"), .help = "V's"},
    {PM_SET_INTEGER("kvb", 2, 16, "10"), .help = "bits of a stored element"},
    {PM_SET_FLAG("round", "1")},
    {0},
};

static const struct pm_op op = {
    .name = "kv-write",
    .block = "kv_write",
    .summary =
        "accumulators of P passes of T tokens to keys and values as written: sat((x + r) >> (m - ex), kvb)",
    .limit = {{'T', PM_MAX_KEYS}, {'D', PM_MAX_WIDTH}},
    .in = {{.name = "k", .dims = "PTD", .dtype = PM_INT64},
           {.name = "v", .dims = "PTD", .dtype = PM_INT64},
           {.name = "ex", .dims = "PT", .dtype = PM_INT32, .lo = INT16_MIN, .hi = INT16_MAX}},
    .set = {.setting = settings},
    .out = {{.name = "k", .dims = "PTD", .dtype = PM_INT16}, {.name = "v", .dims = "PTD", .dtype = PM_INT16}},
    .driver = "pm_kv_write_rtl",
    .model = model,
    .golden = golden,
    .rtl = rtl,
    .sample = {{.name = "passes",
                .dims = "P=2 T=4 D=6",
                .set = "kvb=10 mk=3 mv=5",
                .in = "k=1@-9999..9999 v=2@-9999..9999 ex=3@-9..9"},
               {.name = "timing",
                .dims = "P=2 T=2 D=7",
                .set = "mk=4 mv=2 kvb=2",
                .in = "k=-12,-6,0,6,12 v=-3,-2,-1,0,1,2,3 ex=0,1,-1,2",
                .stalls = 3}},
    .timing = {.signals = "in_valid in_ready k v ex clear wr_valid wr_ready wr_token wr_k wr_v k_sat v_sat",
               .clocks = 18},
};
PM_OP(op);

// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_therm_enc_tb: a tensor, Columns at a time. */
#include "therm_enc_rtl.h"

#include "therm_enc.h"

static _Thread_local struct {
    const int32_t *a; /* or, where NULL: */
    const uint8_t *therm;
    uint8_t *code;
    size_t n, driven, done;
} run;

void pm_therm_enc_step(int columns, const uint32_t *code, uint32_t *cmp) {
    /* What was driven at the previous edge: nothing before the first. */
    for (unsigned c = 0; run.done < run.driven; c++)
        run.code[run.done++] = (uint8_t)pm_get_bits(code, c * 4, 4);
    if (run.done == run.n)
        pm_sim_finish(PM_OK);
    for (unsigned c = 0; c < (unsigned)columns; c++) {
        uint8_t therm = 0xA5;
        if (run.driven < run.n) {
            therm = run.a ? pm_flash(run.a[run.driven]) : run.therm[run.driven];
            run.driven++;
        }
        pm_set_bits(cmp, c * 8, 8, therm);
    }
    pm_sim_progress();
}

static pm_status simulate(const struct pm_sim_opts *opts, const int32_t *a, const uint8_t *therm, size_t n,
                          uint8_t *code) {
    run.a = a;
    run.therm = therm;
    run.code = code;
    run.n = n;
    run.driven = run.done = 0;
    return pm_sim_run(opts, NULL);
}

pm_status pm_therm_enc_rtl(const struct pm_sim_opts *opts, const int32_t *a, size_t n, uint8_t *code) {
    return simulate(opts, a, NULL, n, code);
}

pm_status pm_therm_enc_cmp_rtl(const struct pm_sim_opts *opts, const uint8_t *therm, size_t n,
                               uint8_t *code) {
    return simulate(opts, NULL, therm, n, code);
}

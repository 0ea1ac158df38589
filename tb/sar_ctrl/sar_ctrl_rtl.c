// SPDX-License-Identifier: Apache-2.0
#include "sar_ctrl_rtl.h"

#include <stdlib.h>
#include <string.h>

#define MAX_LANES 64

struct lane {
    size_t index; /* of the conversion under way */
    unsigned age; /* clocks since its start, 0: none */
    bool start;   /* what the pins were given */
    bool mode6;
};

static _Thread_local struct {
    const struct pm_sar *sar;
    const int32_t *vin;
    const uint8_t *bits;
    uint8_t *code;
    size_t n, started, done;
    struct lane lane[MAX_LANES];
} run;

static bool bit(const uint32_t *v, int i) {
    return pm_get_bits(v, (size_t)i, 1);
}

/* What clock's outputs and the pins of lane l say, against the contract. */
static bool pins_hold(const struct lane *l, bool busy, bool valid, bool c7_en, unsigned dac) {
    if (busy != (l->age > 0))
        return false;
    if (l->age == 0)
        return !valid && dac == 0;
    const unsigned bits = run.bits[l->index];
    if (valid != (l->age == pm_sar_clocks(bits) - 1))
        return false;
    return bits == PM_SAR_BITS ? c7_en : !c7_en && dac >> 6 == 0;
}

void pm_sar_ctrl_step(int lanes, const uint32_t *busy, const uint32_t *valid, const uint32_t *c7_en,
                      const uint32_t *dac, const uint32_t *code, uint32_t *start, uint32_t *mode6) {
    memset(start, 0, ((size_t)lanes + 31) / 32 * 4);
    memset(mode6, 0, ((size_t)lanes + 31) / 32 * 4);
    for (int i = 0; i < lanes; i++) {
        struct lane *l = &run.lane[i];
        pm_sim_need(
            pins_hold(l, bit(busy, i), bit(valid, i), bit(c7_en, i), pm_get_bits(dac, (size_t)i * 7, 7)));
        if (bit(valid, i)) {
            run.code[l->index] = (uint8_t)pm_get_bits(code, (size_t)i * 7, 7);
            run.done++;
            pm_sim_progress();
        }
        if (bit(valid, i))
            l->age = 0;
        else if (l->age > 0)
            l->age++;
        else if (l->start) {
            l->age = 1;
            l->start = false;
        }
        /* Idle in the next clock: start the next conversion, or wait. Busy: a stray start now and then. */
        const bool stall = pm_sim_stall();
        if (l->age == 0) {
            l->start = !stall && run.started < run.n;
            if (l->start) {
                l->index = run.started++;
                l->mode6 = run.bits[l->index] == PM_SAR_BITS - 1;
            }
            pm_set_bits(start, (size_t)i, 1, l->start);
            pm_set_bits(mode6, (size_t)i, 1, l->mode6);
        } else if (stall) {
            pm_set_bits(start, (size_t)i, 1, 1);
            pm_set_bits(mode6, (size_t)i, 1, !l->mode6);
        }
    }
    if (run.done == run.n)
        pm_sim_finish(PM_OK);
}

void pm_sar_ctrl_compare(const uint32_t *dac, uint32_t *cmp) {
    *cmp = 0; /* up to 32 lanes; idle ones too are the same in every run */
    for (unsigned i = 0; i < MAX_LANES; i++) {
        const struct lane *l = &run.lane[i];
        if (l->age == 0)
            continue;
        const unsigned trial = pm_get_bits(dac, (size_t)i * 7, 7);
        if (trial == 0)
            continue;
        const struct pm_read_id id = {.vector = (uint32_t)l->index};
        const bool keep = pm_sar_compare(run.sar, run.bits[l->index], trial, (unsigned)__builtin_ctz(trial),
                                         run.vin[l->index], id);
        pm_set_bits(cmp, i, 1, keep);
    }
}

pm_status pm_sar_convert_rtl(const struct pm_sim_opts *opts, const struct pm_sar *s, const int32_t *vin_q8,
                             const uint8_t *bits, size_t n, uint8_t *code, uint64_t *clocks) {
    if (clocks)
        *clocks = 0;
    for (size_t i = 0; i < n; i++)
        if (bits[i] != PM_SAR_BITS && bits[i] != PM_SAR_BITS - 1)
            return PM_EINVAL;
    if (n == 0)
        return PM_OK;
    memset(&run, 0, sizeof run);
    run.sar = s;
    run.vin = vin_q8;
    run.bits = bits;
    run.code = code;
    run.n = n;
    return pm_sim_run(opts, clocks);
}

pm_status pm_sar_ctrl_rtl(const struct pm_sim_opts *opts, const int32_t *vin_q8, size_t n, unsigned bits,
                          uint8_t *code, uint64_t *clocks) {
    struct pm_sar ideal;
    pm_sar_init(&ideal, &(struct pm_sar_cfg){0}, 0, 0);
    if (bits != PM_SAR_BITS && bits != PM_SAR_BITS - 1)
        return PM_EINVAL;
    uint8_t *each = malloc(n > 0 ? n : 1);
    if (!each)
        return PM_ENOMEM;
    memset(each, (int)bits, n);
    const pm_status status = pm_sar_convert_rtl(opts, &ideal, vin_q8, each, n, code, clocks);
    free(each);
    return status;
}

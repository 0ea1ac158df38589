// SPDX-License-Identifier: Apache-2.0
#include "emsbq_rtl.h"

#include <string.h>

/* One run. The bench's DPI functions have no argument for it. */
static _Thread_local struct {
    bool parses;
    struct pm_emsbq_cfg cfg;
    const int64_t *x;
    const uint8_t *keep;
    const int32_t *shift;
    size_t groups, n;
    int16_t *y;
    int32_t *s;
    uint8_t *sat;
    size_t offered, taken, collected;
    uint64_t first, last;
    bool x_valid, y_ready;
    bool stalled; /* a result was offered and not taken: it must still be there */
    uint64_t stalled_hash;
} run;

static uint64_t hash(uint64_t h, const uint32_t *v, size_t bits) {
    for (size_t i = 0; i < (bits + 31) / 32; i++)
        h = (h ^ v[i]) * 0x9E3779B97F4A7C15u + 1;
    return h;
}

static bool fits(int64_t x, unsigned w, bool is_signed) {
    if (is_signed)
        return w >= 64 || (x >= -((int64_t)1 << (w - 1)) && x < (int64_t)1 << (w - 1));
    return w >= 64 || (uint64_t)x >> w == 0;
}

/* Stores x[n] padded with zeros to w-bit elements; false when one does not fit. */
static bool pack(uint32_t *v, size_t elements, unsigned w, const int64_t *x, size_t n, bool is_signed) {
    bool ok = true;
    memset(v, 0, (elements * w + 31) / 32 * 4);
    for (size_t i = 0; i < n; i++) {
        ok = ok && fits(x[i], w, is_signed);
        pm_set_bits(v, i * w, w, (uint64_t)x[i]);
    }
    return ok;
}

unsigned char pm_emsbq_tb_parses(void);
void pm_emsbq_step(int n, int w, int q, unsigned char x_ready, unsigned char y_valid, const uint32_t *y,
                   const uint32_t *s, unsigned char *is_signed, unsigned char *round, unsigned char *x_valid,
                   uint32_t *x, uint32_t *keep, unsigned char *y_ready);
void pm_msb_parse_step(int n, int w, int bits, const uint32_t *y, const uint32_t *sat, uint32_t *x,
                       uint32_t *m, unsigned char *round);

unsigned char pm_emsbq_tb_parses(void) {
    return run.parses;
}

static void collect(unsigned q, const uint32_t *y, const uint32_t *s) {
    int16_t *out = run.y + run.collected * run.n;
    for (size_t i = 0; i < run.n; i++)
        out[i] = (int16_t)(run.cfg.is_signed ? pm_get_signed(y, i * q, q) : pm_get_bits(y, i * q, q));
    run.s[run.collected++] = (int32_t)*s;
}

void pm_emsbq_step(int n, int w, int q, unsigned char x_ready, unsigned char y_valid, const uint32_t *y,
                   const uint32_t *s, unsigned char *is_signed, unsigned char *round, unsigned char *x_valid,
                   uint32_t *x, uint32_t *keep, unsigned char *y_ready) {
    size_t elements = (size_t)n;
    if (run.cfg.q != (unsigned)q)
        pm_sim_finish(PM_EINVAL);
    if (run.n > elements)
        pm_sim_finish(PM_ESHAPE);
    if (run.cfg.q != (unsigned)q || run.n > elements)
        return;

    if (run.x_valid && x_ready) {
        run.taken++;
        pm_sim_progress();
    }
    uint64_t h = hash(*s, y, elements * (unsigned)q);
    if (run.stalled && (!y_valid || h != run.stalled_hash))
        pm_sim_finish(PM_EDIFFER);
    run.stalled = y_valid && !run.y_ready;
    run.stalled_hash = h;
    if (y_valid && run.y_ready) {
        if (run.collected >= run.taken) { /* a result without a group */
            pm_sim_finish(PM_EDIFFER);
            return;
        }
        collect((unsigned)q, y, s);
        pm_sim_progress();
        run.last = pm_sim_clock();
    }
    if (run.collected == run.groups)
        pm_sim_finish(PM_OK);

    if (run.offered == run.taken && run.offered < run.groups && !pm_sim_stall()) {
        run.offered++;
        if (run.offered == 1)
            run.first = pm_sim_clock() + 1;
    }
    run.x_valid = run.offered > run.taken;
    run.y_ready = pm_sim_ready(y_valid);
    *x_valid = run.x_valid;
    *y_ready = run.y_ready;
    if (!run.x_valid) { /* what must not be looked at */
        memset(x, 0xA5, (elements * (unsigned)w + 31) / 32 * 4);
        memset(keep, 0x5A, (elements + 31) / 32 * 4);
        *is_signed = !run.cfg.is_signed;
        *round = !run.cfg.round;
        return;
    }
    const int64_t *group = run.x + run.taken * run.n;
    if (!pack(x, elements, (unsigned)w, group, run.n, run.cfg.is_signed))
        pm_sim_finish(PM_ERANGE);
    memset(keep, 0, (elements + 31) / 32 * 4);
    for (size_t i = 0; i < run.n; i++)
        pm_set_bits(keep, i, 1, !run.keep || run.keep[run.taken * run.n + i]);
    *is_signed = run.cfg.is_signed;
    *round = run.cfg.round;
}

void pm_msb_parse_step(int n, int w, int bits, const uint32_t *y, const uint32_t *sat, uint32_t *x,
                       uint32_t *m, unsigned char *round) {
    size_t elements = (size_t)n;
    if (run.n > elements) {
        pm_sim_finish(PM_ESHAPE);
        return;
    }
    if (run.offered > 0) {
        size_t at = (run.offered - 1) * run.n;
        for (size_t i = 0; i < run.n; i++) {
            run.y[at + i] = (int16_t)pm_get_signed(y, i * (unsigned)bits, (unsigned)bits);
            if (run.sat)
                run.sat[at + i] = (uint8_t)pm_get_bits(sat, i, 1);
        }
        pm_sim_progress();
    }
    if (run.offered == run.groups) {
        pm_sim_finish(PM_OK);
        return;
    }
    if (!pack(x, elements, (unsigned)w, run.x + run.offered * run.n, run.n, true))
        pm_sim_finish(PM_ERANGE);
    *m = (uint32_t)pm_clamp(run.shift[run.offered], -64, 63) & 0x7f;
    *round = run.cfg.round;
    run.offered++;
}

pm_status pm_emsbq_rtl(const struct pm_sim_opts *opts, const struct pm_emsbq_cfg *cfg, const int64_t *x,
                       const uint8_t *keep, size_t groups, size_t n, int16_t *y, int32_t *s,
                       uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.cfg = *cfg;
    run.x = x;
    run.keep = keep;
    run.groups = groups;
    run.n = n;
    run.y = y;
    run.s = s;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.last - run.first + 1;
    return status;
}

pm_status pm_msb_parse_sat_rtl(const struct pm_sim_opts *opts, const int64_t *x, const int32_t *shift,
                               size_t groups, size_t n, bool round, int16_t *y, uint8_t *sat) {
    memset(&run, 0, sizeof run);
    run.parses = true;
    run.cfg.round = round;
    run.x = x;
    run.shift = shift;
    run.groups = groups;
    run.n = n;
    run.y = y;
    run.sat = sat;
    return pm_sim_run(opts, NULL);
}

pm_status pm_msb_parse_rtl(const struct pm_sim_opts *opts, const int64_t *x, const int32_t *shift,
                           size_t groups, size_t n, bool round, int16_t *y) {
    return pm_msb_parse_sat_rtl(opts, x, shift, groups, n, round, y, NULL);
}

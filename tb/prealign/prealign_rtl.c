// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_prealign_tb. */
#include "prealign_rtl.h"

#include "stream.h"

#include <string.h>

/* A place in the vectors' beats. */
struct cursor {
    size_t vector, first; /* element of the vector with which the beat begins */
};

static _Thread_local struct {
    bool norms;
    const struct pm_prealign_cfg *cfg;
    unsigned lanes, code_bits, bits, dpv_bits, p_bits;
    size_t k;
    const int32_t *u, *p;
    const int64_t *dpv;
    const uint32_t *length;
    int16_t *q;
    int32_t *emax, *y;
    uint8_t *flags;
    struct cursor in, out;
    struct pm_stream_out x;
    struct pm_stream_in z;
} run;

static size_t length_of(size_t vector) {
    return run.length ? run.length[vector] : run.k;
}

static size_t beats_of(size_t vector) {
    return (length_of(vector) + run.lanes - 1) / run.lanes;
}

static bool is_last(const struct cursor *c) {
    return c->first + run.lanes >= length_of(c->vector);
}

static void advance(struct cursor *c) {
    if (is_last(c))
        *c = (struct cursor){.vector = c->vector + 1};
    else
        c->first += run.lanes;
}

unsigned char pm_prealign_tb_norms(void) {
    return run.norms;
}

void pm_prealign_elaborated(int e, int m, int b, int lanes, int max_k, int dpv_w, int p_w,
                            unsigned char *round) {
    run.lanes = (unsigned)lanes;
    run.code_bits = (unsigned)(1 + e + m);
    run.bits = (unsigned)b;
    run.dpv_bits = (unsigned)dpv_w;
    run.p_bits = (unsigned)p_w;
    *round = !run.norms && run.cfg->round;
    if (run.norms)
        return;
    const struct pm_float_format f = pm_float_format(run.cfg->format);
    if (f.e != (unsigned)e || f.m != (unsigned)m || run.cfg->bits != run.bits)
        pm_sim_finish(PM_EINVAL);
    if (run.k > (size_t)max_k)
        pm_sim_finish(PM_ESHAPE);
    size_t beats = 0;
    for (size_t v = 0; v < run.z.items; v++)
        beats += beats_of(v);
    run.x.items = run.z.items = beats;
}

static void take_beat(const uint32_t *q, uint32_t emax, bool last, unsigned flags) {
    const size_t v = run.out.vector, n = length_of(v);
    pm_sim_need(last == is_last(&run.out));
    for (unsigned i = 0; i < run.lanes; i++) {
        const int64_t x = pm_get_signed(q, (size_t)i * run.bits, run.bits);
        if (run.out.first + i < n)
            run.q[v * run.k + run.out.first + i] = (int16_t)x;
        else
            pm_sim_need(x == 0);
    }
    if (run.out.first == 0)
        run.emax[v] = (int32_t)emax;
    pm_sim_need(run.emax[v] == (int32_t)emax);
    if (last)
        run.flags[v] = (uint8_t)flags;
    advance(&run.out);
}

void pm_prealign_step(unsigned char u_ready, unsigned char *u_valid, uint32_t *u, unsigned char *u_last,
                      unsigned char q_valid, unsigned char *q_ready, const uint32_t *q, const uint32_t *emax,
                      unsigned char q_last, unsigned char inexact, unsigned char special) {
    const unsigned flags = (inexact ? PM_PREALIGN_INEXACT : 0u) | (special ? PM_PREALIGN_SPECIAL : 0u);
    const uint64_t side = (uint64_t)*emax << 3 | (uint64_t)q_last << 2 | flags;
    if (pm_stream_fired(&run.x, u_ready))
        advance(&run.in);
    if (pm_stream_take(&run.z, q_valid, pm_stream_hash(side, q, (size_t)run.lanes * run.bits), run.x.taken))
        take_beat(q, *emax, q_last, flags);
    pm_stream_end(&run.z, 16);
    *u_valid = pm_stream_offer(&run.x);
    *q_ready = pm_stream_ready(&run.z, q_valid);
    if (!run.x.valid) {
        pm_pins_noise(u, (size_t)run.lanes * run.code_bits);
        *u_last = pm_sim_noise() & 1;
        return;
    }
    const size_t v = run.in.vector, n = length_of(v);
    for (unsigned i = 0; i < run.lanes; i++)
        pm_set_bits(u, (size_t)i * run.code_bits, run.code_bits,
                    run.in.first + i < n ? (uint32_t)run.u[v * run.k + run.in.first + i] : 0);
    *u_last = is_last(&run.in);
}

void pm_fp_norm_step(unsigned char x_ready, unsigned char *x_valid, uint32_t *dpv, uint32_t *p,
                     unsigned char y_valid, unsigned char *y_ready, const uint32_t *y, unsigned char uf,
                     unsigned char of) {
    const unsigned flags = (uf ? PM_FP_UNDERFLOW : 0u) | (of ? PM_FP_OVERFLOW : 0u);
    pm_stream_fired(&run.x, x_ready);
    if (pm_stream_take(&run.z, y_valid, (uint64_t)*y << 2 | flags, run.x.taken)) {
        run.y[run.z.taken - 1] = (int32_t)*y;
        run.flags[run.z.taken - 1] = (uint8_t)flags;
    }
    pm_stream_end(&run.z, 16);
    *x_valid = pm_stream_offer(&run.x);
    *y_ready = pm_stream_ready(&run.z, y_valid);
    if (!run.x.valid) {
        pm_pins_noise(dpv, run.dpv_bits);
        pm_pins_noise(p, run.p_bits);
        return;
    }
    pm_pins_put(dpv, 0, run.dpv_bits, run.dpv[run.x.taken], true);
    pm_pins_put(p, 0, run.p_bits, run.p[run.x.taken], true);
}

pm_status pm_prealign_rtl(const struct pm_sim_opts *opts, const struct pm_prealign_cfg *cfg, const int32_t *u,
                          const uint32_t *length, size_t vectors, size_t k, int16_t *q, int32_t *emax,
                          uint8_t *flags, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.cfg = cfg;
    run.u = u;
    run.length = length;
    run.k = k;
    run.q = q;
    run.emax = emax;
    run.flags = flags;
    run.z.items = vectors; /* until the model's lanes are known */
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.z.last - run.x.first;
    return status;
}

pm_status pm_fp_norm_rtl(const struct pm_sim_opts *opts, const int64_t *dpv, const int32_t *p, size_t n,
                         int32_t *y, uint8_t *flags, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.norms = true;
    run.dpv = dpv;
    run.p = p;
    run.y = y;
    run.flags = flags;
    run.x.items = run.z.items = n;
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.z.last - run.x.first;
    return status;
}

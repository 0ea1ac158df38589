// SPDX-License-Identifier: Apache-2.0
#include "kv_write_rtl.h"

#include <string.h>

/* One run. The bench's DPI function has no argument for it. */
static _Thread_local struct {
    struct pm_kv_write_cfg cfg;
    const int64_t *k_acc, *v_acc;
    const int32_t *ex;
    unsigned passes, tokens, d;
    int16_t *k, *v;
    uint8_t *k_sat, *v_sat;
    unsigned *flagged;
    unsigned pass, taken; /* this pass's tokens that were taken */
    size_t written;       /* tokens, over all passes */
    bool started, offers, clears, cleared, wr_ready;
    uint64_t first, last;
    bool stalled; /* a write was offered and not taken: it must still be there */
    uint64_t stalled_hash;
} run;

static uint64_t hash(uint64_t h, const uint32_t *v, size_t bits) {
    for (size_t i = 0; i < (bits + 31) / 32; i++)
        h = (h ^ v[i]) * 0x9E3779B97F4A7C15u + 1;
    return h;
}

static bool fits(int64_t x, unsigned w) {
    return w >= 64 || (x >= -((int64_t)1 << (w - 1)) && x < (int64_t)1 << (w - 1));
}

/* What the DUT says about writes, tokens and flags before this edge. */
static void observe(unsigned in_ready, bool wr_valid, uint32_t wr_token, const uint32_t *wr_k,
                    const uint32_t *wr_v, bool k_sat, bool v_sat) {
    size_t bits = (size_t)run.d * run.cfg.kvb;
    if (run.cleared && (k_sat || v_sat))
        pm_sim_finish(PM_EDIFFER);
    run.cleared = run.clears;
    if (run.offers && in_ready) {
        if (run.taken == run.tokens || run.clears)
            pm_sim_finish(PM_EDIFFER);
        run.taken++;
        run.offers = false;
        pm_sim_progress();
    }
    uint64_t h = hash(hash(wr_token, wr_k, bits), wr_v, bits);
    if (run.stalled && (!wr_valid || h != run.stalled_hash))
        pm_sim_finish(PM_EDIFFER);
    run.stalled = wr_valid && !run.wr_ready;
    run.stalled_hash = h;
    if (wr_valid && run.wr_ready) {
        if (run.written >= (size_t)run.passes * run.tokens || wr_token != run.written % run.tokens) {
            pm_sim_finish(PM_EDIFFER);
            return;
        }
        for (unsigned i = 0; i < run.d; i++) {
            run.k[run.written * run.d + i] =
                (int16_t)pm_get_signed(wr_k, (size_t)i * run.cfg.kvb, run.cfg.kvb);
            run.v[run.written * run.d + i] =
                (int16_t)pm_get_signed(wr_v, (size_t)i * run.cfg.kvb, run.cfg.kvb);
        }
        run.written++;
        run.last = pm_sim_clock();
        pm_sim_progress();
    }
    const size_t on_pins = run.written + (wr_valid && !run.wr_ready), before = (size_t)run.pass * run.tokens;
    run.k_sat[run.pass] = k_sat;
    run.v_sat[run.pass] = v_sat;
    run.flagged[run.pass] = on_pins > before ? (unsigned)(on_pins - before) : 0;
    if (run.clears) {
        run.pass++;
        run.taken = 0;
    }
    if (run.written == (size_t)run.passes * run.tokens)
        pm_sim_finish(PM_OK);
}

void pm_kv_write_step(int d, int w, int kvb, int max_tokens, int exp_w, unsigned char in_ready,
                      unsigned char wr_valid, const uint32_t *wr_token, const uint32_t *wr_k,
                      const uint32_t *wr_v, unsigned char k_sat, unsigned char v_sat, unsigned char *round,
                      uint32_t *mk, uint32_t *mv, unsigned char *clear, unsigned char *in_valid, uint32_t *k,
                      uint32_t *v, uint32_t *ex, unsigned char *wr_ready);

void pm_kv_write_step(int d, int w, int kvb, int max_tokens, int exp_w, unsigned char in_ready,
                      unsigned char wr_valid, const uint32_t *wr_token, const uint32_t *wr_k,
                      const uint32_t *wr_v, unsigned char k_sat, unsigned char v_sat, unsigned char *round,
                      uint32_t *mk, uint32_t *mv, unsigned char *clear, unsigned char *in_valid, uint32_t *k,
                      uint32_t *v, uint32_t *ex, unsigned char *wr_ready) {
    pm_status status = run.cfg.kvb != (unsigned)kvb                                ? PM_EINVAL
                       : run.d != (unsigned)d || run.tokens > (unsigned)max_tokens ? PM_ESHAPE
                                                                                   : PM_OK;
    if (status != PM_OK) {
        pm_sim_finish(status);
        return;
    }
    observe(in_ready, wr_valid, *wr_token, wr_k, wr_v, k_sat, v_sat);

    bool full = run.taken == run.tokens, more = run.pass + 1 < run.passes;
    run.clears = full && more && !pm_sim_stall();
    run.wr_ready = pm_sim_ready(wr_valid);
    if (!full || (more && (run.clears || run.tokens == (unsigned)max_tokens)))
        run.offers = run.offers || !pm_sim_stall();
    *round = run.cfg.round;
    *mk = run.cfg.mk;
    *mv = run.cfg.mv;
    *clear = run.clears;
    *wr_ready = run.wr_ready;
    *in_valid = run.offers;
    if (!run.offers) { /* what must not be looked at */
        memset(k, 0xA5, ((size_t)d * (unsigned)w + 31) / 32 * 4);
        memset(v, 0x5A, ((size_t)d * (unsigned)w + 31) / 32 * 4);
        *ex = 0;
        return;
    }
    if (!run.started)
        run.first = pm_sim_clock() + 1;
    run.started = true;
    size_t at = (size_t)run.pass * run.tokens + run.taken;
    bool ok = fits(run.ex[at], (unsigned)exp_w);
    for (size_t i = 0; i < run.d; i++) {
        ok = ok && fits(run.k_acc[at * run.d + i], (unsigned)w) &&
             fits(run.v_acc[at * run.d + i], (unsigned)w);
        pm_set_bits(k, i * (unsigned)w, (unsigned)w, (uint64_t)run.k_acc[at * run.d + i]);
        pm_set_bits(v, i * (unsigned)w, (unsigned)w, (uint64_t)run.v_acc[at * run.d + i]);
    }
    pm_set_bits(ex, 0, (unsigned)exp_w, (uint64_t)run.ex[at]);
    if (!ok)
        pm_sim_finish(PM_ERANGE);
}

pm_status pm_kv_write_rtl(const struct pm_sim_opts *opts, const struct pm_kv_write_cfg *cfg,
                          const int64_t *k_acc, const int64_t *v_acc, const int32_t *ex, unsigned passes,
                          unsigned tokens, unsigned d, int16_t *k, int16_t *v, uint8_t *k_sat, uint8_t *v_sat,
                          unsigned *flagged, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.cfg = *cfg;
    run.k_acc = k_acc;
    run.v_acc = v_acc;
    run.ex = ex;
    run.passes = passes;
    run.tokens = tokens;
    run.d = d;
    run.k = k;
    run.v = v;
    run.k_sat = k_sat;
    run.v_sat = v_sat;
    run.flagged = flagged;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.last - run.first + 1;
    return status;
}

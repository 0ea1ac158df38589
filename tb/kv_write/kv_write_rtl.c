// SPDX-License-Identifier: Apache-2.0
#include "kv_write_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    struct pm_kv_write_cfg cfg;
    const int64_t *k_acc, *v_acc;
    const int32_t *ex;
    unsigned passes, tokens, d;
    int16_t *k, *v;
    uint8_t *k_sat, *v_sat;
    unsigned *flagged;
    unsigned pass;
    bool clears, cleared;
    struct pm_stream_out in; /* tokens, over all passes */
    struct pm_stream_in wr;
} run;

/* Whether this pass's tokens were all taken. */
static bool full(void) {
    return run.in.taken == (run.pass + 1) * (size_t)run.tokens;
}

/* Number of this pass's first token. */
static unsigned first(void) {
    return run.pass % run.cfg.chain * run.tokens;
}

static void collect(uint32_t token, const uint32_t *wr_k, const uint32_t *wr_v) {
    const size_t at = run.wr.taken - 1;
    const unsigned kvb = run.cfg.kvb;
    pm_sim_need(token == at % ((size_t)run.tokens * run.cfg.chain));
    for (unsigned i = 0; i < run.d; i++) {
        run.k[at * run.d + i] = (int16_t)pm_get_signed(wr_k, (size_t)i * kvb, kvb);
        run.v[at * run.d + i] = (int16_t)pm_get_signed(wr_v, (size_t)i * kvb, kvb);
    }
}

/* The sticky flags: of this pass's tokens that have been on the pins. */
static void see_flags(bool k_sat, bool v_sat) {
    const size_t on_pins = run.wr.taken + run.wr.held, before = (size_t)run.pass * run.tokens;
    run.k_sat[run.pass] = k_sat;
    run.v_sat[run.pass] = v_sat;
    run.flagged[run.pass] = on_pins > before ? (unsigned)(on_pins - before) : 0;
}

void pm_kv_write_step(int d, int w, int kvb, int max_tokens, int exp_w, unsigned char in_ready,
                      unsigned char wr_valid, const uint32_t *wr_token, const uint32_t *wr_k,
                      const uint32_t *wr_v, unsigned char k_sat, unsigned char v_sat, const uint32_t *count,
                      unsigned char *round, uint32_t *mk, uint32_t *mv, unsigned char *clear,
                      unsigned char *append, unsigned char *in_valid, uint32_t *k, uint32_t *v, uint32_t *ex,
                      unsigned char *wr_ready) {
    const bool other_shape = run.d != (unsigned)d || run.tokens * run.cfg.chain > (unsigned)max_tokens;
    if (run.cfg.kvb != (unsigned)kvb || other_shape) {
        pm_sim_finish(other_shape ? PM_ESHAPE : PM_EINVAL);
        return;
    }
    const size_t bits = (size_t)d * run.cfg.kvb, width = (size_t)w;
    pm_sim_need(*count == first() + run.in.taken - (size_t)run.pass * run.tokens);
    pm_sim_need(!run.cleared || !(k_sat || v_sat));
    run.cleared = run.clears;
    pm_sim_need(!(run.in.valid && in_ready && (full() || run.clears)));
    pm_stream_fired(&run.in, in_ready);
    const uint64_t hash = pm_stream_hash(pm_stream_hash(*wr_token, wr_k, bits), wr_v, bits);
    if (pm_stream_take(&run.wr, wr_valid, hash, run.in.taken))
        collect(*wr_token, wr_k, wr_v);
    see_flags(k_sat, v_sat);
    run.pass += run.clears;
    pm_stream_end(&run.wr, 0);

    run.clears = full() && run.pass + 1 < run.passes && !pm_sim_stall();
    if (!full() || run.clears || first() + run.tokens == (unsigned)max_tokens)
        pm_stream_offer(&run.in);
    *round = run.cfg.round;
    *mk = run.cfg.mk;
    *mv = run.cfg.mv;
    *clear = run.clears;
    *append = run.clears ? (run.pass + 1) % run.cfg.chain != 0 : pm_sim_stall();
    *wr_ready = pm_stream_ready(&run.wr, wr_valid);
    *in_valid = run.in.valid;
    if (!run.in.valid) {
        pm_pins_noise(k, run.d * width);
        pm_pins_noise(v, run.d * width);
        pm_pins_noise(ex, (size_t)exp_w);
        return;
    }
    for (unsigned i = 0; i < run.d; i++) {
        pm_pins_put(k, i, (unsigned)w, run.k_acc[run.in.taken * run.d + i], true);
        pm_pins_put(v, i, (unsigned)w, run.v_acc[run.in.taken * run.d + i], true);
    }
    pm_pins_put(ex, 0, (unsigned)exp_w, run.ex[run.in.taken], true);
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
    run.in.items = run.wr.items = (size_t)passes * tokens;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.wr.last - run.in.first + 1;
    return status;
}

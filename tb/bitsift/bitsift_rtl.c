// SPDX-License-Identifier: Apache-2.0
#include "bitsift_rtl.h"

#include <string.h>

#define X_WORDS    (PM_MAX_ROWS * PM_MAX_BITS / 32)
#define MASK_WORDS (PM_MAX_ROWS / 32)

/* An access as it is at the pins. */
struct pins {
    uint32_t mask[MASK_WORDS];
    uint32_t dummy, plane, flags;
};

static _Thread_local struct {
    const struct pm_bitsift_cfg *cfg;
    const int32_t *x;
    pm_bitsift_sink *sink;
    void *ctx;
    size_t vectors, taken, done;
    uint64_t first;    /* clock of the first vector's handshake */
    uint64_t last;     /* clock of the last beat's */
    bool valid, ready; /* driven in this clock */
    uint32_t packed[X_WORDS];
    bool stalled;     /* last clock's access was not taken */
    struct pins held; /* that access */
} run;

static void pack(const int32_t *x) {
    for (unsigned r = 0; r < run.cfg->rows; r++)
        pm_set_bits(run.packed, (size_t)r * run.cfg->bits, run.cfg->bits, (uint64_t)(int64_t)x[r]);
}

static bool same(const struct pins *a, const struct pins *b, unsigned words) {
    return memcmp(a->mask, b->mask, words * 4) == 0 && a->dummy == b->dummy && a->plane == b->plane &&
           a->flags == b->flags;
}

/* The number of wordlines that are on, of either kind. */
static unsigned wordlines(const struct pins *p, unsigned words) {
    unsigned n = (unsigned)__builtin_popcount(p->dummy);
    for (unsigned w = 0; w < words; w++)
        n += (unsigned)__builtin_popcount(p->mask[w]);
    return n;
}

static void take(const struct pins *p, unsigned words) {
    struct pm_access a = {.plane = p->plane,
                          .neg = p->flags & 1,
                          .last_plane = p->flags >> 1 & 1,
                          .last_vector = p->flags >> 2 & 1,
                          .dummy = (unsigned)__builtin_popcount(p->dummy)};
    a.sawl = wordlines(p, words) - a.dummy;
    for (unsigned w = 0; w < words; w++)
        a.mask[w / 2] |= (uint64_t)p->mask[w] << (w % 2 * 32);
    const bool empty = a.sawl == 0 && a.dummy == 0 && a.last_plane && a.last_vector;
    if ((p->dummy & (p->dummy + 1)) != 0 || (!empty && (a.sawl == 0 || a.sawl + a.dummy != PM_K)) ||
        run.done >= run.taken) {
        pm_sim_finish(PM_EDIFFER);
        return;
    }
    run.sink(run.ctx, run.done, &a);
    run.done += a.last_vector;
    run.last = pm_sim_clock();
}

void pm_bitsift_step(int rows, int bits, int slice, int scan, unsigned char x_ready, unsigned char acc_valid,
                     const uint32_t *mask, const uint32_t *dummy, const uint32_t *plane,
                     const uint32_t *flags, unsigned char *x_valid, uint32_t *x, uint32_t *config_bits,
                     unsigned char *acc_ready) {
    const struct pm_bitsift_cfg *c = run.cfg;
    const unsigned words = ((unsigned)rows + 31) / 32;
    if ((unsigned)rows != c->rows || (unsigned)bits != c->bits || (unsigned)slice != c->slice ||
        (scan != 0) != (c->mode == PM_GPC_SCAN)) {
        pm_sim_finish(PM_EINVAL);
        return;
    }
    struct pins p = {.dummy = *dummy, .plane = *plane, .flags = *flags};
    memcpy(p.mask, mask, words * 4);
    if (run.valid && x_ready) {
        if (run.taken++ == 0)
            run.first = pm_sim_clock();
        run.valid = false;
        pm_sim_progress();
    }
    if ((!acc_valid && wordlines(&p, words) != 0) ||
        (run.stalled && !(acc_valid && same(&p, &run.held, words))))
        pm_sim_finish(PM_EDIFFER);
    if (acc_valid && run.ready) {
        take(&p, words);
        pm_sim_progress();
    }
    run.stalled = acc_valid && !run.ready;
    run.held = p;
    if (run.done == run.vectors)
        pm_sim_finish(PM_OK);

    /* A vector once offered stays; without one the pins carry noise. */
    if (!run.valid && run.taken < run.vectors && !pm_sim_stall()) {
        run.valid = true;
        pack(run.x + run.taken * c->rows);
    }
    *x_valid = run.valid;
    memcpy(x, run.packed, ((size_t)c->rows * c->bits + 31) / 32 * 4);
    if (!run.valid)
        x[0] = ~x[0];
    *config_bits = c->is_signed | (uint32_t)(c->coding == PM_SIGN) << 1 | (uint32_t)c->eplanes << 2;
    *acc_ready = run.ready = pm_sim_ready(acc_valid);
}

pm_status pm_bitsift_rtl(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg, const int32_t *x,
                         size_t vectors, pm_bitsift_sink *sink, void *ctx, uint64_t *clocks) {
    if (clocks)
        *clocks = 0;
    if (cfg->mode == PM_GPC_NEXT)
        return PM_EMODE;
    if (pm_bitsift_check(cfg) != PM_OK)
        return PM_EINVAL;
    if (vectors == 0)
        return PM_OK;
    memset(&run, 0, sizeof run);
    run.cfg = cfg;
    run.x = x;
    run.vectors = vectors;
    run.sink = sink;
    run.ctx = ctx;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.last - run.first + 1;
    return status;
}

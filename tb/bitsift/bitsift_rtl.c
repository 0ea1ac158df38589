// SPDX-License-Identifier: Apache-2.0
#include "bitsift_rtl.h"

#include "array_dpi.h"
#include "stream.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_bitsift_cfg *cfg;
    const int32_t *vector;
    pm_bitsift_sink *sink;
    void *ctx;
    size_t ended; /* vectors whose last beat was taken */
    struct pm_stream_out x;
    struct pm_stream_in beats;
} run;

static bool is_zero(const uint32_t *v, size_t bits) {
    uint32_t any = 0;
    for (size_t w = 0; w < (bits + 31) / 32; w++)
        any |= v[w];
    return any == 0;
}

static void take(const struct pm_array_pins *p) {
    struct pm_access a = {.plane = p->plane,
                          .neg = p->neg,
                          .last_plane = p->last_plane,
                          .last_vector = p->last,
                          .dummy = (unsigned)__builtin_popcount(p->dwl)};
    const bool empty = is_zero(p->wl, run.cfg->rows) && p->dwl == 0 && p->last_plane && p->last;
    a.sawl = empty ? 0 : pm_array_pins_active(p, run.cfg->rows, PM_K);
    for (unsigned w = 0; w < (run.cfg->rows + 31) / 32; w++)
        a.mask[w / 2] |= (uint64_t)p->wl[w] << (w % 2 * 32);
    run.sink(run.ctx, run.ended, &a);
    run.ended += a.last_vector;
}

void pm_bitsift_step(int rows, int bits, int slice, int scan, unsigned char x_ready, unsigned char acc_valid,
                     const uint32_t *mask, const uint32_t *dummy, const uint32_t *plane,
                     const uint32_t *flags, unsigned char *x_valid, uint32_t *x, uint32_t *config_bits,
                     unsigned char *acc_ready) {
    const struct pm_bitsift_cfg *c = run.cfg;
    if ((unsigned)rows != c->rows || (unsigned)bits != c->bits || (unsigned)slice != c->slice ||
        (scan != 0) != (c->mode == PM_GPC_SCAN)) {
        pm_sim_finish(PM_EINVAL);
        return;
    }
    pm_stream_fired(&run.x, x_ready);
    pm_sim_need(acc_valid || (is_zero(mask, c->rows) && *dummy == 0));
    const uint64_t scalars = *dummy | *plane << 7 | *flags << 11;
    if (pm_stream_take(&run.beats, acc_valid, pm_stream_hash(scalars, mask, c->rows),
                       run.ended < run.x.taken ? SIZE_MAX : 0))
        take(&(struct pm_array_pins){mask, *dummy, *plane, *flags & 1, *flags >> 1 & 1, *flags >> 2 & 1});
    if (run.ended == run.x.items)
        pm_sim_finish(PM_OK);

    *x_valid = pm_stream_offer(&run.x);
    if (*x_valid)
        for (unsigned r = 0; r < c->rows; r++)
            pm_set_bits(x, (size_t)r * c->bits, c->bits, (uint32_t)run.vector[run.x.taken * c->rows + r]);
    else
        pm_pins_noise(x, (size_t)c->rows * c->bits);
    *config_bits = c->is_signed | (uint32_t)(c->coding == PM_SIGN) << 1 | (uint32_t)c->eplanes << 2;
    *acc_ready = pm_stream_ready(&run.beats, acc_valid);
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
    run.vector = x;
    run.x.items = vectors;
    run.sink = sink;
    run.ctx = ctx;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.beats.last - run.x.first + 1;
    return status;
}

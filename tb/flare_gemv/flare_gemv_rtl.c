// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_flare_gemv_tb. */
#include "flare_gemv_rtl.h"

#include "array_dpi.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_bitsift_cfg *cfg;
    unsigned outputs, wbits, acc_bits;
    struct pm_array_dpi dpi;
    const int32_t *x;
    size_t vectors, taken, done;
    int64_t *y;
    bool x_valid, y_ready, held;
    uint64_t first, last, offers; /* clock from which the next vector may be offered */
} run;
static _Thread_local unsigned pace = 1;

void pm_flare_gemv_elaborated(int rows, int outputs, int wbits, int xbits, int slice, int scan,
                              uint8_t *modes) {
    const struct pm_bitsift_cfg *c = run.cfg;
    run.acc_bits = (unsigned)xbits + (unsigned)wbits + (unsigned)pm_clog2((unsigned)rows);
    *modes = (uint8_t)(c->is_signed | (c->coding == PM_SIGN) << 1 | c->eplanes << 2);
    if ((unsigned)rows != c->rows || (unsigned)outputs != run.outputs || (unsigned)wbits != run.wbits ||
        (unsigned)xbits != c->bits || (unsigned)slice != c->slice || scan != (c->mode == PM_GPC_SCAN))
        pm_sim_finish(PM_ESHAPE);
}

void pm_flare_gemv_access(const uint32_t *wl, const uint32_t *dwl, int plane, uint8_t neg, uint8_t last_plane,
                          uint8_t last, uint32_t *cmp) {
    pm_array_dpi_read(&run.dpi, wl, *dwl, (unsigned)plane, neg, last_plane, last, cmp);
    pm_sim_progress();
}

void pm_flare_gemv_skip(void) {
    pm_array_dpi_skip(&run.dpi);
}

void pm_flare_gemv_unstable(void) {
    pm_sim_finish(PM_EDIFFER);
}

/* Stores the result that is shown, or, where it was shown before and stalled, checks that it stands. */
void pm_flare_gemv_step(uint8_t x_ready, uint8_t *x_valid, uint32_t *x, uint8_t *wl_ready, uint8_t y_valid,
                        uint8_t *y_ready, const uint32_t *y) {
    bool taken = run.x_valid && x_ready;
    if (taken) {
        if (run.taken++ == 0)
            run.first = pm_sim_clock();
        run.offers = pm_sim_clock() + pace - 1;
        pm_sim_progress();
    }
    if (run.held && !y_valid)
        pm_sim_finish(PM_EDIFFER);
    if (y_valid) {
        /* A result of no vector, or before its vector's last access. */
        if (run.done == run.vectors || run.done >= pm_array_dpi_vectors(&run.dpi)) {
            pm_sim_finish(PM_EDIFFER);
            return;
        }
        pm_sim_shown(y, run.outputs, run.acc_bits, run.held, &run.y[run.done * run.outputs]);
        run.held = !run.y_ready;
        if (run.y_ready) {
            run.done++;
            run.last = pm_sim_clock();
            pm_sim_progress();
        }
    }
    /* Some clocks more, in which nothing may come. */
    if (run.done == run.vectors && run.taken == run.vectors && pm_sim_clock() > run.last + 20)
        pm_sim_finish(PM_OK);
    unsigned rows = run.cfg->rows, bits = run.cfg->bits;
    if (!run.x_valid || taken)
        run.x_valid = run.taken < run.vectors && pm_sim_clock() >= run.offers && !pm_sim_stall();
    for (unsigned d = 0; d < rows; d++) /* offered, or what must not matter */
        pm_set_bits(x, (size_t)d * bits, bits, run.x_valid ? (uint32_t)run.x[run.taken * rows + d] : 0x5555);
    *x_valid = run.x_valid;
    *wl_ready = !pm_sim_stall();
    *y_ready = run.y_ready = pm_sim_ready(y_valid);
}

void pm_flare_gemv_pace(unsigned clocks) {
    pace = clocks;
}

pm_status pm_flare_gemv_rtl(const struct pm_sim_opts *opts, const struct pm_bitsift_cfg *cfg,
                            const struct pm_array_cfg *array, const int16_t *w, unsigned outputs,
                            unsigned wbits, const int32_t *x, size_t vectors, int64_t *y, uint32_t *accesses,
                            uint64_t *clocks) {
    if (cfg->mode == PM_GPC_NEXT)
        return PM_EMODE;
    if (pm_bitsift_check(cfg) != PM_OK || outputs == 0 || wbits < 2 || wbits > 16)
        return PM_EINVAL;
    struct pm_array *a = pm_array_new(array, 0, cfg->rows, outputs * wbits);
    if (!a)
        return PM_ENOMEM;
    pm_flare_program(a, w, cfg->rows, outputs, wbits);
    memset(&run, 0, sizeof run);
    run.cfg = cfg;
    run.outputs = outputs;
    run.wbits = wbits;
    run.x = x;
    run.vectors = vectors;
    run.y = y;
    pm_status status = pm_array_dpi_init(&run.dpi, a, cfg->rows, 0, accesses, vectors);
    if (status == PM_OK)
        status = pm_sim_run(opts, NULL);
    /* The array saw each vector once. */
    if (status == PM_OK && pm_array_dpi_vectors(&run.dpi) != vectors)
        status = PM_EDIFFER;
    if (clocks)
        *clocks = run.last - run.first;
    pm_array_dpi_free(&run.dpi);
    pm_array_free(a);
    return status;
}

// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_flare_gemv_tb. */
#include "flare_gemv_rtl.h"

#include "array_dpi.h"
#include "stream.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_bitsift_cfg *cfg;
    unsigned outputs, wbits, acc_bits;
    struct pm_array_dpi dpi;
    const int32_t *vector;
    int64_t *result;
    struct pm_stream_out x;
    struct pm_stream_in y;
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
    const struct pm_array_pins pins = {wl, *dwl, (unsigned)plane, neg, last_plane, last};
    pm_array_dpi_read(&run.dpi, &pins, cmp);
    pm_sim_progress();
}

void pm_flare_gemv_skip(void) {
    pm_array_dpi_skip(&run.dpi);
}

void pm_flare_gemv_unstable(void) {
    pm_sim_finish(PM_EDIFFER);
}

void pm_flare_gemv_step(uint8_t x_ready, uint8_t *x_valid, uint32_t *x, uint8_t *wl_ready, uint8_t y_valid,
                        uint8_t *y_ready, const uint32_t *y) {
    const unsigned rows = run.cfg->rows, bits = run.cfg->bits;
    pm_stream_fired(&run.x, x_ready);
    /* No result before its vector's last access. */
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, (size_t)run.outputs * run.acc_bits),
                       pm_array_dpi_vectors(&run.dpi)))
        for (unsigned m = 0; m < run.outputs; m++)
            run.result[(run.y.taken - 1) * run.outputs + m] =
                pm_get_signed(y, (size_t)m * run.acc_bits, run.acc_bits);
    pm_stream_end(&run.y, 21);
    if (run.x.taken == 0 || pm_sim_clock() >= run.x.last + pace - 1)
        pm_stream_offer(&run.x);
    *x_valid = run.x.valid;
    if (run.x.valid)
        for (unsigned d = 0; d < rows; d++)
            pm_set_bits(x, (size_t)d * bits, bits, (uint32_t)run.vector[run.x.taken * rows + d]);
    else
        pm_pins_noise(x, (size_t)rows * bits);
    *wl_ready = !pm_sim_stall();
    *y_ready = pm_stream_ready(&run.y, y_valid);
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
    run.vector = x;
    run.result = y;
    run.x.items = run.y.items = vectors;
    pm_status status = pm_array_dpi_init(&run.dpi, a, cfg->rows, 0, accesses, vectors);
    if (status == PM_OK)
        status = pm_sim_run(opts, NULL);
    /* The array saw each vector once. */
    if (status == PM_OK && pm_array_dpi_vectors(&run.dpi) != vectors)
        status = PM_EDIFFER;
    if (clocks)
        *clocks = run.y.last - run.x.first;
    pm_array_dpi_free(&run.dpi);
    pm_array_free(a);
    return status;
}

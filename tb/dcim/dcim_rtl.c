// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_dcim_tb. */
#include "dcim_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_dcim_cfg *cfg;
    unsigned rows, outputs, latency;
    const int32_t *x;
    const int8_t *w;
    int64_t *result;
    uint64_t busy; /* the clock that ends the last vector's planes, unless a result waits */
    struct pm_stream_out vectors;
    struct pm_stream_in y;
} run;

void pm_dcim_cells(int rows, int outputs, int xbits, int latency, uint32_t *w, uint8_t *is_signed) {
    run.latency = (unsigned)latency;
    *is_signed = run.cfg->is_signed;
    if ((unsigned)rows != run.rows || (unsigned)outputs != run.outputs || (unsigned)xbits != run.cfg->xbits) {
        pm_sim_finish(PM_ESHAPE);
        return;
    }
    for (unsigned m = 0; m < run.outputs; m++)
        for (unsigned r = 0; r < run.rows; r++)
            pm_pins_put(w, (size_t)m * run.rows + r, 8, run.w[r * run.outputs + m], true);
}

void pm_dcim_step(uint8_t ready, uint8_t *valid, uint32_t *x, uint8_t y_valid, uint8_t *y_ready,
                  const uint32_t *y) {
    const unsigned bits = run.cfg->xbits + 8 + (unsigned)pm_clog2(run.rows);
    /* A vector waits for the planes of the one before, or for a result. */
    pm_sim_need(ready || (y_valid && !run.y.ready) || pm_sim_clock() < run.busy);
    if (y_valid && !run.y.ready)
        run.busy++;
    if (pm_stream_fired(&run.vectors, ready))
        run.busy = pm_sim_clock() + run.cfg->xbits;
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, (size_t)run.outputs * bits), run.vectors.taken))
        for (unsigned m = 0; m < run.outputs; m++)
            run.result[(run.y.taken - 1) * run.outputs + m] = pm_get_signed(y, (size_t)m * bits, bits);
    pm_stream_end(&run.y, run.latency + 2);
    *valid = pm_stream_offer(&run.vectors);
    if (*valid)
        for (unsigned r = 0; r < run.rows; r++)
            pm_pins_put(x, r, run.cfg->xbits, run.x[run.vectors.taken * run.rows + r], run.cfg->is_signed);
    else
        pm_pins_noise(x, (size_t)run.rows * run.cfg->xbits);
    *y_ready = pm_stream_ready(&run.y, y_valid);
}

pm_status pm_dcim_rtl(const struct pm_sim_opts *opts, const struct pm_dcim_cfg *cfg, unsigned rows,
                      unsigned outputs, const int32_t *x, const int8_t *w, size_t vectors, int64_t *y,
                      uint64_t *clocks, unsigned *latency) {
    memset(&run, 0, sizeof run);
    run.cfg = cfg;
    run.rows = rows;
    run.outputs = outputs;
    run.x = x;
    run.w = w;
    run.result = y;
    run.vectors.items = run.y.items = vectors;
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.vectors.first;
    if (latency)
        *latency = run.latency;
    return status;
}

// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_tiny_mac_tb. */
#include "tiny_mac_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_tiny_cfg *cfg;
    unsigned lanes;
    const int32_t *x;
    const int8_t *w;
    const bool *last;
    int32_t *result;
    size_t ended; /* sums whose last row was taken */
    bool held;    /* a row is before the accumulators */
    struct pm_stream_out rows;
    struct pm_stream_in y;
} run;

void pm_tiny_mac_step(int lanes, int xbits, uint8_t ready, uint8_t *valid, uint32_t *x, uint32_t *w,
                      uint8_t *last, uint8_t *is_signed, uint8_t y_valid, uint8_t *y_ready,
                      const uint32_t *y) {
    const unsigned bits = (unsigned)xbits + 12;
    if ((unsigned)lanes != run.lanes || (unsigned)xbits != run.cfg->xbits)
        pm_sim_finish(PM_ESHAPE);
    /* A row waits only behind another that a result keeps from the accumulators. */
    const bool move = !y_valid || run.y.ready;
    pm_sim_need(ready == (!run.held || move));
    const bool fired = pm_stream_fired(&run.rows, ready);
    if (fired)
        run.ended += run.last[run.rows.taken - 1];
    run.held = fired || (run.held && !move);
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, run.lanes * bits), run.ended))
        for (unsigned i = 0; i < run.lanes; i++)
            run.result[(run.y.taken - 1) * run.lanes + i] = (int32_t)pm_get_signed(y, (size_t)i * bits, bits);
    pm_stream_end(&run.y, 4);
    *valid = pm_stream_offer(&run.rows);
    *last = 1;
    *is_signed = run.cfg->is_signed;
    pm_pins_noise(x, (size_t)run.lanes * run.cfg->xbits);
    pm_pins_noise(w, (size_t)run.lanes * 8);
    if (*valid) {
        *last = run.last[run.rows.taken];
        for (unsigned i = 0; i < run.lanes; i++) {
            pm_pins_put(x, i, run.cfg->xbits, run.x[run.rows.taken * run.lanes + i], run.cfg->is_signed);
            pm_pins_put(w, i, 8, run.w[run.rows.taken * run.lanes + i], true);
        }
    }
    *y_ready = pm_stream_ready(&run.y, y_valid);
}

pm_status pm_tiny_mac_rtl(const struct pm_sim_opts *opts, const struct pm_tiny_cfg *cfg, unsigned lanes,
                          const int32_t *x, const int8_t *w, const bool *last, size_t beats, int32_t *y,
                          uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.cfg = cfg;
    run.lanes = lanes;
    run.x = x;
    run.w = w;
    run.last = last;
    run.result = y;
    run.rows.items = beats;
    for (size_t i = 0; i < beats; i++)
        run.y.items += last[i];
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.rows.first;
    return status;
}

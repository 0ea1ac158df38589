// SPDX-License-Identifier: Apache-2.0
#include "col_scan_rtl.h"

#include "array_dpi.h"
#include "stream.h"

#include <string.h>

static _Thread_local struct {
    struct pm_col_scan_run r;
    const int32_t *value;
    uint8_t *code;
    uint64_t *clock;
    struct pm_scan_dpi scan;
    bool stalled;                /* a first conversion may not begin in this clock */
    int32_t sampled[8];          /* what each converter holds */
    struct pm_stream_out planes; /* taken when they are held */
    struct pm_stream_in codes;   /* always ready */
} run;

void pm_col_scan_step(int cols, int sars, unsigned char plane_ready, unsigned char read, unsigned char track,
                      unsigned char hold, unsigned char scan, int column, int start, unsigned char next_valid,
                      int next_tag, unsigned char code_valid, int code, int code_column, int code_tag,
                      unsigned char *plane_valid, int *tag, unsigned char *read_done, unsigned char *stall,
                      unsigned char *mode6) {
    pm_sim_need((unsigned)cols == run.r.cols && (unsigned)sars == run.r.sars);
    struct pm_scan_dpi *d = &run.scan;
    const struct pm_scan_pins pins = {read, track, hold, scan, (unsigned)column, (unsigned)start};
    const bool between = d->column == 0;
    pm_sim_need(next_valid == (between && d->held > d->ended));
    pm_sim_need(!next_valid || (unsigned)next_tag == (d->begun & 255));
    pm_sim_need((!read || run.planes.valid) && plane_ready == hold);
    pm_sim_need(start == 0 || !between || !run.stalled);
    bool held;
    int sampled;
    pm_scan_dpi_clock(d, &pins, &held, &sampled);
    pm_stream_fired(&run.planes, held);
    if (sampled >= 0) {
        run.sampled[(unsigned)sampled % run.r.sars] =
            run.value[(d->begun - 1) * run.r.cols + (unsigned)sampled];
        if (sampled == 0 && run.clock)
            run.clock[d->begun - 1] = pm_sim_clock();
    }
    if (pm_stream_take(&run.codes, code_valid, 0, d->ended * run.r.cols + d->column)) {
        const size_t at = run.codes.taken - 1;
        pm_sim_need((unsigned)code_column == at % run.r.cols &&
                    (unsigned)code_tag == (at / run.r.cols & 255));
        run.code[at] = (uint8_t)code;
    }
    pm_stream_end(&run.codes, 0);
    *plane_valid = pm_stream_offer(&run.planes);
    *tag = *plane_valid ? (int)run.planes.taken & 255 : (int)(pm_sim_noise() & 255);
    *read_done = pm_scan_dpi_done(d);
    run.stalled = pm_sim_stall();
    *stall = run.stalled;
    *mode6 = run.r.bits == PM_SAR_BITS - 1;
}

void pm_col_scan_compare(int sars, const uint32_t *dac, int *cmp) {
    *cmp = 0;
    for (int s = 0; s < sars; s++)
        *cmp |= pm_sar_keep(run.sampled[s], pm_get_bits(dac, (size_t)s * 7, 7)) << s;
}

pm_status pm_col_scan_rtl(const struct pm_sim_opts *opts, const struct pm_col_scan_run *r,
                          const int32_t *value, size_t planes, uint8_t *code, uint64_t *clock) {
    if (r->bits != PM_SAR_BITS && r->bits != PM_SAR_BITS - 1)
        return PM_EINVAL;
    if (planes == 0)
        return PM_OK;
    memset(&run, 0, sizeof run);
    run.r = *r;
    run.scan = (struct pm_scan_dpi){.cols = r->cols, .sars = r->sars, .read_clocks = r->read_clocks};
    run.value = value;
    run.code = code;
    run.clock = clock;
    run.planes.items = planes;
    run.codes.items = planes * r->cols;
    run.codes.ready = true;
    return pm_sim_run(opts, NULL);
}

// SPDX-License-Identifier: Apache-2.0
#include "col_scan_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    struct pm_col_scan_run r;
    const int32_t *value;
    uint8_t *code;
    uint64_t *clock;
    size_t begun, ended; /* planes whose first and last start was seen */
    unsigned column;     /* next column to start */
    unsigned elapsed;    /* clocks of the read under way */
    bool read_done;
    bool stalled;                /* a first conversion may not begin in this clock */
    int32_t sampled[8];          /* what each converter holds */
    struct pm_stream_out planes; /* taken when they are held */
    struct pm_stream_in codes;   /* always ready */
} run;

/* Planes alternate between the banks, so plane p is in bank p mod 2. */
static void array_side(bool ready, bool read, bool track, bool hold, size_t ended) {
    pm_sim_need(!read || run.planes.valid);
    pm_sim_need(hold == (read && run.read_done) && ready == hold);
    run.elapsed = read && !hold ? run.elapsed + 1 : 0;
    if (!read)
        return;
    pm_sim_need(run.planes.taken < ended + 2); /* the tracking bank's columns have all been converted */
    pm_sim_need(track == (run.planes.taken & 1));
    pm_stream_fired(&run.planes, hold);
}

static void converter_side(unsigned start, unsigned column, bool scan) {
    if (start == 0)
        return;
    pm_sim_need(run.begun > run.ended || !run.stalled);
    if (run.column == 0) {
        if (run.clock)
            run.clock[run.begun] = pm_sim_clock();
        run.begun++;
    }
    pm_sim_need(run.begun <= run.planes.taken && scan == ((run.begun - 1) & 1));
    pm_sim_need(column == run.column && start == 1u << column % run.r.sars);
    run.sampled[column % run.r.sars] = run.value[(run.begun - 1) * run.r.cols + column];
    if (++run.column == run.r.cols) {
        run.column = 0;
        run.ended++;
    }
}

void pm_col_scan_step(int cols, int sars, unsigned char plane_ready, unsigned char read, unsigned char track,
                      unsigned char hold, unsigned char scan, int column, int start, unsigned char next_valid,
                      int next_tag, unsigned char code_valid, int code, int code_column, int code_tag,
                      unsigned char *plane_valid, int *tag, unsigned char *read_done, unsigned char *stall,
                      unsigned char *mode6) {
    pm_sim_need((unsigned)cols == run.r.cols && (unsigned)sars == run.r.sars);
    /* Both sides see the banks as they are before this clock's end. */
    const size_t ended_before = run.ended;
    pm_sim_need(next_valid == (run.column == 0 && run.planes.taken > run.ended));
    pm_sim_need(!next_valid || (unsigned)next_tag == (run.begun & 255));
    converter_side((unsigned)start, (unsigned)column, scan);
    array_side(plane_ready, read, track, hold, ended_before);
    if (pm_stream_take(&run.codes, code_valid, 0, run.ended * run.r.cols + run.column)) {
        const size_t at = run.codes.taken - 1;
        pm_sim_need((unsigned)code_column == at % run.r.cols &&
                    (unsigned)code_tag == (at / run.r.cols & 255));
        run.code[at] = (uint8_t)code;
    }
    pm_stream_end(&run.codes, 0);
    *plane_valid = pm_stream_offer(&run.planes);
    *tag = *plane_valid ? (int)run.planes.taken & 255 : (int)(pm_sim_noise() & 255);
    run.read_done = run.elapsed + 1 >= run.r.read_clocks && !pm_sim_stall();
    *read_done = run.read_done;
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
    run.value = value;
    run.code = code;
    run.clock = clock;
    run.planes.items = planes;
    run.codes.items = planes * r->cols;
    run.codes.ready = true;
    return pm_sim_run(opts, NULL);
}

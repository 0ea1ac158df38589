// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_sfu_scale_tb. */
#include "sfu_scale_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_sfu_scale_job *job;
    size_t lanes, beats; /* of a row */
    uint16_t *result;
    struct pm_scale *scale;
    struct pm_stream_out x;
    struct pm_stream_in y;
} run;

void pm_sfu_scale_elaborated(int lanes, uint8_t *recip, uint8_t *scores) {
    run.lanes = (size_t)lanes;
    run.beats = (run.job->width + run.lanes - 1) / run.lanes;
    run.x.items = run.y.items = run.beats * run.job->rows;
    *recip = run.job->recip;
    *scores = run.job->scores;
}

static void take(const uint32_t *y, uint32_t m, uint32_t e) {
    const size_t beat = run.y.taken - 1, row = beat / run.beats, first = beat % run.beats * run.lanes;
    if (run.scale && first == 0)
        run.scale[row] = (struct pm_scale){m, (int)pm_get_signed(&e, 0, 9)};
    for (size_t i = 0; run.result && i < run.lanes && first + i < run.job->width; i++)
        run.result[row * run.job->width + first + i] = (uint16_t)pm_get_bits(y, 16 * i, 16);
}

static void put(uint32_t *row, uint32_t *a, uint32_t *m, uint32_t *e, uint32_t *bias, uint32_t *onto) {
    const struct pm_sfu_scale_job *j = run.job;
    const size_t beat = run.x.taken, r = beat / run.beats, first = beat % run.beats * run.lanes;
    const size_t set = r % j->sets * j->width;
    if (first == 0) /* later the pin carries noise */
        *row = j->row[r];
    for (size_t i = 0; i < run.lanes && first + i < j->width; i++) {
        const size_t at = first + i;
        pm_pins_put(a, i, 32, j->a ? j->a[r * j->width + at] : 0, true);
        pm_pins_put(m, i, 16, j->column[set + at].m, false);
        pm_pins_put(e, i, 9, j->column[set + at].e, true);
        pm_pins_put(bias, i, 16, j->bias ? j->bias[set + at] : PM_FP16_NOTHING, false);
        pm_pins_put(onto, i, 16, j->onto ? j->onto[r * j->width + at] : PM_FP16_NOTHING, false);
    }
}

void pm_sfu_scale_step(uint8_t x_ready, uint8_t *x_valid, uint8_t *first, uint32_t *row, uint32_t *a,
                       uint32_t *m, uint32_t *e, uint32_t *bias, uint32_t *onto, uint8_t y_valid,
                       uint8_t *y_ready, const uint32_t *y, const uint32_t *scale_m,
                       const uint32_t *scale_e) {
    const uint64_t hash = pm_stream_hash(*scale_m << 9 | *scale_e, y, 16 * run.lanes);
    pm_stream_fired(&run.x, x_ready);
    if (pm_stream_take(&run.y, y_valid, hash, run.x.taken))
        take(y, *scale_m, *scale_e);
    pm_stream_end(&run.y, 48);
    *x_valid = pm_stream_offer(&run.x);
    *y_ready = pm_stream_ready(&run.y, y_valid);
    *first = *x_valid ? run.x.taken % run.beats == 0 : pm_sim_noise() & 1;
    pm_pins_noise(row, 32);
    pm_pins_noise(a, 32 * run.lanes);
    pm_pins_noise(m, 16 * run.lanes);
    pm_pins_noise(e, 9 * run.lanes);
    pm_pins_noise(bias, 16 * run.lanes);
    pm_pins_noise(onto, 16 * run.lanes);
    if (*x_valid)
        put(row, a, m, e, bias, onto);
}

pm_status pm_sfu_scale_rtl(const struct pm_sim_opts *opts, const struct pm_sfu_scale_job *job, uint16_t *y,
                           struct pm_scale *scale, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.job = job;
    run.result = y;
    run.scale = scale;
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.x.first;
    return status;
}

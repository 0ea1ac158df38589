// SPDX-License-Identifier: Apache-2.0
/* DPI side of pm_sfu_tb. */
#include "sfu_rtl.h"

#include "stream.h"

#include <string.h>

static _Thread_local struct {
    const struct pm_sfu_job *job;
    unsigned lanes, used, score_bits; /* used: lanes that a beat fills */
    size_t beats;                     /* of a row */
    struct pm_stream_out x, b;
    struct pm_stream_in y;
} run;

static bool has_b(const struct pm_sfu_job *j) {
    return j->b != NULL || j->f == PM_SFU_NORM;
}

void pm_sfu_elaborated(int lanes, int max_n, int a_w, int functions, uint32_t *f, uint32_t *kind,
                       uint8_t *gate, uint32_t *bits, uint32_t *m, uint32_t *e, uint32_t *n) {
    const struct pm_sfu_job *j = run.job;
    run.lanes = (unsigned)lanes;
    run.used = j->f == PM_SFU_ROPE ? run.lanes & ~1u : run.lanes;
    run.score_bits = (unsigned)a_w;
    run.beats = (j->n + run.used - 1) / run.used;
    run.x.items = run.y.items = j->rows * run.beats;
    run.b.items = has_b(j) ? run.x.items : 0;
    *f = j->f;
    *kind = j->kind;
    *gate = j->f == PM_SFU_ACT && j->b != NULL;
    *bits = j->bits;
    *m = j->scale.m;
    *e = (uint32_t)j->scale.e & 0x1FF;
    *n = (uint32_t)j->n & 0x3FFF;
    if (!(functions >> j->f & 1))
        pm_sim_finish(PM_EINVAL);
    const bool stored = j->f == PM_SFU_SOFTMAX || j->f == PM_SFU_NORM || j->f == PM_SFU_QUANT;
    if (stored && j->n > (size_t)max_n)
        pm_sim_finish(PM_ESHAPE);
}

/* Calls with each element of a beat: its lane, and its place in the tensor or in the row. */
#define FOR_BEAT(ITEM)                                                                                       \
    for (size_t row = (ITEM) / run.beats, at = (ITEM) % run.beats * run.used, lane = 0;                      \
         lane < run.used && at < run.job->n; lane++, at++)

static void put_x(uint32_t *x, uint32_t *keep) {
    const struct pm_sfu_job *j = run.job;
    memset(x, 0, (run.lanes * run.score_bits + 31) / 32 * sizeof *x);
    memset(keep, 0, (run.lanes + 31) / 32 * sizeof *keep);
    FOR_BEAT(run.x.taken) {
        const size_t i = row * j->n + at;
        pm_pins_put(x, lane, run.score_bits, j->x[i], j->f == PM_SFU_SOFTMAX);
        pm_set_bits(keep, lane, 1, j->keep == NULL || j->keep[i]);
    }
}

static void put_b(uint32_t *b) {
    const struct pm_sfu_job *j = run.job;
    FOR_BEAT(run.b.taken) {
        const uint32_t low = (uint32_t)(j->b ? j->b[row * j->n + at] : j->gamma[at]),
                       high = j->beta ? (uint32_t)j->beta[at] : 0;
        pm_set_bits(b, lane * 32, 32, (uint64_t)high << 16 | low);
    }
}

static void take_y(const uint32_t *y, uint32_t side) {
    const struct pm_sfu_job *j = run.job;
    const size_t item = run.y.taken - 1;
    FOR_BEAT(item)
    j->y[row * j->n + at] =
        (int32_t)(j->f == PM_SFU_QUANT ? pm_get_signed(y, lane * 16, 16) : pm_get_bits(y, lane * 16, 16));
    if (j->side && (item + 1) % run.beats == 0)
        j->side[item / run.beats] = side;
}

void pm_sfu_step(uint8_t x_ready, uint8_t *x_valid, uint32_t *x, uint32_t *keep, uint8_t *x_last,
                 uint8_t b_ready, uint8_t *b_valid, uint32_t *b, uint8_t y_valid, uint8_t *y_ready,
                 const uint32_t *y, uint8_t y_last, const uint32_t *side) {
    const bool summed = run.job->f == PM_SFU_QUANT || (run.job->f == PM_SFU_SOFTMAX && y_last);
    pm_stream_fired(&run.x, x_ready);
    pm_stream_fired(&run.b, b_ready);
    if (pm_stream_take(
            &run.y, y_valid,
            pm_stream_hash((uint64_t)(summed ? *side : 0) << 1 | y_last, y, (size_t)run.lanes * 16),
            run.x.taken)) {
        pm_sim_need(y_last == (run.y.taken % run.beats == 0));
        take_y(y, *side);
    }
    pm_stream_end(&run.y, 100);
    *x_valid = pm_stream_offer(&run.x);
    *b_valid = pm_stream_offer(&run.b);
    *y_ready = pm_stream_ready(&run.y, y_valid);
    pm_pins_noise(b, (size_t)run.lanes * 32);
    if (*b_valid)
        put_b(b);
    if (*x_valid) {
        *x_last = (run.x.taken + 1) % run.beats == 0;
        put_x(x, keep);
    } else {
        *x_last = pm_sim_noise() & 1;
        pm_pins_noise(x, (size_t)run.lanes * run.score_bits);
        pm_pins_noise(keep, run.lanes);
    }
}

pm_status pm_sfu_rtl(const struct pm_sim_opts *opts, const struct pm_sfu_job *job, uint64_t *clocks) {
    memset(&run, 0, sizeof run);
    run.job = job;
    const pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.y.last - run.x.first;
    return status;
}

// SPDX-License-Identifier: Apache-2.0
#include "vdr_softmax_rtl.h"

#include "stream.h"

#include <string.h>

#define DRAIN 8 /* clocks after the last output in which nothing more may come */

static _Thread_local struct {
    const struct pm_vdr_lut *lut;
    const int8_t *row;
    const int32_t *ne;
    const uint8_t *keep;
    uint8_t *result;
    uint32_t *z;
    size_t rows, n, lanes, beats; /* beats: of a row */
    bool round;
    struct pm_stream_out x;
    struct pm_stream_in a;
} run;

void pm_vdr_softmax_config(int lanes, int max_n, uint32_t *lut, unsigned char *round) {
    run.lanes = (size_t)lanes;
    run.beats = (run.n + run.lanes - 1) / run.lanes;
    run.x.items = run.a.items = run.rows * run.beats;
    if (run.n > (size_t)max_n)
        pm_sim_finish(PM_ESHAPE);
    for (size_t e = 0; e < PM_VDR_ENTRIES; e++) {
        lut[3 * e] = run.lut->e[e].l;
        lut[3 * e + 1] = run.lut->e[e].b;
        lut[3 * e + 2] = run.lut->e[e].c;
    }
    *round = run.round;
}

static bool ends_row(size_t beat) {
    return beat % run.beats == run.beats - 1;
}

static void put_beat(size_t beat, uint32_t *x, uint32_t *keep) {
    const size_t row = beat / run.beats, first = beat % run.beats * run.lanes;
    for (size_t i = 0; i < run.lanes; i++) {
        const bool used = first + i < run.n;
        const size_t at = row * run.n + first + i;
        pm_set_bits(x, i * 8, 8, (uint64_t)(used ? run.row[at] : pm_pins_padding(beat * run.lanes + i)));
        pm_set_bits(keep, i, 1, used && (!run.keep || run.keep[at]));
    }
}

static void collect(size_t beat, const uint32_t *a, bool last, uint32_t z) {
    const size_t row = beat / run.beats, first = beat % run.beats * run.lanes;
    pm_sim_need(last == ends_row(beat));
    for (size_t i = 0; i < run.lanes; i++) {
        const uint8_t v = (uint8_t)pm_get_bits(a, i * 8, 8);
        if (first + i < run.n)
            run.result[row * run.n + first + i] = v;
        else
            pm_sim_need(v == 0);
    }
    if (last)
        run.z[row] = z;
}

void pm_vdr_softmax_step(unsigned char x_ready, unsigned char a_valid, const uint32_t *a,
                         unsigned char a_last, const uint32_t *z, unsigned char *x_valid, uint32_t *x,
                         uint32_t *keep, unsigned char *x_last, char *ne, unsigned char *a_ready) {
    const uint64_t scalars = a_last ? (uint64_t)*z << 1 | 1 : 0; /* z counts with the last beat */
    if (pm_stream_take(&run.a, a_valid, pm_stream_hash(scalars, a, run.lanes * 8), run.x.taken))
        collect(run.a.taken - 1, a, a_last, *z);
    pm_stream_fired(&run.x, x_ready);
    *x_valid = pm_stream_offer(&run.x);
    *x_last = *x_valid ? ends_row(run.x.taken) : pm_sim_noise() & 1;
    *ne = (char)(*x_valid && *x_last ? pm_clamp(run.ne[run.x.taken / run.beats], -128, 127)
                                     : pm_pins_padding(run.x.taken));
    if (*x_valid) {
        put_beat(run.x.taken, x, keep);
    } else {
        pm_pins_noise(x, run.lanes * 8);
        pm_pins_noise(keep, run.lanes);
    }
    *a_ready = pm_stream_ready(&run.a, a_valid);
    pm_stream_end(&run.a, DRAIN);
}

pm_status pm_vdr_softmax_rtl(const struct pm_sim_opts *opts, const struct pm_vdr_lut *lut, const int8_t *x,
                             const int32_t *ne, const uint8_t *keep, size_t rows, size_t n, bool round,
                             uint8_t *a, uint32_t *z, uint64_t *clocks) {
    if (rows == 0 || n == 0)
        return PM_ESHAPE;
    memset(&run, 0, sizeof run);
    run.lut = lut;
    run.row = x;
    run.ne = ne;
    run.keep = keep;
    run.result = a;
    run.z = z;
    run.rows = rows;
    run.n = n;
    run.round = round;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = run.a.last;
    return status;
}

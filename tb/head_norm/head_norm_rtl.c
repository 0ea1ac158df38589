// SPDX-License-Identifier: Apache-2.0
#include "head_norm_rtl.h"

#include "stream.h"

#include <string.h>

/* Clocks after the last output: nothing more may come; the sticky flag is cleared in them. */
#define DRAIN 8

static _Thread_local struct {
    const int64_t *row;
    const uint32_t *z;
    int32_t *result;
    size_t rows, n, lanes, beats; /* beats: of a row */
    unsigned ow;
    bool z_zero, cleared;
    struct pm_stream_out o;
    struct pm_stream_in y;
} run;

void pm_head_norm_config(int lanes, int ow, int zw) {
    run.lanes = (size_t)lanes;
    run.beats = (run.n + run.lanes - 1) / run.lanes;
    run.ow = (unsigned)ow;
    run.o.items = run.y.items = run.rows * run.beats;
    for (size_t i = 0; i < run.rows * run.n; i++)
        if (run.row[i] >> (ow - 1) != 0 && run.row[i] >> (ow - 1) != -1)
            pm_sim_finish(PM_ERANGE);
    for (size_t r = 0; r < run.rows; r++)
        if (pm_bl(run.z[r]) > zw)
            pm_sim_finish(PM_ERANGE);
}

/* The first element of a beat within its row. */
static size_t first_of(size_t beat) {
    return beat % run.beats * run.lanes;
}

static void put_beat(size_t beat, uint32_t *o, uint32_t *z) {
    const size_t row = beat / run.beats, first = first_of(beat);
    for (size_t i = 0; i < run.lanes; i++)
        pm_set_bits(o, i * run.ow, run.ow,
                    (uint64_t)(first + i < run.n ? run.row[row * run.n + first + i]
                                                 : pm_pins_padding(beat * run.lanes + i)));
    *z = run.z[row];
}

static void collect(size_t beat, const uint32_t *y) {
    const size_t row = beat / run.beats, first = first_of(beat);
    for (size_t i = 0; i < run.lanes && first + i < run.n; i++)
        run.result[row * run.n + first + i] = (int32_t)y[i];
}

/* It shows what was taken before the last edge; from the clearing on it stays clear. */
static void see_flag(bool z_zero) {
    if (!run.cleared)
        pm_sim_need(z_zero == run.z_zero);
    else if (pm_sim_clock() > run.y.last + 2)
        pm_sim_need(!z_zero);
}

void pm_head_norm_step(unsigned char o_ready, unsigned char y_valid, const uint32_t *y, unsigned char z_zero,
                       unsigned char *o_valid, uint32_t *o, uint32_t *z, unsigned char *y_ready,
                       unsigned char *clear) {
    /* A beat waits only where each of the three stages holds one and the last one's stays. */
    pm_sim_need(o_ready == (run.o.taken - run.y.taken < 3 || run.y.ready));
    if (pm_stream_take(&run.y, y_valid, pm_stream_hash(0, y, run.lanes * 32), run.o.taken))
        collect(run.y.taken - 1, y);
    see_flag(z_zero);
    if (pm_stream_fired(&run.o, o_ready))
        run.z_zero |= run.z[(run.o.taken - 1) / run.beats] == 0;
    *o_valid = pm_stream_offer(&run.o);
    if (*o_valid) {
        put_beat(run.o.taken, o, z);
    } else {
        pm_pins_noise(o, run.lanes * run.ow);
        *z = pm_sim_noise() & 1;
    }
    *y_ready = pm_stream_ready(&run.y, y_valid);
    const bool all = run.y.taken == run.y.items;
    run.cleared |= all;
    *clear = all && pm_sim_clock() == run.y.last;
    pm_stream_end(&run.y, DRAIN);
}

pm_status pm_head_norm_rtl(const struct pm_sim_opts *opts, const int64_t *o, const uint32_t *z, size_t rows,
                           size_t n, int32_t *y, bool *z_zero, uint64_t *clocks) {
    if (rows == 0 || n == 0)
        return PM_ESHAPE;
    memset(&run, 0, sizeof run);
    run.row = o;
    run.z = z;
    run.result = y;
    run.rows = rows;
    run.n = n;
    pm_status status = pm_sim_run(opts, NULL);
    if (z_zero)
        *z_zero = run.z_zero;
    if (clocks)
        *clocks = run.y.last;
    return status;
}

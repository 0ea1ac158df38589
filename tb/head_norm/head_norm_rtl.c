// SPDX-License-Identifier: Apache-2.0
#include "head_norm_rtl.h"

#include <svdpi.h>

#include <string.h>

#define MAX_LANES 1024
/* Clocks after the last output: nothing more may come; the sticky flag is cleared in them. */
#define DRAIN 8

static _Thread_local struct {
    const int64_t *o;
    const uint32_t *z;
    int32_t *y;
    size_t rows, n, lanes, beats;
    unsigned ow;
    size_t in, out; /* beats taken by the input and from the output */
    uint64_t done;  /* clock of the last output */
    bool o_valid, y_ready, y_stalled, z_zero, cleared;
    uint32_t junk;
    uint32_t o_bits[MAX_LANES * 64 / 32], z_bits, y_bits[MAX_LANES];
} s;

void pm_head_norm_config(int lanes, int ow, int zw) {
    s.lanes = (size_t)lanes;
    s.beats = (s.n + s.lanes - 1) / s.lanes;
    s.ow = (unsigned)ow;
    if (lanes > MAX_LANES)
        pm_sim_finish(PM_ESHAPE);
    for (size_t i = 0; i < s.rows * s.n; i++)
        if (s.o[i] >> (ow - 1) != 0 && s.o[i] >> (ow - 1) != -1)
            pm_sim_finish(PM_ERANGE);
    for (size_t r = 0; r < s.rows; r++)
        if (pm_bl(s.z[r]) > zw)
            pm_sim_finish(PM_ERANGE);
}

/* What nobody may look at: any bits. */
static uint32_t junk(void) {
    s.junk = s.junk * 1664525 + 1013904223;
    return s.junk >> 4;
}

static void next_beat(bool valid) {
    size_t row = s.in / s.beats, first = s.in % s.beats * s.lanes;
    s.z_bits = valid ? s.z[row] : junk() & 1;
    for (size_t i = 0; i < s.lanes; i++)
        pm_set_bits(s.o_bits, i * s.ow, s.ow,
                    valid && first + i < s.n ? (uint64_t)s.o[row * s.n + first + i] : junk());
}

void pm_head_norm_step(svBit o_ready, svBit y_valid, const svBitVecVal *y, svBit z_zero, svBit *o_valid,
                       svBitVecVal *o, svBitVecVal *z, svBit *y_ready, svBit *clear) {
    size_t total = s.rows * s.beats;
    /* A beat waits only where each of the three stages holds one and the last one's stays. */
    if (o_ready != (s.in - s.out < 3 || s.y_ready))
        pm_sim_finish(PM_EDIFFER);
    if (s.y_stalled && (!y_valid || memcmp(y, s.y_bits, s.lanes * 4)))
        pm_sim_finish(PM_EDIFFER);
    s.y_stalled = y_valid && !s.y_ready;
    memcpy(s.y_bits, y, s.lanes * 4);
    if (y_valid && s.y_ready) {
        pm_sim_progress();
        if (s.out == total) {
            pm_sim_finish(PM_EDIFFER);
        } else {
            size_t row = s.out / s.beats, first = s.out % s.beats * s.lanes;
            for (size_t i = 0; i < s.lanes && first + i < s.n; i++)
                s.y[row * s.n + first + i] = (int32_t)y[i];
            s.out++;
            s.done = pm_sim_clock();
        }
    }
    /* The flag shows what was taken before the last edge; from the clearing on it stays clear. */
    if (s.cleared && pm_sim_clock() > s.done + 2 && z_zero)
        pm_sim_finish(PM_EDIFFER);
    if (!s.cleared && z_zero != s.z_zero)
        pm_sim_finish(PM_EDIFFER);
    if (s.o_valid && o_ready) {
        pm_sim_progress();
        s.z_zero |= s.z_bits == 0;
        s.in++;
        s.o_valid = false;
    }
    if (!s.o_valid) {
        s.o_valid = s.in < total && !pm_sim_stall();
        next_beat(s.o_valid);
    }
    s.y_ready = pm_sim_ready(y_valid);
    s.cleared |= s.out == total;
    *clear = s.out == total && pm_sim_clock() == s.done;
    *o_valid = s.o_valid;
    memcpy(o, s.o_bits, (s.lanes * s.ow + 31) / 32 * 4);
    *z = s.z_bits;
    *y_ready = s.y_ready;
    if (s.out == total && pm_sim_clock() >= s.done + DRAIN)
        pm_sim_finish(PM_OK);
}

pm_status pm_head_norm_rtl(const struct pm_sim_opts *opts, const int64_t *o, const uint32_t *z, size_t rows,
                           size_t n, int32_t *y, bool *z_zero, uint64_t *clocks) {
    if (rows == 0 || n == 0)
        return PM_ESHAPE;
    memset(&s, 0, sizeof s);
    s.o = o;
    s.z = z;
    s.y = y;
    s.rows = rows;
    s.n = n;
    s.junk = (uint32_t)opts->seed;
    pm_status status = pm_sim_run(opts, NULL);
    if (z_zero)
        *z_zero = s.z_zero;
    if (clocks)
        *clocks = s.done;
    return status;
}

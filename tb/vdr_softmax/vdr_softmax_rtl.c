// SPDX-License-Identifier: Apache-2.0
#include "vdr_softmax_rtl.h"

#include <svdpi.h>

#include <string.h>

#define MAX_LANES 4096
#define DRAIN     8 /* clocks after the last output in which nothing more may come */

static _Thread_local struct {
    const struct pm_vdr_lut *lut;
    const int8_t *x;
    const int32_t *ne;
    const uint8_t *keep;
    uint8_t *a;
    uint32_t *z;
    size_t rows, n, lanes, beats;
    bool round;
    size_t in, out; /* beats taken by the input and from the output */
    uint64_t done;  /* clock of the last output */
    bool x_valid, a_ready, a_stalled;
    uint32_t junk;
    uint32_t x_bits[MAX_LANES / 4], keep_bits[MAX_LANES / 32 + 1];
    bool x_last;
    int8_t ne_beat;
    uint32_t a_bits[MAX_LANES / 4], a_z;
    bool a_last;
} s;

void pm_vdr_softmax_config(int lanes, int max_n, svBitVecVal *lut, svBit *round) {
    s.lanes = (size_t)lanes;
    s.beats = (s.n + s.lanes - 1) / s.lanes;
    if (s.n > (size_t)max_n || lanes > MAX_LANES)
        pm_sim_finish(PM_ESHAPE);
    for (size_t e = 0; e < PM_VDR_ENTRIES; e++) {
        lut[3 * e] = s.lut->e[e].l;
        lut[3 * e + 1] = s.lut->e[e].b;
        lut[3 * e + 2] = s.lut->e[e].c;
    }
    *round = s.round;
}

/* What nobody may look at: any bits. */
static uint32_t junk(void) {
    s.junk = s.junk * 1664525 + 1013904223;
    return s.junk >> 8;
}

static void next_beat(bool valid) {
    size_t row = s.in / s.beats, first = s.in % s.beats * s.lanes;
    s.x_last = valid ? s.in % s.beats == s.beats - 1 : junk() & 1;
    s.ne_beat = valid && s.x_last ? (int8_t)pm_clamp(s.ne[row], -128, 127) : (int8_t)junk();
    for (size_t i = 0; i < s.lanes; i++) {
        bool used = valid && first + i < s.n;
        size_t at = row * s.n + first + i;
        pm_set_bits(s.x_bits, i * 8, 8, used ? (uint8_t)s.x[at] : junk());
        pm_set_bits(s.keep_bits, i, 1, used ? !s.keep || s.keep[at] : valid ? 0 : junk() & 1);
    }
}

static void take(const svBitVecVal *a, bool last, uint32_t z) {
    size_t row = s.out / s.beats, beat = s.out % s.beats;
    if (last != (beat == s.beats - 1))
        pm_sim_finish(PM_EDIFFER);
    for (size_t i = 0; i < s.lanes; i++) {
        uint32_t v = pm_get_bits(a, i * 8, 8);
        if (beat * s.lanes + i < s.n)
            s.a[row * s.n + beat * s.lanes + i] = (uint8_t)v;
        else if (v != 0)
            pm_sim_finish(PM_EDIFFER);
    }
    if (last)
        s.z[row] = z;
    s.out++;
    s.done = pm_sim_clock();
}

void pm_vdr_softmax_step(svBit x_ready, svBit a_valid, const svBitVecVal *a, svBit a_last,
                         const svBitVecVal *z, svBit *x_valid, svBitVecVal *x, svBitVecVal *keep,
                         svBit *x_last, char *ne, svBit *a_ready) {
    size_t total = s.rows * s.beats, words = (s.lanes + 3) / 4;
    if (s.a_stalled &&
        (!a_valid || memcmp(a, s.a_bits, words * 4) || a_last != s.a_last || (a_last && *z != s.a_z)))
        pm_sim_finish(PM_EDIFFER);
    s.a_stalled = a_valid && !s.a_ready;
    memcpy(s.a_bits, a, words * 4);
    s.a_last = a_last;
    s.a_z = *z;
    if (a_valid && s.a_ready) {
        pm_sim_progress();
        if (s.out == total)
            pm_sim_finish(PM_EDIFFER);
        else
            take(a, a_last, *z);
    }
    if (s.x_valid && x_ready) {
        pm_sim_progress();
        s.in++;
        s.x_valid = false;
    }
    if (!s.x_valid) {
        s.x_valid = s.in < total && !pm_sim_stall();
        next_beat(s.x_valid);
    }
    s.a_ready = pm_sim_ready(a_valid);
    *x_valid = s.x_valid;
    memcpy(x, s.x_bits, words * 4);
    memcpy(keep, s.keep_bits, (s.lanes + 31) / 32 * 4);
    *x_last = s.x_last;
    *ne = (char)s.ne_beat;
    *a_ready = s.a_ready;
    if (s.out == total && pm_sim_clock() >= s.done + DRAIN)
        pm_sim_finish(PM_OK);
}

pm_status pm_vdr_softmax_rtl(const struct pm_sim_opts *opts, const struct pm_vdr_lut *lut, const int8_t *x,
                             const int32_t *ne, const uint8_t *keep, size_t rows, size_t n, bool round,
                             uint8_t *a, uint32_t *z, uint64_t *clocks) {
    if (rows == 0 || n == 0)
        return PM_ESHAPE;
    memset(&s, 0, sizeof s);
    s.lut = lut;
    s.x = x;
    s.ne = ne;
    s.keep = keep;
    s.a = a;
    s.z = z;
    s.rows = rows;
    s.n = n;
    s.round = round;
    s.junk = (uint32_t)opts->seed;
    pm_status status = pm_sim_run(opts, NULL);
    if (clocks)
        *clocks = s.done;
    return status;
}

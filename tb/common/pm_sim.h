// SPDX-License-Identifier: Apache-2.0
/* Runs one verilated test bench. A block's <block>_rtl.c supplies the DPI functions that its bench calls on
 * each clock; pm_sim_run turns the clock until one of them calls pm_sim_finish(). */
#ifndef PM_SIM_H
#define PM_SIM_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pm_sim_opts {
    uint64_t seed;    /**< random stalls on every handshake; 0: never stall */
    const char *wave; /**< FST file, or NULL (needs a model built with waveforms) */
};

/** Resets the design, then clocks it until pm_sim_finish() or until no handshake was seen for 20,000 clocks
 *  (PM_EHANG). *clocks, where not NULL, receives the clocks after reset. */
pm_status pm_sim_run(const struct pm_sim_opts *opts, uint64_t *clocks);

/** From a DPI function: the run is over, with PM_OK or with an error such as PM_EDIFFER for a broken
 * protocol. */
void pm_sim_finish(pm_status status);
/** From a DPI function: a handshake happened. */
void pm_sim_progress(void);
/** From a DPI function: whether this handshake stalls in this clock. Patterns change during a run: never,
 * seldom, half, mostly. */
bool pm_sim_stall(void);
/** From a DPI function: whether to take what a stream offers in the next clock; `valid`: it offers something
 * now. Half of the seeds are ready only then, so that a valid that waits for ready hangs. */
bool pm_sim_ready(bool valid);
/** Clocks since reset. */
uint64_t pm_sim_clock(void);
/** From a DPI function: any 32 bits, for pins that nobody may look at; always the same in runs without
 * stalls, whose toggles are counted. */
uint32_t pm_sim_noise(void);
/** Ends the simulation with PM_EDIFFER unless `ok`: what every clock must hold. */
static inline void pm_sim_need(bool ok) {
    if (!ok)
        pm_sim_finish(PM_EDIFFER);
}

/** Bits lo..lo+width-1 (width <= 32) of a DPI bit vector. */
static inline uint32_t pm_get_bits(const uint32_t *v, size_t lo, unsigned width) {
    uint64_t w = v[lo / 32] >> (lo % 32);
    if (lo % 32 + width > 32)
        w |= (uint64_t)v[lo / 32 + 1] << (32 - lo % 32);
    return (uint32_t)(w & (((uint64_t)1 << width) - 1));
}
/** The same, sign-extended; width <= 64. */
static inline int64_t pm_get_signed(const uint32_t *v, size_t lo, unsigned width) {
    uint64_t u = width > 32 ? pm_get_bits(v, lo, 32) | (uint64_t)pm_get_bits(v, lo + 32, width - 32) << 32
                            : pm_get_bits(v, lo, width);
    return (int64_t)(u << (64 - width)) >> (64 - width);
}
/** Stores the low `width` bits (<= 64) of x at bit lo. */
static inline void pm_set_bits(uint32_t *v, size_t lo, unsigned width, uint64_t x) {
    for (unsigned done = 0; done < width;) {
        unsigned at = (unsigned)((lo + done) % 32), n = 32 - at < width - done ? 32 - at : width - done;
        uint32_t mask = (uint32_t)((((uint64_t)1 << n) - 1) << at);
        uint32_t *word = &v[(lo + done) / 32];
        *word = (*word & ~mask) | ((uint32_t)(x >> done) << at & mask);
        done += n;
    }
}

#ifdef __cplusplus
}
#endif
#endif

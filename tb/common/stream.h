// SPDX-License-Identifier: Apache-2.0
/* A bench's ends of ready/valid streams, for the DPI functions of a <block>_rtl.c.
 *
 * A step sees the design's outputs as they are before a clock edge and chooses its inputs after it, so that
 * for each stream it calls, first for the clock that ends, then for the next one: into the design
 * pm_stream_fired(), pm_stream_offer() out of the design   pm_stream_take(), pm_stream_ready() Both ends
 * stall at random, count, and note the clocks of the first and the last handshake. */
#ifndef PM_STREAM_H
#define PM_STREAM_H

#include "pm_sim.h"

/** A stream into the design: items 0, 1, ... of which each stays on the pins from its offer to its handshake.
 * Zero but for `items`. */
struct pm_stream_out {
    size_t items; /**< to be offered */
    size_t taken; /**< so far: the number of the item that is on the pins, or that comes next */
    bool valid;   /**< an item is on the pins in this clock */
    uint64_t first, last;
};

/** A stream out of the design. Zero but for `items`. */
struct pm_stream_in {
    size_t items;  /**< that must come */
    size_t taken;  /**< so far */
    bool ready;    /**< in this clock */
    bool held;     /**< an item was shown in the clock before and not taken */
    uint64_t hash; /**< of that item */
    uint64_t first, last;
};

/** Whether the item on the pins was taken in the clock that ends; it is number taken - 1 then. */
static inline bool pm_stream_fired(struct pm_stream_out *s, bool ready) {
    if (!s->valid || !ready)
        return false;
    if (s->taken++ == 0)
        s->first = pm_sim_clock();
    s->last = pm_sim_clock();
    s->valid = false;
    pm_sim_progress();
    return true;
}

/** Whether an item is on the pins in the next clock: number `taken`. Without one they carry noise. A stream
 * that has to wait is not asked. */
static inline bool pm_stream_offer(struct pm_stream_out *s) {
    s->valid = s->valid || (s->taken < s->items && !pm_sim_stall());
    return s->valid;
}

/** A hash of pins that must stand while they are stalled; h: of others, or whatever fits 64 bits. */
static inline uint64_t pm_stream_hash(uint64_t h, const uint32_t *pins, size_t bits) {
    for (size_t i = 0; i < (bits + 31) / 32; i++)
        h = (h ^ pins[i]) * 0x9E3779B97F4A7C15u + 1;
    return h;
}

/** Whether an item was taken in the clock that ends; it is number taken - 1 then. `hash` is of all its pins.
 * Ends the simulation with PM_EDIFFER where an item moved or vanished while it was stalled, and where one is
 * shown though not more than `taken` of them can be `due` yet. */
static inline bool pm_stream_take(struct pm_stream_in *s, bool valid, uint64_t hash, size_t due) {
    pm_sim_need(!s->held || (valid && hash == s->hash));
    s->held = valid && !s->ready;
    s->hash = hash;
    if (!valid)
        return false;
    if (s->taken >= due) {
        pm_sim_finish(PM_EDIFFER);
        return false;
    }
    if (!s->ready)
        return false;
    if (s->taken++ == 0)
        s->first = pm_sim_clock();
    s->last = pm_sim_clock();
    pm_sim_progress();
    return true;
}

/** Whether an item is taken in the next clock, if there is one; `valid`: one is shown now. */
static inline bool pm_stream_ready(struct pm_stream_in *s, bool valid) {
    s->ready = pm_sim_ready(valid);
    return s->ready;
}

/** Ends the simulation where all items came, `drain` clocks after the last: nothing more may come in these.
 */
static inline void pm_stream_end(const struct pm_stream_in *s, unsigned drain) {
    if (s->taken == s->items && pm_sim_clock() >= s->last + drain)
        pm_sim_finish(PM_OK);
}

/** Puts element i of `width` bits on the pins; ends the simulation with PM_ERANGE where x does not fit. */
static inline void pm_pins_put(uint32_t *pins, size_t i, unsigned width, int64_t x, bool is_signed) {
    const int64_t above = is_signed ? x >> (width - 1) : width < 64 ? (int64_t)((uint64_t)x >> width) : 0;
    if (above != 0 && !(is_signed && above == -1))
        pm_sim_finish(PM_ERANGE);
    pm_set_bits(pins, i * width, width, (uint64_t)x);
}

/** Puts on the pins what nobody may look at. */
static inline void pm_pins_noise(uint32_t *pins, size_t bits) {
    for (size_t i = 0; i < (bits + 31) / 32; i++)
        pins[i] = pm_sim_noise();
}

/** Any bits for a position that an item leaves unused: the same as long as the item waits. */
static inline int64_t pm_pins_padding(size_t position) {
    return (int64_t)(position * 0x9E3779B97F4A7C15u);
}

#endif

// SPDX-License-Identifier: Apache-2.0
/* Behavioural model of the sense amplifiers of a 6T-MRAM near-memory macro (poster "A 65nm 6T-MRAM
 * Mix-Precision Near-Memory-Compute Macro ...", Figs. 1-5): a bit that is read may be wrong, the more
 * often the less the bitlines were precharged in advance (docs/numerics.md, "6T-MRAM macro").
 *
 * A draw is keyed by (seed, macro) and counted by (row, column | vector, access). */
#ifndef PM_SENSE_H
#define PM_SENSE_H

#include "../pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_SENSE_MAX_ADVANCE 300 /**< ps */
#define PM_SENSE_STEP        10  /**< ps */

/** How the probability p of a wrong bit follows from the advance t of BLPRE. */
enum pm_sense_model {
    PM_SENSE_LINE,   /**< p = Q(2.878 + 0.00625 t): a line between the source's two points, on the scale of a
                          normal deviate; its shape is this project's choice */
    PM_SENSE_TABLE2, /**< the source's two points alone: 0.2% at 0 ps, and 100% read, as 1e-6, at 300 ps */
};

struct pm_sense_cfg {
    bool misreads;    /**< false: every bit is read as it is stored */
    unsigned advance; /**< of BLPRE, ps: 0..300 in steps of 10; of PM_SENSE_TABLE2 0 or 300 */
    enum pm_sense_model model;
    uint64_t seed;
};

/** PM_OK, or PM_EINVAL where a member is outside its documented range. */
pm_status pm_sense_check(const struct pm_sense_cfg *cfg);

/** The probability of a wrong bit; 0 without misreads. */
double pm_sense_probability(const struct pm_sense_cfg *cfg);
/** A bit is wrong where its 32-bit draw is below this: floor(p 2^32 + 1/2). */
uint32_t pm_sense_threshold(const struct pm_sense_cfg *cfg);

/** One read. */
struct pm_sense_id {
    uint32_t macro;  /**< number of the array */
    uint32_t vector; /**< since programming */
    uint16_t row;
    uint16_t access; /**< within the vector's operation */
};

/** Flips those of bits 0..cols-1 (bit c mod 64 of bits[c / 64]) that are read wrong; threshold is
 * pm_sense_threshold(). */
void pm_sense_flip(uint64_t seed, uint32_t threshold, struct pm_sense_id id, unsigned cols, uint64_t *bits);
/** The same draw by draw: the reference. */
void pm_sense_flip_plain(uint64_t seed, uint32_t threshold, struct pm_sense_id id, unsigned cols,
                         uint64_t *bits);

#ifdef __cplusplus
}
#endif
#endif

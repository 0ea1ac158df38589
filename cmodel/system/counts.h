// SPDX-License-Identifier: Apache-2.0
/* What computing costs: one vector of named counts for every system, with units in one table (counts.c). A
 * system that measures something new adds its line there. */
#ifndef PM_SYSTEM_COUNTS_H
#define PM_SYSTEM_COUNTS_H

#include "pm_types.h"

enum pm_count {
    PM_COUNT_VECTORS,         /**< input vectors */
    PM_COUNT_READS,           /**< of a whole array */
    PM_COUNT_ACCESSES,        /**< of some wordlines of an array */
    PM_COUNT_WINDOWS,         /**< accesses that fixed windows of as many rows would take */
    PM_COUNT_CONVERSIONS,     /**< of columns */
    PM_COUNT_CLIPS,           /**< conversions beyond the last code */
    PM_COUNT_WRONG,           /**< conversions whose code is not the sum of what was to be stored */
    PM_COUNT_CLOCKS,          /**< arrays of one layer side by side, one vector after the other */
    PM_COUNT_BITS,            /**< of the bit planes */
    PM_COUNT_ONES,            /**< bits of these that are 1 */
    PM_COUNT_WRITES,          /**< elements that were written to arrays while running */
    PM_COUNT_CLIPPED,         /**< elements of these that did not fit */
    PM_COUNT_ROUNDED,         /**< elements that rounding clamped by one LSB */
    PM_COUNT_ZERO_SUMS,       /**< softmax rows whose sum is 0 */
    PM_COUNT_MOVED,           /**< bits over the system's edge, in and out */
    PM_COUNT_ROW_READS,       /**< of one row of an array */
    PM_COUNT_TOGGLES,         /**< sense amplifiers that changed from one such read to the next */
    PM_COUNT_PRODUCT_TOGGLES, /**< product bits that changed from one access to the next */
    PM_COUNT_ENERGY,          /**< thousandths of a unit, by the system's own model */
    PM_COUNT_CONVENTIONAL,    /**< accesses that one width for all places would take */
    PM_COUNT_LEVELS,   /**< levels that these tell apart: a converter's 2^bits, which its cost grows with */
    PM_COUNT_RESCALED, /**< elements that were quantised or dequantised on the way */
    PM_COUNT_VALUES,   /**< elements that drive arrays, looked at for zeros */
    PM_COUNT_ZERO_VALUES,  /**< of these that are 0 */
    PM_COUNT_ZERO_VECTORS, /**< groups of eight of these that are 0 */
    PM_COUNT_ZERO_SLICES,  /**< such groups' slices of bit planes that are 0 */
    PM_COUNT_ERROR,        /**< of integer results against exact ones, squares, PM_COUNT_POWER of them */
    PM_COUNT_EXACT,        /**< of the exact results, likewise */
    PM_COUNT_SFU_ROWS,     /**< rows through special function units */
    PM_COUNT_NORS,         /**< NOR operations of digital arrays, a row each */
    PM_COUNT_CELL_WRITES,  /**< cells of digital arrays that were written */
    PM_COUNTS
};
#define PM_COUNT_POWER 1024

enum pm_histogram {
    PM_HISTOGRAM_LINES,    /**< accesses by their active wordlines, from 1 */
    PM_HISTOGRAM_EXPONENT, /**< softmax rows by their exponent ne; the ends hold what is beyond, too */
    PM_HISTOGRAMS
};
#define PM_HISTOGRAM_BINS 20

struct pm_counts {
    uint64_t of[PM_COUNTS];
    uint64_t bin[PM_HISTOGRAMS][PM_HISTOGRAM_BINS];
};

extern const struct pm_count_info { const char *key, *unit; } pm_count_info[PM_COUNTS];
extern const struct pm_histogram_info {
    const char *key, *unit;
    int first; /**< what bin 0 stands for */
    unsigned bins;
} pm_histogram_info[PM_HISTOGRAMS];

void pm_counts_add(struct pm_counts *sum, const struct pm_counts *c);
bool pm_counts_any(const struct pm_counts *c);

#endif

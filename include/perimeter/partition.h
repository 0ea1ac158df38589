// SPDX-License-Identifier: Apache-2.0
/* Which configuration each layer of a network gets, by loss and energy of each alone (Khwa et al., Nature
 * 639, 617 (2025), "2DQA"; docs/numerics.md, "Partition"). */
#ifndef PM_PARTITION_H
#define PM_PARTITION_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tables are [layers][choices], 1..256 choices, of which 0 is where every layer begins. */
struct pm_partition {
    size_t layers, choices;
    const int32_t
        *s; /**< correct answers lost by this layer's choice alone; s[l][0] = 0; what is gained counts 0 */
    const int32_t *e;    /**< energy */
    const int64_t *bits; /**< SRAM bits, at least 0 */
    int64_t budget;      /**< of answers lost, summed over layers, at least 0 */
    int64_t cap;         /**< of SRAM bits, summed over layers, at least 0 */
};

struct pm_partition_move {
    size_t layer, choice;
};

/** The greedy choice cfg[layers], and its moves in order, which free() ends. As long as the bits exceed the
 * cap, moves are those that take bits away; else those that take energy away within the cap; always within
 * the budget, the largest fall of energy for each lost answer first (a loss below one half counts as one
 * half), ties to the lower layer, then choice. PM_EINVAL: sizes, an s[l][0], bits below 0, budget or cap;
 * PM_ERANGE: the cap cannot be met; PM_ENOMEM. */
pm_status pm_partition(const struct pm_partition *p, uint8_t *cfg, struct pm_partition_move **move,
                       size_t *moves);

/** The choice of least energy within budget and cap by trying all that could be one: cfg[layers]; ties to
 * what comes first with the last layer's choice ascending fastest. Returns PM_ERANGE where there is none,
 * PM_EINVAL as above, and PM_EMODE where more than `most` partial choices would have to be looked at. */
pm_status pm_partition_exhaustive(const struct pm_partition *p, uint64_t most, uint8_t *cfg);

/** Sum of a choice's energy. */
int64_t pm_partition_energy(const struct pm_partition *p, const uint8_t *cfg);

#ifdef __cplusplus
}
#endif
#endif

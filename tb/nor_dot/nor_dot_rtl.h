// SPDX-License-Identifier: Apache-2.0
/* pm_nor_dot in simulation: a module's queries, its arrays cell by cell. */
#ifndef NOR_DOT_RTL_H
#define NOR_DOT_RTL_H

#include "nor_dot.h"
#include "pm_sim.h"

/** One query's scores or sums of values, over the first n stored keys. */
struct pm_nor_dot_job {
    enum pm_nor_dot_kind kind;
    size_t n;
    const int8_t *q;   /**< of scores: [heads][dim] */
    const uint16_t *a; /**< of values: [heads][n] */
    int32_t *s;        /**< [heads][n] */
    int64_t *y;        /**< [heads][dim] */
};

/** `jobs` one after the other by RTL, of stored k[stored][kv_heads][dim] and v. The model's Units is arrays /
 * heads, its Heads and Cols are cfg's. cost (may be NULL) counts strobes at the pins as golden does, its
 * clocks are those from the first strobe to the last. As pm_nor_dot_check() of `stored` tokens; PM_ERANGE,
 * too: beyond the model's rows or terms; PM_EDIFFER: a strobe, row or array out of turn, an unstable result.
 */
pm_status pm_nor_dot_rtl(const struct pm_sim_opts *opts, const struct pm_nor_dot_cfg *cfg, const int8_t *k,
                         const int8_t *v, size_t stored, const struct pm_nor_dot_job *job, size_t jobs,
                         struct pm_nor_dot_cost *cost);

typedef pm_status pm_nor_dot_rtl_fn(const struct pm_sim_opts *, const struct pm_nor_dot_cfg *, const int8_t *,
                                    const int8_t *, size_t, const struct pm_nor_dot_job *, size_t,
                                    struct pm_nor_dot_cost *);

#endif

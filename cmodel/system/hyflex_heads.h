// SPDX-License-Identifier: Apache-2.0
/* Heads of attention in HyFlexPIM's digital modules: keys and values to int8, queries at their channels'
 * scales, scores and sums by NOR, softmax between them (docs/numerics.md, "Between arrays and special
 * functions"). Of hyflex_digital.c alone. */
#ifndef PM_SYSTEM_HYFLEX_HEADS_H
#define PM_SYSTEM_HYFLEX_HEADS_H

#include "system/hyflex_digital.h"

struct pm_hyflex_heads;

/** As pm_hyflex_digital_new(), of a node of heads. */
pm_status pm_hyflex_heads_new(const struct pm_graph *g, const struct pm_node *node,
                              struct pm_hyflex_heads **heads, struct pm_error *e);
/** NULL is accepted. */
void pm_hyflex_heads_free(struct pm_hyflex_heads *d);
/** Elements of a token's key or value. */
unsigned pm_hyflex_heads_kv(const struct pm_hyflex_heads *d);
/** As pm_hyflex_cache_new(); *cache stays where none is needed. */
pm_status pm_hyflex_heads_cache(const struct pm_hyflex_heads *d, unsigned tokens,
                                struct pm_hyflex_cache **cache);
/** y[n][width] of queries, keys and values x. */
pm_status pm_hyflex_heads_run(const struct pm_hyflex_heads *d, const struct pm_hyflex_units *u,
                              struct pm_hyflex_cache *cache, const struct pm_operands *o,
                              uint16_t *const x[3], uint16_t *y);

#endif

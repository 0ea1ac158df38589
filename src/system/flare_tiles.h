// SPDX-License-Identifier: Apache-2.0
/* Rows of FLARE's attention that are longer than an array of keys, in RTL: the softmax tile by tile
 * (pm_vdr_tile, pm_tile_rescale) on the logits and values of a golden run. */
#ifndef PM_FLARE_TILES_H
#define PM_FLARE_TILES_H

#include "flare_attention.h"
#include "tb/vdr_tile/vdr_tile_rtl.h"

#include "attention_pair.h"

/** What golden runs of up to max_tokens tokens leave. */
struct pm_flare_tiles;

/** NULL when out of memory. */
struct pm_flare_tiles *pm_flare_tiles_new(unsigned width, unsigned heads, unsigned max_tokens);
void pm_flare_tiles_free(struct pm_flare_tiles *t);
/** A pm_attention_probe of the golden run that comes next to be checked. */
void pm_flare_tiles_record(struct pm_flare_tiles *t, const struct pm_attention_stages *s);
/** Every head's rows of a run of n tokens without a past: numerators, their sums, and the normalised sums of
 * values, each against golden. keep[n] may be NULL. Adds to *clocks. PM_ENOMEM, or the RTL's status. */
pm_status pm_flare_tiles_check(const struct pm_flare_tiles *t, const struct pm_attention_cfg *cfg,
                               const uint8_t *keep, unsigned n, pm_vdr_tile_rtl_fn *rtl, uint64_t *clocks,
                               pm_pair_compare *compare, void *ctx);

#endif

// SPDX-License-Identifier: Apache-2.0
/* The RTL twin of pm_tile_attention(). */
#ifndef VDR_TILE_RTL_H
#define VDR_TILE_RTL_H

#include "pm_sim.h"
#include "vdr_tile.h"

/** As pm_tile_attention(), the tiles in turn, each of all rows; numerators times values are added here. A
 * tile is 1..MaxN of the elaborated bench (PM_ESHAPE otherwise), its last beat padded with positions that are
 * not kept; ne is limited to the 8 bits of the port. PM_EDIFFER: the protocol was broken. *clocks, where not
 * NULL: from reset to the last numerators. */
typedef pm_status pm_vdr_tile_rtl_fn(const struct pm_sim_opts *opts, const struct pm_vdr_lut *lut,
                                     const struct pm_tile_shape *shape, const int8_t *x, const int32_t *ne,
                                     const uint8_t *keep, const int16_t *v, bool round, uint8_t *a,
                                     uint8_t *shift, int32_t *reference, int64_t *z, int64_t *o,
                                     uint64_t *clocks);
pm_vdr_tile_rtl_fn pm_vdr_tile_rtl;

#endif

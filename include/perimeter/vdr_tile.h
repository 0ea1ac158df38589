// SPDX-License-Identifier: Apache-2.0
/* Attention rows of any length in tiles: VDR-Softmax with a running reference, sum and rescale by shifts
 * (FLARE, arXiv 2411.14733, section 6, which says that it works with FlashAttention's tiling and leaves the
 * form open). */
#ifndef PM_VDR_TILE_H
#define PM_VDR_TILE_H

#include "vdr_softmax.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_TILE_FRAC 8  /**< fraction bits of a running sum */
#define PM_TILE_FAR  40 /**< from this many halvings on, what was before is nothing */
#define PM_TILE_WIPE 63 /**< the shift that says so */

/** A row after some of its tiles; all zero before the first. */
struct pm_tile_row {
    int32_t reference; /**< no less than any kept logit so far, in 2^-7 S0, 24 bits */
    uint32_t z;        /**< sum of numerators, PM_TILE_FRAC fraction bits, as of this reference */
    bool some;         /**< a logit was kept so far; else reference and z have no meaning */
};

/** The numerators a[n] (0..255) of a row's next tile, as of the reference that *row has afterwards. Returns
 * the shift, 0..40 or PM_TILE_WIPE, by which every sum of the row's earlier numerators moves to it:
 * pm_tile_rescale(); row->z is moved here. A first tile's numerators are pm_vdr_softmax()'s. x[n]: logits;
 * keep[n] (1 = kept) may be NULL; n 1..4096; ne: the tile's exponent, any int32, which may differ from tile
 * to tile. */
unsigned pm_vdr_tile(const struct pm_vdr_lut *lut, struct pm_tile_row *row, const int8_t *x,
                     const uint8_t *keep, size_t n, int32_t ne, bool round, uint8_t *a);

/** sum[n], running sums of numerators times values with PM_TILE_FRAC fraction bits, moved by a tile's shift,
 * half up, and its own sums part[n] added. |sum| < 2^54, |part| < 2^46; in RTL as many bits as its SumW has.
 */
void pm_tile_rescale(int64_t *sum, const int64_t *part, size_t n, unsigned shift);

/** A running sum as an integer, half up. */
static inline int64_t pm_tile_whole(int64_t sum) {
    return (sum + (1 << (PM_TILE_FRAC - 1))) >> PM_TILE_FRAC;
}

/** A row's tiles in bulk. */
struct pm_tile_shape {
    size_t rows, n, tile; /**< logits of a row, of a tile: 1..4096, of which a row's last has what is left */
    size_t values;        /**< numbers of a token */
};

/** Attention of rows of n 1..65536 logits over int16 values v[n][values]: numerators a[rows][n], the shift
 * and the reference of each tile [rows][ceil(n/tile)], and the running sums at the end, z[rows] over
 * numerators and o[rows][values] over numerators times values, PM_TILE_FRAC fraction bits each. x[rows][n];
 * ne[rows][ceil(n/tile)]; keep[rows][n] may be NULL. What has no kept logit has z = o = 0, and a tile before
 * the first kept one a reference of 0. */
void pm_tile_attention(const struct pm_vdr_lut *lut, const struct pm_tile_shape *shape, const int8_t *x,
                       const int32_t *ne, const uint8_t *keep, const int16_t *v, bool round, uint8_t *a,
                       uint8_t *shift, int32_t *reference, int64_t *z, int64_t *o);

#ifdef __cplusplus
}
#endif
#endif

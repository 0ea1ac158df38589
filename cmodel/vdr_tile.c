// SPDX-License-Identifier: Apache-2.0
#include "vdr_tile.h"

#include <string.h>

/* Everything is at the scale of the last entry, at which the entries' rounded words differ and no result
 * does. */
#define FINEST (PM_VDR_ENTRIES - 1)
#define FAR    2047 /* a distance from which on every numerator is 0 */

static struct pm_vdr_entry finest(const struct pm_vdr_lut *lut, int32_t ne) {
    const int e = (int)pm_clamp(ne, 0, FINEST), up = FINEST - e;
    return (struct pm_vdr_entry){lut->e[e].l << up, lut->e[e].b << up, lut->e[e].c << 2 * up};
}

/* A logit, or a difference of two, in 2^-7 S0: floored. */
static int32_t at_finest(int32_t x, int32_t ne) {
    const int up = FINEST - (int)pm_clamp(ne, -8, FINEST + 8);
    return up >= 0 ? x * (1 << up) : x >> -up;
}

/* The least number of halvings q, and reference + q * ln2 in whole units, that is no less than `max`. */
static unsigned raise(struct pm_tile_row *row, int32_t max, uint32_t l) {
    const int64_t above = (int64_t)max - row->reference;
    if (above <= 0)
        return 0;
    const int64_t q = (16 * above - 8 + l - 1) / l;
    if (q > PM_TILE_FAR) {
        row->reference = max;
        return PM_TILE_WIPE;
    }
    row->reference += (int32_t)((q * l + 8) >> PM_VDR_FRAC);
    return (unsigned)q;
}

/* v * 2^-shift, half up. */
static int64_t moved(int64_t v, unsigned shift) {
    return shift == 0 ? v : (v + ((int64_t)1 << (shift - 1))) >> shift;
}

unsigned pm_vdr_tile(const struct pm_vdr_lut *lut, struct pm_tile_row *row, const int8_t *x,
                     const uint8_t *keep, size_t n, int32_t ne, bool round, uint8_t *a) {
    const struct pm_vdr_entry entry = finest(lut, ne);
    int max = INT8_MIN;
    bool some = false;
    for (size_t j = 0; j < n; j++)
        if (!keep || keep[j]) {
            some = true;
            max = x[j] > max ? x[j] : max;
        }
    unsigned shift = 0;
    int64_t offset = 0;
    if (some) {
        const int32_t top = at_finest(max, ne);
        if (row->some)
            shift = raise(row, top, lut->e[FINEST].l);
        else
            *row = (struct pm_tile_row){.reference = top, .some = true};
        offset = row->reference - top;
    }
    uint32_t z = 0;
    for (size_t j = 0; j < n; j++) {
        a[j] = 0;
        if (keep && !keep[j])
            continue;
        const int64_t distance = at_finest(max - x[j], ne) + offset;
        a[j] = pm_vdr_exp(&entry, (uint32_t)(distance < FAR ? distance : FAR) << PM_VDR_FRAC, round);
        z += a[j];
    }
    row->z = (uint32_t)moved(row->z, shift) + (z << PM_TILE_FRAC);
    return shift;
}

void pm_tile_rescale(int64_t *sum, const int64_t *part, size_t n, unsigned shift) {
    for (size_t i = 0; i < n; i++)
        sum[i] = moved(sum[i], shift) + part[i] * (1 << PM_TILE_FRAC);
}

void pm_tile_attention(const struct pm_vdr_lut *lut, const struct pm_tile_shape *shape, const int8_t *x,
                       const int32_t *ne, const uint8_t *keep, const int16_t *v, bool round, uint8_t *a,
                       uint8_t *shift, int32_t *reference, int64_t *z, int64_t *o) {
    const size_t n = shape->n, values = shape->values;
    size_t tiles = 0;
    for (size_t t = 0; t < shape->rows; t++, o += values) {
        struct pm_tile_row row = {0};
        memset(o, 0, values * sizeof *o);
        for (size_t at = 0; at < n; at += shape->tile, tiles++) {
            const size_t first = t * n + at, step = n - at < shape->tile ? n - at : shape->tile;
            const unsigned by = pm_vdr_tile(lut, &row, x + first, keep ? keep + first : NULL, step, ne[tiles],
                                            round, a + first);
            shift[tiles] = (uint8_t)by;
            reference[tiles] = row.reference;
            for (size_t m = 0; m < values; m++) {
                int64_t part = 0;
                for (size_t j = 0; j < step; j++)
                    part += a[first + j] * v[(at + j) * values + m];
                pm_tile_rescale(o + m, &part, 1, by);
            }
        }
        z[t] = row.z;
    }
}

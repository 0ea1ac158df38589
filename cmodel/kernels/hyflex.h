// SPDX-License-Identifier: Apache-2.0
/* A matrix in HyFlexPIM arrays, as its plain form (hyflex_gemv.c) and the fast ones (kernels/hyflex.c) share
 * it. */
#ifndef PM_KERNELS_HYFLEX_H
#define PM_KERNELS_HYFLEX_H

#include "hyflex_gemv.h"

/** Fraction bits of a disturbed weight, |w| < 2^10; 65536 products with int8 are exact in double. */
#define PM_DISTURBED_FRAC 16

struct pm_hyflex {
    struct pm_hyflex_cfg cfg;
    unsigned rows, outputs, row_tiles, col_tiles;
    unsigned per; /* outputs a tile */
    const struct pm_kernels *k;
    int8_t *w;         /* [rows][outputs] */
    bool ideal_sar;    /* the converters only round and saturate */
    int16_t *packed;   /* where every conversion is exact: y is the dot product */
    double *disturbed; /* [rows][outputs], integers in 2^-PM_DISTURBED_FRAC: of noise in weights */
    struct pm_hyflex_tile *tile;
    struct pm_column *column; /* [tiles][PM_HYFLEX_COLS], where arrays and converters are ideal but not exact,
                                 of 1 or 2 bits a cell */
};

/** Where the path is a fast one, memory for its form of w[rows][outputs]: `exact`: every conversion is exact;
 * `ideal`: converters and cells are, though a sum may clip. PM_ENOMEM. */
pm_status pm_hyflex_prepare(struct pm_hyflex *h, const int8_t *w, bool ideal, bool exact);
/** The columns of tile `index`, whose cells hold state[64][128], for the sliced path. */
void pm_hyflex_list_columns(struct pm_hyflex *h, unsigned index, const uint8_t *state);

/** wordlines[i]: rows whose element has bit i set. */
void pm_hyflex_split(const int8_t *x, unsigned rows, uint64_t wordlines[PM_HYFLEX_PLANES]);
/** code[128] of a plane's values, by the tile's converters. */
void pm_hyflex_convert(const struct pm_hyflex *h, const struct pm_hyflex_tile *t, const int32_t *value,
                       struct pm_read_id id, int32_t *code);
/** A sum of products with disturbed weights as a result: rounded, saturated. */
static inline int32_t pm_hyflex_rounded(int64_t sum) {
    return (int32_t)pm_clamp((sum + (1 << (PM_DISTURBED_FRAC - 1))) >> PM_DISTURBED_FRAC, INT32_MIN,
                             INT32_MAX);
}
/** Adds the cost of n vectors with as many wrong codes in all; cost may be NULL. */
void pm_hyflex_add_vectors(const struct pm_hyflex *h, uint64_t n, uint64_t wrong,
                           struct pm_hyflex_cost *cost);

#endif

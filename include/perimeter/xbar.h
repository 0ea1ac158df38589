// SPDX-License-Identifier: Apache-2.0
/* Mixed-precision matrices on RRAM crossbars of n-bit cells (Pelke et al., arXiv 2601.21737;
 * docs/numerics.md, "Mapping to RRAM crossbars").
 *
 * A weight's magnitude is cut into slices of `cell` bits, most significant first; the last may be narrower.
 * Column G+ holds those of positive weights, G- those of negative ones. A plane of x drives the wordlines of
 * a tile of `rows` rows, and a converter gives the difference of a pair of columns. */
#ifndef PM_XBAR_H
#define PM_XBAR_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_XBAR_MAX_ROWS   1024
#define PM_XBAR_MAX_SLICES 8

struct pm_xbar_cfg {
    unsigned wbits; /**< of a weight, 2..8: -2^(wbits-1)..2^(wbits-1)-1 */
    unsigned abits; /**< planes of x, 1..8; at least 2 where it is signed */
    unsigned cell;  /**< bits a cell, 1..4 */
    unsigned rows;  /**< of a tile, 16..PM_XBAR_MAX_ROWS */
    unsigned adc;   /**< bits of a converter, 2..16: differences are clipped to +-(2^(adc-1)-1); 0: ideal */
    bool is_signed; /**< x is two's complement: its last plane is negative */
};

/** 8 bits each, 4-bit cells, 256 rows, ideal converters, signed x. */
struct pm_xbar_cfg pm_xbar_default(void);
/** PM_OK, or PM_EINVAL when a member of cfg is outside its documented range. */
pm_status pm_xbar_check(const struct pm_xbar_cfg *cfg);

/** Slices of a weight: ceil(wbits / cell). */
unsigned pm_xbar_slices(const struct pm_xbar_cfg *cfg);
/** Bits below slice s, 0 the most significant: its shift. */
unsigned pm_xbar_shift(const struct pm_xbar_cfg *cfg, unsigned s);
/** Level of weight w's cell in slice s: of its column G+ where w is positive, else of G-; the other holds 0.
 */
unsigned pm_xbar_level(const struct pm_xbar_cfg *cfg, int w, unsigned s);
/** A converter's code of difference d; *clips counts those beyond its range. */
int32_t pm_xbar_code(const struct pm_xbar_cfg *cfg, int32_t d, uint64_t *clips);

/** y[vectors][outputs] = x[vectors][k] w[k][outputs], plane by plane and slice by slice, tile after tile in
 * 64 bits. *clips, to which it adds: conversions that were clipped. x and w must fit abits and wbits. */
void pm_xbar_gemv(const struct pm_xbar_cfg *cfg, const int32_t *x, const int16_t *w, size_t vectors, size_t k,
                  size_t outputs, int64_t *y, uint64_t *clips);

/** How a weight's cells lie: a pair of columns each; an offset column for all; a pair of rows each. */
enum pm_xbar_map { PM_XBAR_DC, PM_XBAR_OF, PM_XBAR_DR };

/** One layer as the latency formula sees it. */
struct pm_xbar_layer {
    int64_t k, outputs;
    int64_t vectors; /**< that it multiplies in an inference */
    int64_t repeat;  /**< layers like it */
};

/** A crossbar's size and times, in 0.1 us. */
struct pm_xbar_chip {
    unsigned cell;
    int64_t rows, cols, write, mvm;
    enum pm_xbar_map map;
};

/** Tiles of the layer, and the time of writing and reading them at every inference: *tiles, *t with repeat.
 * PM_ERANGE beyond 64 bits. */
pm_status pm_xbar_cost(const struct pm_xbar_chip *chip, const struct pm_xbar_layer *layer, unsigned wbits,
                       unsigned abits, int64_t *t, int64_t *tiles);

#ifdef __cplusplus
}
#endif
#endif

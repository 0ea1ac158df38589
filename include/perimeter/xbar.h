// SPDX-License-Identifier: Apache-2.0
/* Mixed-precision matrices on RRAM crossbars of n-bit cells (Pelke et al., arXiv 2601.21737;
 * docs/numerics.md, "Mapping to RRAM crossbars").
 *
 * A weight's magnitude is cut into slices of `cell` bits, most significant first; the last may be narrower.
 * Column G+ holds those of positive weights, G- those of negative ones. A plane of x drives the wordlines of
 * a tile of `rows` rows, and a converter gives the difference of a pair of columns. */
#ifndef PM_XBAR_H
#define PM_XBAR_H

#include "analog/rram.h"
#include "pm_path.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_XBAR_MAX_ROWS   1024
#define PM_XBAR_MAX_SLICES 8
#define PM_XBAR_MAX_DIM    65536 /**< rows and outputs of a matrix */

struct pm_xbar_cfg {
    unsigned wbits; /**< of a weight, 2..8: -2^(wbits-1)..2^(wbits-1)-1 */
    unsigned abits; /**< planes of x, 1..8; at least 2 where it is signed */
    unsigned cell;  /**< bits a cell, 1..4 */
    unsigned
        rows; /**< of a crossbar, 16..PM_XBAR_MAX_ROWS; to PM_RRAM_MAX_ROWS where cells are not nominal */
    unsigned cols;  /**< its columns, even, 2..PM_ARRAY_MAX_COLS: pairs stay together */
    unsigned adc;   /**< bits of a converter, 2..16: differences are clipped to +-(2^(adc-1)-1); 0: ideal */
    bool is_signed; /**< x is two's complement: its last plane is negative */
    struct pm_rram_cfg rram;
    enum pm_path path;
};

/** 8 bits each, 4-bit cells, 256 x 256 nominal cells, ideal converters, signed x. */
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
/** A converter's code of a difference in 1/256 cell states, rounded; *clips counts those beyond its range. */
int32_t pm_xbar_code(const struct pm_xbar_cfg *cfg, int32_t difference_q8, uint64_t *clips);

/** Cost of vectors; a caller zeroes it and it adds up. */
struct pm_xbar_cost {
    uint64_t vectors;
    uint64_t reads;       /**< of a crossbar: planes times tiles */
    uint64_t conversions; /**< one an output, slice, plane and row tile */
    uint64_t clips;       /**< of these */
    uint64_t clocks;      /**< abits * slices a vector; tiles work side by side */
};

/** A programmed matrix. Reading it changes nothing: threads may share it. */
struct pm_xbar;

/** Programs w[rows][outputs] (row-major), each within wbits. Pair m * slices + s, columns G+ and G-, has
 * output m's slice s; row tile r and column tile q have array number array_id + r * column tiles + q for
 * their draws. PM_EINVAL, PM_ERANGE (a weight), PM_ENOMEM. */
pm_status pm_xbar_new(const struct pm_xbar_cfg *cfg, const int16_t *w, unsigned rows, unsigned outputs,
                      uint32_t array_id, struct pm_xbar **matrix);
void pm_xbar_free(struct pm_xbar *h);

const struct pm_xbar_cfg *pm_xbar_config(const struct pm_xbar *h);
unsigned pm_xbar_rows(const struct pm_xbar *h);
unsigned pm_xbar_outputs(const struct pm_xbar *h);
unsigned pm_xbar_row_tiles(const struct pm_xbar *h);
unsigned pm_xbar_col_tiles(const struct pm_xbar *h);
/** w[rows][outputs] as given. */
const int16_t *pm_xbar_weights(const struct pm_xbar *h);

/** y[n][outputs] = x[n][rows] w, x `stride` elements apart and within abits, as if through every plane, slice
 * and conversion; vectors are numbered from first_vector since programming. cost may be NULL. PM_ENOMEM. */
pm_status pm_xbar_gemm(const struct pm_xbar *h, const int32_t *x, size_t stride, size_t n,
                       uint32_t first_vector, int64_t *y, struct pm_xbar_cost *cost);

/** One access of a row tile. */
struct pm_xbar_access {
    unsigned tile, plane, slice;
    uint32_t vector;
    unsigned first, n; /**< outputs */
};

/** code[n] of these outputs. Bit r mod 64 of wordlines[r / 64] turns row r of the tile on. Returns the clips.
 */
uint64_t pm_xbar_read(const struct pm_xbar *h, const struct pm_xbar_access *a, const uint64_t *wordlines,
                      int32_t *code);

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

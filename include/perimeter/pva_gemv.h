// SPDX-License-Identifier: Apache-2.0
/* One matrix in arrays of 2-bit memristor cells behind 5-bit flash converters, with place-value-aware
 * accumulation: how many wordlines an access turns on and how coarsely its columns are converted depends on
 * what the access weighs (Khwa et al., Nature 639, 617 (2025), extended data Figs. 4a and 5;
 * docs/numerics.md, "Place-value-aware accumulation").
 *
 * Bit i of the inputs times digit j of the weights has the place i + 2j. Per tile of rows, input bits ascend,
 * and within one the digits descend; each pair's rows are read in groups of the place's N, in order. Weights
 * are held by column pairs: max(w, 0) and max(-w, 0), a converter each. */
#ifndef PM_PVA_GEMV_H
#define PM_PVA_GEMV_H

#include "analog/rram.h"
#include "pm_path.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_PVA_ROWS        512 /**< wordlines of an array */
#define PM_PVA_MAX_DIGITS  4
#define PM_PVA_MAX_PLACES  (16 + 2 * PM_PVA_MAX_DIGITS - 2)
#define PM_PVA_MAX_DIM     65536 /**< rows of a matrix */
#define PM_PVA_MAX_OUTPUTS (PM_ARRAY_MAX_COLS / (2 * PM_PVA_MAX_DIGITS))
#define PM_PVA_TOP         31 /**< largest code */
#define PM_PVA_WINDOW      16 /**< rows of an access where places do not count */

/** What an access of a place is: legal if 8<<k <= n <= PM_PVA_ROWS, k 0..3. */
struct pm_pva_place {
    uint16_t n; /**< wordlines at once */
    uint8_t k;  /**< a code counts 2^k cell states */
};

enum pm_pva_coding {
    PM_PVA_DIFF,  /**< column pairs, subtracted */
    PM_PVA_OFFSET /**< one column, w + 2^(wbits-1); 2^(wbits-1) times the inputs' sum is subtracted (golden
                     only) */
};

struct pm_pva_cfg {
    unsigned xbits; /**< of an input, 2..16 */
    unsigned wbits; /**< of a weight, two's complement, 2..8 */
    bool is_signed; /**< inputs are two's complement */
    enum pm_pva_coding coding;
    unsigned rows;                                /**< of a tile, a multiple of 64, 64..PM_PVA_ROWS */
    struct pm_pva_place place[PM_PVA_MAX_PLACES]; /**< those beyond pm_pva_places() are ignored */
    struct pm_rram_cfg rram;                      /**< of 2-bit cells */
    enum pm_path path;
    enum pm_isa isa;
};

/** 2-bit digits of a weight. */
static inline unsigned pm_pva_digits(unsigned wbits) {
    return (wbits + 1) / 2;
}
/** Places 0..this - 1. */
static inline unsigned pm_pva_places(unsigned xbits, unsigned wbits) {
    return xbits + 2 * pm_pva_digits(wbits) - 2;
}

/** Signed inputs, column pairs, 512 rows, nominal cells, pm_pva_default_table(). */
struct pm_pva_cfg pm_pva_default(unsigned xbits, unsigned wbits);
/** Places from hi on have n0 wordlines and k[0], from lo on 2 n0 and k[1], those below 4 n0 and k[2]. */
void pm_pva_levels(struct pm_pva_cfg *c, unsigned n0, unsigned lo, unsigned hi, const uint8_t k[3]);
/** The default's lo and hi: the three highest places have n0, the eight below these 2 n0. */
void pm_pva_default_bounds(unsigned xbits, unsigned wbits, unsigned *lo, unsigned *hi);
/** n0 = 16, these bounds, k = 0, 0, 1. */
void pm_pva_default_table(struct pm_pva_cfg *c);
/** 8 wordlines everywhere, whose sums all have a code: the integer product on any data. */
void pm_pva_exact_table(struct pm_pva_cfg *c);

/** PM_OK, or PM_EINVAL when a member of cfg is outside its documented range. */
pm_status pm_pva_check(const struct pm_pva_cfg *cfg);

/** Accesses of one vector of `rows` elements: the sum of ceil(rows of a tile / n) over tiles, input bits and
 * digits. `conventional`: at PM_PVA_WINDOW rows an access, whatever the place. */
uint64_t pm_pva_accesses(const struct pm_pva_cfg *cfg, unsigned rows, bool conventional);

/** The converter: 0..31 for a column's value in 1/256 cell states, which may be anything. *clips, where not
 * NULL, is counted up where the value is beyond the last code. */
unsigned pm_pva_code(int32_t value_q8, unsigned k, uint64_t *clips);

/** Cost of vectors; a caller zeroes it and it adds up. */
struct pm_pva_cost {
    uint64_t vectors;
    uint64_t accesses;
    uint64_t windows;     /**< accesses that PM_PVA_WINDOW rows everywhere would take */
    uint64_t conversions; /**< the digit's columns at each access */
    uint64_t clips;       /**< of these */
};

void pm_pva_cost_add(struct pm_pva_cost *sum, const struct pm_pva_cost *cost);

/** A programmed matrix. Reading it changes nothing: threads may share it. */
struct pm_pva;

/** Programs w[rows][outputs] (row-major), each within wbits. Tile t of ceil(rows / cfg->rows) has array
 * number array_id + t for its draws; its columns are [digit][sign][output], sign 1 for max(-w, 0). PM_EINVAL,
 * PM_ERANGE (a weight), PM_ENOMEM. */
pm_status pm_pva_new(const struct pm_pva_cfg *cfg, const int16_t *w, unsigned rows, unsigned outputs,
                     uint32_t array_id, struct pm_pva **matrix);
void pm_pva_free(struct pm_pva *p);

/** y[outputs] = sum_d x[d] w[d][m], as if through every access and conversion. x is within xbits; `vector`
 * numbers the vectors since programming. cost may be NULL. PM_ENOMEM. */
pm_status pm_pva_gemv(const struct pm_pva *p, const int32_t *x, uint32_t vector, int64_t *y,
                      struct pm_pva_cost *cost);

/** pm_pva_gemv() of n vectors, `stride` elements apart and numbered from first_vector: y[n][outputs].
 * PM_ENOMEM. */
pm_status pm_pva_gemm(const struct pm_pva *p, const int32_t *x, size_t stride, size_t n,
                      uint32_t first_vector, int64_t *y, struct pm_pva_cost *cost);

const struct pm_pva_cfg *pm_pva_config(const struct pm_pva *p);
unsigned pm_pva_rows(const struct pm_pva *p);
unsigned pm_pva_outputs(const struct pm_pva *p);
unsigned pm_pva_tiles(const struct pm_pva *p);
unsigned pm_pva_tile_rows(const struct pm_pva *p, unsigned tile);

/** One access of a tile. */
struct pm_pva_access {
    unsigned tile, digit, k;
    uint32_t vector;
    unsigned access;   /**< number in this vector and tile */
    unsigned first, n; /**< of the digit's columns: 2 * outputs, or `outputs` with offset coding */
};

/** code[n] of these columns. Bit r mod 64 of wordlines[r / 64] turns row r of the tile on. Returns the clips.
 */
uint64_t pm_pva_read(const struct pm_pva *p, const struct pm_pva_access *a, const uint64_t *wordlines,
                     uint8_t *code);

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: Apache-2.0
/* The two products of attention in a digital module of RRAM arrays (HyFlexPIM section 3.3, Fig. 9;
 * docs/numerics.md, "NOR dot products"): q k^T of 8 x 8 bits and A v of 12 x 8, products by NOR (nor_pim.h).
 *
 * A module has arrays of 1024 rows. Keys and values are resident, a row of storage is fetched into the
 * array's row latch; queries and attention weights come through the input register. A unit is an array for
 * each head: it takes one item of all heads at a time, a key of q k^T or an output of A v, and adds up the
 * item's terms, as many in a step of five clocks as a row has multiplications. Units work side by side, on
 * all items in rounds. */
#ifndef PM_NOR_DOT_H
#define PM_NOR_DOT_H

#include "nor_pim.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_NOR_DOT_ARRAYS      256  /**< of a module */
#define PM_NOR_DOT_ROWS        1024 /**< of an array */
#define PM_NOR_DOT_COLS        1024
#define PM_NOR_DOT_MAX_TERMS   8192 /**< of a sum: tokens, or elements of a head */
#define PM_NOR_DOT_WEIGHT_BITS 12   /**< of an attention weight, unsigned */
#define PM_NOR_DOT_MIN_COLS    288  /**< one multiplication of 12 x 8 bits a row */

/** A module, and the heads whose keys and values it holds. */
struct pm_nor_dot_cfg {
    unsigned arrays;   /**< at least `heads`; what is over a multiple of them stays idle */
    unsigned cols;     /**< of an array, at least PM_NOR_DOT_MIN_COLS */
    unsigned heads;    /**< of queries */
    unsigned kv_heads; /**< divides heads: heads / kv_heads neighbours share keys and values, each array with
                          its own copy */
    unsigned dim;      /**< elements of a head, 1..PM_NOR_DOT_MAX_TERMS */
};

/** 256 arrays of 1024 columns; `heads` of `dim` elements, each with its own keys and values. */
struct pm_nor_dot_cfg pm_nor_dot_default(unsigned heads, unsigned dim);

/** PM_OK, PM_EINVAL: a member of cfg out of range; PM_ERANGE: n tokens, 1..PM_NOR_DOT_MAX_TERMS, or their
 * keys and values beyond the arrays' rows, of which one stays free to multiply in. */
pm_status pm_nor_dot_check(const struct pm_nor_dot_cfg *cfg, size_t n);

enum pm_nor_dot_kind {
    PM_NOR_DOT_SCORES, /**< q k^T: items are keys, terms a head's elements */
    PM_NOR_DOT_VALUES  /**< A v: items are a head's elements, terms the keys */
};

/** How n keys are gone through. */
struct pm_nor_dot_plan {
    unsigned units;   /**< items side by side: arrays / heads */
    unsigned mults;   /**< terms a step: multiplications side by side in a row (of 1024 columns: 5, 3) */
    unsigned steps;   /**< of a round: ceil(terms / mults) */
    unsigned words;   /**< steps that a row of storage has operands for: cols / (8 mults) (25, 42) */
    unsigned rounds;  /**< ceil(items / units) */
    unsigned fetches; /**< rows of storage of a round: ceil(steps / words) */
};
struct pm_nor_dot_plan pm_nor_dot_plan(const struct pm_nor_dot_cfg *cfg, enum pm_nor_dot_kind kind, size_t n);

/** Clocks of a plan: five a step, one a fetch, in every round. */
uint64_t pm_nor_dot_clocks(const struct pm_nor_dot_plan *plan);

/** Rows of storage of an array that n tokens take: keys', then values'. */
unsigned pm_nor_dot_rows(const struct pm_nor_dot_cfg *cfg, size_t n);

/** Cost of products; a caller zeroes it and it adds up. */
struct pm_nor_dot_cost {
    uint64_t products; /**< items times terms, of all heads */
    uint64_t nors;     /**< NOR operations: rows of all arrays at work */
    uint64_t fetches;  /**< rows read from storage, of all of them */
    uint64_t
        writes; /**< cells written: of a multiplication each a, b and, twice, result of its partial products,
                   in use or not; 8 x 8 bits 256, 12 x 8 bits 384. Of stored tokens each cell once */
    uint64_t clocks;
};

/** Scores of one query: s[heads][n] = q[heads][dim] . k[n][kv_heads][dim], exact: |s| <= dim 2^14. n keys,
 * all those of a causal query's past or a whole row. cost may be NULL. As pm_nor_dot_check(). */
pm_status pm_nor_dot_scores(const struct pm_nor_dot_cfg *cfg, const int8_t *q, const int8_t *k, size_t n,
                            int32_t *s, struct pm_nor_dot_cost *cost);

/** y[heads][dim] = a[heads][n] . v[n][kv_heads][dim], exact: |y| <= 4095 * 128 n, 33 bits with n = 8192, and
 * int32 up to n = 4096. a: weights of 12 bits. cost may be NULL. As pm_nor_dot_check(), or PM_ERANGE: a
 * weight beyond 12 bits. */
pm_status pm_nor_dot_values(const struct pm_nor_dot_cfg *cfg, const uint16_t *a, const int8_t *v, size_t n,
                            int64_t *y, struct pm_nor_dot_cost *cost);

/** The cost of storing one more token's keys and values: each cell once, a clock a row, all heads side by
 * side. */
void pm_nor_dot_store(const struct pm_nor_dot_cfg *cfg, struct pm_nor_dot_cost *cost);

#ifdef __cplusplus
}
#endif
#endif

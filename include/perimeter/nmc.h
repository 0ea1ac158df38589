// SPDX-License-Identifier: Apache-2.0
/* A 6T-MRAM near-memory macro of 8 rows x 576 columns (poster "A 65nm 6T-MRAM Mix-Precision Near-Memory-
 * Compute Macro Using Input-Sparsity Aware and Toggle Rate Aware Learning Schemes", Figs. 1-5).
 *
 * MAC: row k holds bit k of 576 int8 weights; each access multiplies one row by one bit plane of the input.
 * XOR: each row holds a binary kernel. docs/numerics.md, "6T-MRAM macro", has the integers. */
#ifndef PM_NMC_H
#define PM_NMC_H

#include "analog/sense.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_NMC_ROWS     8
#define PM_NMC_COLS     576
#define PM_NMC_WORDS    (PM_NMC_COLS / 64)
#define PM_NMC_ACCESSES 64    /**< most of one operation */
#define PM_NMC_MAX_K    65536 /**< rows of a matrix: 65536 * 255 * 128 < 2^31 */

/** Order of the accesses of a MAC. */
enum pm_nmc_order {
    PM_NMC_ONCE, /**< rows 7..0, each read once and held; planes ascending within a row */
    PM_NMC_VWM,  /**< planes ascending, rows 7..0 read anew for each: the literal order */
    PM_NMC_SNAKE /**< as vwm, but every second plane that remains takes rows 0..7 */
};

struct pm_nmc_cfg {
    enum pm_nmc_order order;
    bool is_signed; /**< x is two's complement, -128..127; else 0..255 */
    bool skip;      /**< planes without ones are left out */
};

/** What operations cost; they add up. Of an operation's toggles the first read or access counts none. */
struct pm_nmc_counts {
    uint64_t accesses, reads;
    uint64_t t_sa;  /**< MAC: sense amplifiers that change between two reads */
    uint64_t t_mul; /**< MAC: product bits that change between two accesses */
    uint64_t t_xor; /**< XOR: sense amplifiers that change between two rows */
};
void pm_nmc_counts_add(struct pm_nmc_counts *sum, const struct pm_nmc_counts *c);

/** A macro: bit c mod 64 of row[k][c / 64] is row k's cell in column c. Cells of columns from `cols` on hold
 * 0 and are never read wrong. */
struct pm_nmc_macro {
    uint64_t row[PM_NMC_ROWS][PM_NMC_WORDS];
    unsigned cols; /**< in use, 1..PM_NMC_COLS */
    uint32_t id;   /**< its number, for the draws */
};

/** Programs weights w[0], w[stride] ... w[(n - 1) stride]. */
void pm_nmc_program_mac(struct pm_nmc_macro *m, uint32_t id, const int8_t *w, unsigned n, size_t stride);
/** Programs `rows` (1..8) binary kernels of n elements 0 or 1: row k's element i is w[i * stride + k]. */
void pm_nmc_program_xor(struct pm_nmc_macro *m, uint32_t id, const uint8_t *w, unsigned n, unsigned rows,
                        size_t stride);

/** One access of a MAC. */
struct pm_nmc_access {
    uint8_t row, plane;
    bool read; /**< the row is sensed; else the one before is held */
};
/** The accesses of a MAC whose input has the planes of the mask; returns how many, 8 a plane. */
unsigned pm_nmc_schedule(enum pm_nmc_order order, unsigned planes,
                         struct pm_nmc_access access[PM_NMC_ACCESSES]);

/** An input: bit c mod 64 of plane[i][c / 64] is bit i of x[c], of a XOR only bit 0; zeros in columns that
 * are not in use. */
struct pm_nmc_input {
    uint64_t plane[8][PM_NMC_WORDS];
};
/** Of x[n], n <= PM_NMC_COLS. */
void pm_nmc_slice(const int32_t *x, unsigned n, struct pm_nmc_input *in);
/** The planes that a MAC works on: a mask. */
unsigned pm_nmc_remaining(const struct pm_nmc_cfg *cfg, const struct pm_nmc_input *in);

/** One MAC of vector number `vector`, access by access: sum of x[c] * w[c], but for misreads. It fits 26
 * bits, two's complement, after every access. sense: NULL, exact. counts: NULL, or added to. */
int32_t pm_nmc_mac_run(const struct pm_nmc_macro *m, const struct pm_nmc_cfg *cfg,
                       const struct pm_nmc_input *in, uint32_t vector, const struct pm_sense_cfg *sense,
                       struct pm_nmc_counts *counts);
/** What pm_nmc_mac_run() adds to counts where every bit is read as it is stored, by shorter ways. */
void pm_nmc_mac_count(const struct pm_nmc_macro *m, const struct pm_nmc_cfg *cfg,
                      const struct pm_nmc_input *in, struct pm_nmc_counts *counts);
/** One XOR: dot[k], k < rows, is the product of kernel k and plane 0 of the input, both read as +1 where 0
 * and -1 where 1, but for misreads. */
void pm_nmc_xor_run(const struct pm_nmc_macro *m, const struct pm_nmc_input *in, unsigned rows,
                    uint32_t vector, const struct pm_sense_cfg *sense, int32_t *dot,
                    struct pm_nmc_counts *counts);

/** y[t][m] = x[t][k] w[k][m] through macros, 576 rows of w a tile; every t, m and tile is an operation.
 * PM_EINVAL: a dimension is 0 or k above PM_NMC_MAX_K; PM_ERANGE: an element of x beyond its range. counts
 * may be NULL. */
pm_status pm_nmc_mac(const struct pm_nmc_cfg *cfg, const int32_t *x, const int8_t *w, size_t t, size_t k,
                     size_t m, int32_t *y, struct pm_nmc_counts *counts);
/** y[t][m] = k - 2 times the ones of x[t] xor column m of w; elements are 0 or 1 (PM_ERANGE). Kernels
 * 8g..8g+7 share a macro, 576 rows a tile. */
pm_status pm_nmc_xor(const uint8_t *x, const uint8_t *w, size_t t, size_t k, size_t m, int32_t *y,
                     struct pm_nmc_counts *counts);

/** Bits of a weight that differ from their neighbour, 0..7: sense amplifiers that change while its column is
 * read once through. */
unsigned pm_toggles(int8_t w);
/** Post-training fine-tuning: of the weights within r (0..127) of w and in -128..127 the one with the fewest
 * toggles; of these the nearest, of two the smaller. */
int8_t pm_ptft(int8_t w, unsigned r);

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: Apache-2.0
/* Inner loops of the fast paths, once for each instruction set; the choice is made at run time.
 *
 * Every table computes the same integers, and the same floats. kernels.inc has them all, in C and vectors
 * whose width is the instruction set's; only what C cannot say is written in intrinsics.
 *
 * Bit-sliced numbers: slice s of a group of lanes has bit s of every lane's number, 64 lanes a word. */
#ifndef PM_SIMD_H
#define PM_SIMD_H

#include "pm_path.h"
#include "pm_types.h"

/** Rows that one step over an array adds. */
#define PM_GROUP 8
/** Words of the widest vector: buffers of lanes are padded to it. */
#define PM_SIMD_WORDS 8
/** Outputs of a weight panel of the integer product. */
#define PM_PANEL 16
/** Most vectors that one call of `gemm` or `sgemm` multiplies. */
#define PM_GEMM_ROWS 12
/** Rows of a column of `weight`, and words from one to the next. */
#define PM_COLUMN_ROWS   64
#define PM_COLUMN_STRIDE 32
/** Columns of one step over drawn cells. */
#define PM_DRAWN_COLS 64
/** Columns of one step over an array of any size. */
#define PM_LINE_COLS 128

/** Gaussians of consecutive counters: pm_gauss_fill()'s. */
struct pm_draws {
    uint32_t ctr[4], key[2];
};

/** Noise of one read: round(sigma * Gaussian / 2^32) on each column. */
struct pm_noise {
    struct pm_draws draws; /**< of column 0 */
    int64_t sigma;         /**< 0..2^43 */
    int32_t level, period; /**< where period, a power of two, is not 0: a draw that carries a value across no
                              level + k period may be left out */
};

/** One access to an array of drawn cells: PM_GROUP rows, some of them zeros, and the noise of the read. */
struct pm_drawn_access {
    const int16_t *cell[PM_GROUP]; /**< conductances, `frac` fraction bits; the sum of a group fits */
    const uint8_t *bit[PM_GROUP];  /**< what the cells are to store */
    const int32_t *offset;         /**< of each column: comparator offset and half a value step */
    unsigned shift;                /**< frac - 8 */
    struct pm_noise noise;         /**< sigma in 2^-(frac + 16) LSB; the levels are the comparators' */
    bool count;                    /**< count the codes that are not the stored count */
};

/** Wordlines that are on: bit r mod 64 of mask[r / 64], r < rows, of an array whose rows are `stride`
 * elements apart; row number `rows` is 0. */
struct pm_lines {
    const uint64_t *mask;
    unsigned rows;
    size_t stride;
};

/** A column of cells that hold 1 or 2 bits, and what its ideal converter makes of a sum. */
struct pm_column {
    uint16_t row[2][PM_COLUMN_ROWS]; /**< PM_COLUMN_STRIDE times each row whose cell has bit b set */
    uint8_t n[2];                    /**< of them, completed to a multiple of PM_GROUP by a row of zeros */
    uint8_t bits;                    /**< of a code */
    bool saturates;                  /**< there are sums of more bits */
    bool flip;                       /**< codes are complemented in their `bits` */
};

struct pm_kernels {
    const char *name;
    unsigned gemm_rows; /**< vectors that `gemm` and `sgemm` like to have, at most PM_GEMM_ROWS */
    /** tile[n][PM_PANEL] = x[n][2 pairs] times panel[pairs][PM_PANEL][2], modulo 2^32. */
    void (*gemm)(const int16_t *x, size_t ldx, unsigned n, const int16_t *panel, unsigned pairs,
                 int32_t *tile);
    /** The same in float, each element's products added in order: tile[n][PM_PANEL] = x[n][depth] times
     * panel[depth][PM_PANEL]. */
    void (*sgemm)(const float *x, size_t ldx, unsigned n, const float *panel, unsigned depth, float *tile);
    /** Ones in planes 0..7 of x[64 blocks]: of max(x, 0) and of max(-x, 0) when `sign`, |x| <= 255; otherwise
     * of x in pos[], and zeros. */
    void (*pops)(const int16_t *x, unsigned blocks, bool sign, uint32_t pos[8], uint32_t neg[8]);
    /** Converts one access, PM_GROUP rows of `words` words (a multiple of PM_SIMD_WORDS): each lane's count
     * of ones, 0..8, is added to its number of `depth` slices, which holds the result. */
    void (*access)(const uint64_t *const row[PM_GROUP], size_t words, unsigned depth, uint64_t *sum);
    /** plane[8][stride]: bit l of plane p is bit p of byte l, of 64 bytes a word. */
    void (*slice)(const uint8_t *bytes, size_t words, size_t stride, uint64_t *plane);
    /** One weight of `columns` columns, slices of `cell` bits: sum[][words] += code << (cell * column),
     * summed over the columns and the rows x[row][PM_COLUMN_STRIDE]; `words` of a row are in use, a multiple
     * of PM_SIMD_WORDS. `most` is the largest number that sum can hold before, and becomes that after: sum
     * has the slices that it needs. Returns how many conversions saturated. */
    uint64_t (*weight)(const uint64_t *x, size_t words, const struct pm_column *column, unsigned columns,
                       unsigned cell, uint32_t *most, uint64_t *sum);
    /** acc += v, numbers of acc_bits >= v_bits slices, `words` words each; slices are acc_stride and v_stride
     * words apart. */
    void (*add)(uint64_t *acc, size_t acc_stride, unsigned acc_bits, const uint64_t *v, size_t v_stride,
                unsigned v_bits, size_t words);
    /** out[64 words] += the lanes' numbers of `bits` slices, modulo 2^32. */
    void (*unpack)(const uint64_t *v, size_t stride, unsigned bits, size_t words, int32_t *out);
    void (*gauss)(const struct pm_draws *d, size_t n, int32_t *out);
    void (*noise)(const struct pm_noise *e, size_t n, int32_t *value);
    /** Adds the codes of columns 0..cols-1 to sum[cols padded to PM_DRAWN_COLS]; returns the errors counted.
     */
    uint64_t (*drawn)(const struct pm_drawn_access *a, size_t cols, uint16_t *sum);
    /** value[cols] = (the active rows' sum + noise, rounded) >> shift; cell[][stride], stride a multiple of
     * PM_LINE_COLS. The noise's sigma may be 0. */
    void (*cells)(const struct pm_lines *l, const int32_t *cell, const struct pm_noise *noise, unsigned shift,
                  size_t cols, int32_t *value);
    /** count[cols] = the active rows' sum; state[][stride] is 0..3. */
    void (*states)(const struct pm_lines *l, const uint8_t *state, size_t cols, uint16_t *count);
    /** A bit plane of an ideal array behind ideal 5-bit converters, `n` rows an access: sum[cols] = the
     * accesses' codes, min((count + (1<<k>>1)) >> k, 31); clips[cols] += those that were limited. cols is a
     * multiple of PM_LINE_COLS, state[][stride] 0..3, at most PM_PVA_ROWS rows. */
    void (*flash)(const struct pm_lines *l, const uint8_t *state, unsigned n, unsigned k, size_t cols,
                  uint16_t *sum, uint32_t *clips);
    /** current[n], n <= PM_LINE_COLS: bitlines' ladders of active cells, from the last row to row 0, a Norton
     * equivalent at a time; the wire between two cells has resistance `wire`. */
    void (*ladders)(const struct pm_lines *l, const double *source, const double *load, double wire, size_t n,
                    double *current);
    /** Bit c mod 64 of mask[c / 64], c < n: whether draw c is below the threshold; zeros up to the word's end. */
    void (*below)(const struct pm_draws *d, uint32_t threshold, size_t n, uint64_t *mask);
    /** Ones in v[n]. */
    uint64_t (*ones)(const uint64_t *v, size_t n);
};

/** Quantiles of tail probabilities 2^-33..1/2 in the units of a draw (analog/random.h), 32 an octave. */
extern const int32_t pm_gauss_quantile[32 * 32 + 1];

/** NULL where the CPU or the compiler lacks it; never for PM_ISA_BEST and PM_ISA_PORTABLE. */
const struct pm_kernels *pm_kernels(enum pm_isa isa);

#endif

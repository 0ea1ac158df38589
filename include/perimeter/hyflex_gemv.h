// SPDX-License-Identifier: Apache-2.0
/* One matrix in HyFlexPIM analog arrays of 64 x 128 cells: array, converter and shift-add, tiled (HyFlexPIM
 * section 3.2; docs/numerics.md, "HyFlexPIM array").
 *
 * A weight has pm_mlc_columns() adjacent columns; a vector is read plane by plane, each plane converts all
 * 128 columns. Row tiles add up in 32 bits, column tiles stand side by side; every tile has its own array and
 * converters. */
#ifndef PM_HYFLEX_GEMV_H
#define PM_HYFLEX_GEMV_H

#include "analog/rram.h"
#include "analog/sar.h"
#include "col_scan.h"
#include "mlc_shift_add.h"
#include "pm_path.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_HYFLEX_ROWS     64
#define PM_HYFLEX_COLS     128
#define PM_HYFLEX_PLANES   8
#define PM_HYFLEX_MAX_SARS 8
#define PM_HYFLEX_MAX_DIM  65536 /**< rows and outputs: 65536 rows of |x w| <= 2^14 stay within int32 */

/** What an array's programming error disturbs. */
enum pm_hyflex_noise {
    PM_HYFLEX_NOISE_CELL,  /**< each cell's conductance, as in an array */
    PM_HYFLEX_NOISE_WEIGHT /**< each weight, W (1 + eta), as in HyFlexPIM's equation 5; golden only */
};

struct pm_hyflex_cfg {
    unsigned cell; /**< bits a cell: 1 (SLC), 2 (MLC); golden only: 3, 4 */
    enum pm_weight_coding weights;
    bool flip;                  /**< column flip, of offset weights; false is literal: full sums may clip */
    enum pm_hyflex_noise noise; /**< of weights: there are no conversions, but their clocks; offset weights,
                                   and of `rram` and `sar` nothing but the cell's sigma and the seed */
    unsigned
        adc; /**< 6, 7; golden only: 8, 9, 10, or 0: ideal (rounds, never clips; costs the clocks of 7) */
    unsigned sars;           /**< converters an array, 1, 2, 4 or 8; column c is converted by c mod sars */
    unsigned read_clocks;    /**< clocks of one array read, 1..4096 */
    struct pm_rram_cfg rram; /**< an all-zero `sar` and a nominal `rram` make everything exact but clipping */
    struct pm_sar_cfg sar;
    enum pm_path path;
    enum pm_isa isa;
};

/** Cost of GEMVs; a caller zeroes it and it adds up. */
struct pm_hyflex_cost {
    uint64_t vectors;
    uint64_t array_reads; /**< planes times arrays */
    uint64_t conversions; /**< all 128 columns of each */
    uint64_t
        wrong; /**< conversions of columns that hold weights whose code is not the sum of the stored states */
    uint64_t cycles; /**< clocks at one plane in pm_hyflex_plane_clocks(); arrays work side by side */
};

void pm_hyflex_cost_add(struct pm_hyflex_cost *sum, const struct pm_hyflex_cost *cost);

/** One programmed array and its converters. */
struct pm_hyflex_tile {
    struct pm_rram *array;
    uint8_t flip[PM_HYFLEX_COLS];
    struct pm_sar sar[PM_HYFLEX_MAX_SARS];
    unsigned rows, outputs; /**< in use: 1..64, 1..pm_hyflex_per() */
};

/** A programmed matrix. Reading it changes nothing: threads may share it. */
struct pm_hyflex;

/** 1-bit cells, column flip, 6 bits, one converter, 128 clocks a read, nominal array. */
struct pm_hyflex_cfg pm_hyflex_default(void);
/** PM_OK, or PM_EINVAL when a member of cfg is outside its documented range. */
pm_status pm_hyflex_check(const struct pm_hyflex_cfg *cfg);

/** Bits that hold every sum of offset weights with column flip, half of the full sum: 6, 7, 8, 9. */
static inline unsigned pm_hyflex_full_adc(unsigned cell) {
    return 5 + cell;
}

/** Outputs of one array: 16 or 32 (42, 64 of 3 and 4 bits a cell), half as many of differential weights. */
static inline unsigned pm_hyflex_per(const struct pm_hyflex_cfg *cfg) {
    return PM_HYFLEX_COLS / pm_mlc_columns(cfg->cell, cfg->weights);
}

/** Programs w[rows][outputs] (row-major). Tile (r, c) of ceil(rows/64) x ceil(outputs/pm_hyflex_per()) has
 * array number array_id + r * column tiles + c for its draws. PM_EINVAL, PM_ENOMEM. */
pm_status pm_hyflex_new(const struct pm_hyflex_cfg *cfg, const int8_t *w, unsigned rows, unsigned outputs,
                        uint32_t array_id, struct pm_hyflex **matrix);
void pm_hyflex_free(struct pm_hyflex *h);

/** y[outputs] = sum_d x[d] * w[d][m], as if through every read and conversion; with disturbed weights rounded
 * to an integer, saturated. `vector` numbers the vectors since programming. cost may be NULL. */
void pm_hyflex_gemv(const struct pm_hyflex *h, const int8_t *x, uint32_t vector, int32_t *y,
                    struct pm_hyflex_cost *cost);

/** pm_hyflex_gemv() of n vectors, `stride` elements apart and numbered from first_vector: y[n][outputs].
 * PM_ENOMEM. */
pm_status pm_hyflex_gemm(const struct pm_hyflex *h, const int8_t *x, size_t stride, unsigned n,
                         uint32_t first_vector, int32_t *y, struct pm_hyflex_cost *cost);

/** The same in its plain form, without short cuts: the reference. */
void pm_hyflex_gemv_plain(const struct pm_hyflex *h, const int8_t *x, uint32_t vector, int32_t *y,
                          struct pm_hyflex_cost *cost);

/** Clocks of one plane in the steady state: max(read_clocks, 128 (n+2) / sars). */
unsigned pm_hyflex_plane_clocks(const struct pm_hyflex_cfg *cfg);

const struct pm_hyflex_cfg *pm_hyflex_config(const struct pm_hyflex *h);
unsigned pm_hyflex_rows(const struct pm_hyflex *h);
unsigned pm_hyflex_outputs(const struct pm_hyflex *h);
/** w[rows][outputs] as given. */
const int8_t *pm_hyflex_weights(const struct pm_hyflex *h);
unsigned pm_hyflex_row_tiles(const struct pm_hyflex *h);
unsigned pm_hyflex_col_tiles(const struct pm_hyflex *h);
/** Pulses that programming took, and cells: all of each array, used or not. */
uint64_t pm_hyflex_pulses(const struct pm_hyflex *h);
uint64_t pm_hyflex_cells(const struct pm_hyflex *h);
/** An array and its converters; of disturbed weights there are none. */
const struct pm_hyflex_tile *pm_hyflex_tile(const struct pm_hyflex *h, unsigned row_tile, unsigned col_tile);

/** The stages of one tile: wordlines[8] of x[tile->rows], code[8][128] of all columns,
 * acc[pm_hyflex_per()] after plane 7. Returns the wrong codes. */
uint64_t pm_hyflex_tile_stages(const struct pm_hyflex *h, const struct pm_hyflex_tile *tile, const int8_t *x,
                               uint32_t vector, uint64_t *wordlines, int32_t *code, int32_t *acc);

#ifdef __cplusplus
}
#endif
#endif

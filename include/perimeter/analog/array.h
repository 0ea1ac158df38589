// SPDX-License-Identifier: Apache-2.0
/* Behavioural models of MRAM and SRAM arrays behind wordlines and flash converters (docs/numerics.md,
 * "Array behaviour").
 *
 * A cell stores one bit. Conductances are drawn when a cell is programmed and are integers from then on; a
 * read sums them over the active wordlines, so that every engine, order and thread count draws the same bits.
 */
#ifndef PM_ARRAY_H
#define PM_ARRAY_H

#include "../pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most wordlines, bitlines and active wordlines of one array. */
#define PM_ARRAY_MAX_ROWS  4096
#define PM_ARRAY_MAX_COLS  (1u << 17)
#define PM_ARRAY_MAX_LINES 256

enum pm_cell { PM_CELL_SRAM, PM_CELL_MRAM };

struct pm_array_cfg {
    enum pm_cell cell;
    unsigned lines;      /**< K, wordlines that one access turns on, dummies among them; 8 in FLARE;
                              1..PM_ARRAY_MAX_LINES */
    bool noise;          /**< false: nominal cells, an exact count of ones */
    double tmr;          /**< MRAM: tunnel magnetoresistance, 1.5 for 150%; 0.01..1e6 */
    double sigma_r;      /**< MRAM: relative standard deviation of a cell's resistance, 0.017; 0..0.15 */
    double read_noise;   /**< standard deviation of one active cell's read noise, in LSB, 0..16 */
    double sense_offset; /**< standard deviation of one column's comparator offset, in LSB, 0..16 */
    uint64_t seed;
};

/** TMR 150%, sigma(R)/R 1.7%, nothing else: chosen here, since FLARE's text has neither, so that six sigma end
 * at its limit of eight wordlines; the pairs that give it: docs/systems/arrays.md. `noise` chooses drawn or nominal
 * cells. */
struct pm_array_cfg pm_array_mram(bool noise, uint64_t seed);
/** SRAM: exact. */
struct pm_array_cfg pm_array_sram(void);

/** PM_OK when cfg is in range, PM_EINVAL otherwise: SRAM has no noise and every deviation 0, an MRAM cell's
 * largest draw stays within 15 LSB (sigma_r against the swing that the TMR leaves). */
pm_status pm_array_check(const struct pm_array_cfg *cfg);

/** Identifies one read for its noise draws: vector since programming, plane, access within the plane. */
struct pm_read_id {
    uint32_t vector;
    uint16_t plane; /**< plane | neg << 8 */
    uint16_t access;
};

struct pm_array;

/** A new array of rows x cols cells that all store 0, with K - 1 dummy rows. `id` keys its random numbers
 * beside the seed. NULL when out of memory, cfg is out of range, rows is not 1..PM_ARRAY_MAX_ROWS or cols
 * not 1..PM_ARRAY_MAX_COLS. */
struct pm_array *pm_array_new(const struct pm_array_cfg *cfg, uint32_t id, unsigned rows, unsigned cols);
void pm_array_free(struct pm_array *a);

/** Programs one cell, row < rows and col < cols. A cell's deviation belongs to the device: programming it
 * again with the same bit gives the same conductance. */
void pm_array_write(struct pm_array *a, unsigned row, unsigned col, bool bit);

/** One access: value[cols], each column in 1/256 LSB (nominally 256 x active cells that store 1). mask has
 *  ceil(rows/64) words; `dummy` dummy wordlines are on, from index 0. */
void pm_array_read(const struct pm_array *a, const uint64_t *mask, unsigned dummy, struct pm_read_id id,
                   int32_t *value);

/** count[cols]: the stored ones under the mask, exact, modulo 256 beyond 255 active rows. */
void pm_array_count(const struct pm_array *a, const uint64_t *mask, uint8_t *count);

/** Half an LSB over the standard deviation of a column's value when `lines` >= 1 active cells all store 1, in
 * sigmas; infinite for nominal cells. FLARE's limit of 8 wordlines is the last above 6. */
double pm_array_margin_sigma(const struct pm_array_cfg *cfg, unsigned lines);

/** P(code != ones) of one conversion by `comparators` comparators, with `lines` active cells of which `ones`
 * store 1 and Gaussian deviations. Codes 0 and `comparators` err to one side only. NaN where ones exceeds
 * lines or comparators. */
double pm_array_code_error(const struct pm_array_cfg *cfg, unsigned lines, unsigned ones,
                           unsigned comparators);

/** Whether a value can differ from 256 x the count. */
bool pm_array_noisy(const struct pm_array *a);

unsigned pm_array_rows(const struct pm_array *a);
unsigned pm_array_cols(const struct pm_array *a);
/** K of its configuration. */
unsigned pm_array_lines(const struct pm_array *a);

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: Apache-2.0
/* Behavioural model of one RRAM array with one to four bits a cell (docs/numerics.md, "Array
 * behaviour"; HyFlexPIM section 3.2: 64 wordlines, 128 bitlines). Any of its wordlines may be on.
 *
 * Cells are drawn when they are programmed and are integers from then on; every draw is keyed by (seed,
 * array) and counted by (row, column) or (column, vector, plane), so that any engine, order or thread count
 * sees the same array. */
#ifndef PM_RRAM_H
#define PM_RRAM_H

#include "array.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_RRAM_MAX_ROWS 512 /**< wordlines: the sum of their cells stays within int32 */

/* Programming errors of a 2-bit cell, relative standard deviation of its conductance. */
#define PM_RRAM_SIGMA_AUTHORS 0.025 /**< HyFlexPIM authors' code */
#define PM_RRAM_SIGMA_CELL    0.132 /**< 4.04% of the cells are nearer to another level */
#define PM_RRAM_SIGMA_BIT     0.174 /**< 4.04% of the bits differ */

struct pm_rram_cfg {
    double on_off;     /**< R_off / R_on, 150 (R_on itself, 6 kOhm, cancels); 2..1e6 */
    double mlc_sigma;  /**< relative standard deviation of the conductance that one pulse gives a cell of 2
                          bits  or more, 0..0.5 */
    double slc_sigma;  /**< the same for 1-bit cells; 0 in the authors' code; 0..0.5 */
    double read_noise; /**< standard deviation of one active cell's read noise, in LSB, 0..16 */
    double stuck_on;   /**< probability that a cell is stuck at g_on, 0..1 */
    double stuck_off;  /**< probability that a cell is stuck at g_off; with stuck_on at most 1 */
    double drift;      /**< retention: conductances have fallen to time^-drift; 0..1 */
    double time;       /**< age over the age at programming, 1..1e12 (1: fresh) */
    double wire;       /**< resistance of the wire between neighbouring cells over R_on, 0..0.01 (IR drop):
                            drivers before column 0, converters below row 0, off rows disconnected */
    double verify; /**< write-and-verify: a pulse is followed by another while the conductance is off by more
                        than this, in LSB;
                            0: one pulse, whatever it gives; 0..0.5 */
    unsigned pulses; /**< most pulses of a cell, 1..1000; the last one's conductance stays */
    bool replica;    /**< a column of off cells subtracts g_off of each active row; false: literal */
    uint64_t seed;
};

/** On/off 150, replica column, fresh, one pulse, exact 1-bit cells, others of mlc_sigma. */
struct pm_rram_cfg pm_rram_preset(double mlc_sigma, uint64_t seed);

/** PM_OK, or PM_EINVAL when a member of cfg is outside its documented range. */
pm_status pm_rram_check(const struct pm_rram_cfg *cfg);

struct pm_rram;

/** An array of rows (1..PM_RRAM_MAX_ROWS) x cols (1..PM_ARRAY_MAX_COLS) cells of `cell` bits (1..4; at
 * most 256 rows of 3 bits, 128 of 4), all programmed to 0. `id` keys its draws beside the seed: a cell's do
 * not depend on the array's size. NULL when out of memory or an argument is out of range. */
struct pm_rram *pm_rram_new(const struct pm_rram_cfg *cfg, uint32_t id, unsigned rows, unsigned cols,
                            unsigned cell);
void pm_rram_free(struct pm_rram *a);

/** Programs all cells: state[row * cols + column], 0..2^cell - 1. */
void pm_rram_program(struct pm_rram *a, const uint8_t *state);
/** Pulses that this took, of all cells together: one each where nothing is verified or drawn. A stuck cell
 * takes all that it may have. */
uint64_t pm_rram_pulses(const struct pm_rram *a);

/** One read: value[cols], each column in 1/256 LSB (nominally 256 times the sum of active cells' states). Bit
 * r mod 64 of wordlines[r / 64] turns row r on; bits beyond the rows do nothing. Of id, vector and plane key
 * the read noise. */
void pm_rram_read(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id, int32_t *value);

/** pm_rram_read() of the columns first..first + n - 1 alone: value[n]. */
void pm_rram_read_columns(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                          unsigned first, unsigned n, int32_t *value);

/** pm_rram_read() where only what a value rounds to, in whole LSB, has to be right. */
void pm_rram_read_rounded(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                          int32_t *value);

/** pm_rram_read() in its plain form, cell by cell in 64 bits: the reference. */
void pm_rram_read_plain(const struct pm_rram *a, const uint64_t *wordlines, struct pm_read_id id,
                        int32_t *value);

/** The sums of what was to be stored: count[cols]. */
void pm_rram_count(const struct pm_rram *a, const uint64_t *wordlines, uint16_t *count);

/** Whether arrays of `cell` bits under cfg are nominal: see pm_rram_nominal(). */
bool pm_rram_is_nominal(const struct pm_rram_cfg *cfg, unsigned cell);

/** Whether every read is exactly 256 times pm_rram_count(). */
bool pm_rram_nominal(const struct pm_rram *a);

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: Apache-2.0
/* Behavioural model of a charge-redistribution SAR converter: seven binary-weighted capacitors (up to ten for
 * cells of 3 and 4 bits), a terminating unit capacitor and a comparator (docs/numerics.md, "Flexible SAR" and
 * "Array behaviour").
 *
 * What a converter is, is drawn once and held in integers; a comparison is then a function of integers and of
 * the conversion's identity, so that the golden model and RTL see the same decisions. */
#ifndef PM_SAR_H
#define PM_SAR_H

#include "../sar_ctrl.h"
#include "array.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pm_sar_cfg {
    double cap_sigma; /**< relative standard deviation of one unit capacitor, 0..0.1; C_b has 2^b units */
    double offset;    /**< standard deviation of a converter's comparator offset, in LSB, 0..16 */
    double noise;     /**< standard deviation of the comparator's noise at each comparison, in LSB, 0..16 */
    uint64_t seed;
};

/** One converter. Members are private to sar.c. */
struct pm_sar {
    bool ideal;
    int64_t step[PM_SAR_MAX_BITS + 1][PM_SAR_MAX_BITS]; /* what capacitor b adds to the DAC in a mode of so
                                                           many bits, in 2^-16 LSB */
    int64_t offset;                                     /* 2^-16 LSB */
    int64_t noise;                                      /* standard deviation, 2^-32 LSB */
    uint32_t key[2], id;
};

/** PM_OK, or PM_EINVAL when a member of cfg is outside its documented range. */
pm_status pm_sar_check(const struct pm_sar_cfg *cfg);

/** Draws converter `index` of array `id`. cfg has passed pm_sar_check(). An all-zero cfg gives an ideal
 * converter. */
void pm_sar_init(struct pm_sar *s, const struct pm_sar_cfg *cfg, uint32_t id, uint32_t index);

/** The comparator's output for DAC code `dac` in a mode of 6 to 10 bits at `vin_q8` (1/256 LSB): true where
 * the voltage, plus half an LSB, offset and noise, is at least the DAC's. The comparison of bit b has its own
 * noise; id.access is the column. */
bool pm_sar_compare(const struct pm_sar *s, unsigned bits, unsigned dac, unsigned b, int32_t vin_q8,
                    struct pm_read_id id);

/** One conversion: pm_sar_code() with this converter's comparisons. */
unsigned pm_sar_convert(const struct pm_sar *s, unsigned bits, int32_t vin_q8, struct pm_read_id id);

/** Static linearity of a converter without noise, exact to its capacitors:
 *  dnl[k] = width of code k in ideal LSB - 1, k = 1..2^bits-2 (a missing code has -1); inl[k] = distance of
 * the transition into code k from the first transition, in ideal LSB, less k - 1, k = 1..2^bits-1. Other
 * elements are 0. Both arrays have 2^bits elements. */
void pm_sar_linearity(const struct pm_sar *s, unsigned bits, double *dnl, double *inl);

/** Model of the energy that one conversion takes from the reference, in C_unit * V_ref^2: the charge that the
 * ideal single-ended array draws while it switches towards `code` by the conventional sequence. Comparator,
 * logic and the reset of the array are not in it. */
double pm_sar_energy(unsigned code, unsigned bits);

#ifdef __cplusplus
}
#endif
#endif

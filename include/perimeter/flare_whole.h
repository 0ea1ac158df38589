// SPDX-License-Identifier: Apache-2.0
/* One matrix in one array all of whose wordlines are on at once: what FLARE compares fixed windows and
 * BitSift with (sections 1 and 3, Figs. 1 and 6). A plane is one access, and its columns need a converter of
 * high resolution, whose cost grows as 2^bits. Golden only: no RTL has it. */
#ifndef PM_FLARE_WHOLE_H
#define PM_FLARE_WHOLE_H

#include "flare_gemv.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most bits of a converter; 12 are exact for PM_MAX_ROWS - 1 rows. */
#define PM_WHOLE_MAX_ADC 12

struct pm_flare_whole;

/** An exact array of rows x outputs*wbits that stores zeros; wbits 2..16, adc 1..PM_WHOLE_MAX_ADC. PM_EINVAL
 * where an argument is out of range; PM_ENOMEM. */
pm_status pm_flare_whole_new(unsigned rows, unsigned outputs, unsigned wbits, unsigned adc,
                             struct pm_flare_whole **matrix);
void pm_flare_whole_free(struct pm_flare_whole *f);

/** Programs w[rows][outputs], row-major, all of it. */
void pm_flare_whole_program(struct pm_flare_whole *f, const int16_t *w);

/** y[n][outputs] of x[n][cfg->rows], cfg->rows being the matrix's. A column's sum s of a plane, 0..rows,
 * becomes the code s where 2^adc > rows, else the nearest of the 2^adc codes that share out 0..rows, halves
 * upwards; y is the codes' sum by plane and column, times rows/(2^adc - 1) in the second case, to nearest,
 * halves upwards. cfg says which planes there are; its mode is no matter. In cost an access is a plane with
 * ones, and a conversion is wrong where its code does not stand for s. cost may be NULL. PM_ENOMEM. */
pm_status pm_flare_whole_gemm(const struct pm_flare_whole *f, const struct pm_bitsift_cfg *cfg,
                              const int32_t *x, unsigned n, int64_t *y, struct pm_gemv_cost *cost);

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: Apache-2.0
/* A network's matrix in 8-bit integers on the host: the numbers that exact HyFlexPIM arrays of 1-bit cells
 * give, without the arrays. */
#ifndef PM_SYSTEM_INT8_H
#define PM_SYSTEM_INT8_H

#include "net/layers.h"

/** One LSB of 8 bits that hold n numbers, `step` apart: max|x|/127; where that is (nearly) 0, 1 will do. */
float pm_int8_scale(const float *x, size_t n, size_t step);

/** Quantised weights. Reading them changes nothing: threads may share them. */
struct pm_int8_linear;

/** Each output has its scale max|w|/127 (1 where that is 0). NULL: out of memory. */
struct pm_int8_linear *pm_int8_linear_new(const struct pm_matrix *l);
void pm_int8_linear_free(struct pm_int8_linear *linear);

/** y[n][out] = x[n][in] W^T + bias: every vector is rounded to int8 at its own scale max|x|/127, sums are
 * exact integers, results are scaled back in float. PM_ENOMEM. */
pm_status pm_int8_linear_run(const struct pm_int8_linear *linear, size_t n, const float *x, float *y);

#endif

// SPDX-License-Identifier: Apache-2.0
/* Products of many vectors and one matrix: y = x w in exact integers, for arrays whose every conversion is
 * proven exact; and in float, for the host. A BLAS would do for the latter but for its rounding: there a
 * row's result depends on how many rows are multiplied with it, and on the machine. */
#ifndef PM_GEMM_H
#define PM_GEMM_H

#include "kernels/simd.h"

/** Elements of a row of x at least: rows, in pairs. */
static inline size_t pm_gemm_stride(unsigned rows) {
    return ((size_t)rows + 1) / 2 * 2;
}

/** Elements of the packed form of w[rows][outputs]. */
static inline size_t pm_gemm_packed(unsigned rows, unsigned outputs) {
    return ((size_t)outputs + PM_PANEL - 1) / PM_PANEL * PM_PANEL * ((rows + 1) / 2 * 2);
}

/** Packs w: panels of PM_PANEL outputs, pairs of rows side by side, zeros beyond both ends. */
void pm_gemm_pack(const int16_t *w, unsigned rows, unsigned outputs, int16_t *packed);

/** y[n][outputs] = x[n][stride] times the packed w. Rows of x are zero from `rows` to pm_gemm_stride(rows);
 * every partial sum of an output fits int32. One of y64 and y32 is NULL. */
void pm_gemm(const struct pm_kernels *k, const int16_t *x, size_t stride, unsigned n, const int16_t *packed,
             unsigned rows, unsigned outputs, int64_t *y64, int32_t *y32);

/** pm_gemm() of x[n][stride] of int32 that fit int16, without padding. PM_ENOMEM. */
pm_status pm_gemm_wide(const struct pm_kernels *k, const int32_t *x, size_t stride, size_t n,
                       const int16_t *packed, unsigned rows, unsigned outputs, int64_t *y);

/** Products that are added up before their sum goes to y: 24 KB of a panel, which stay in the first cache. */
#define PM_SGEMM_DEPTH 384

/** Elements of the packed form of w[depth][outputs] in float. */
static inline size_t pm_sgemm_packed(unsigned depth, unsigned outputs) {
    return ((size_t)outputs + PM_PANEL - 1) / PM_PANEL * PM_PANEL * depth;
}

/** Packs w[d * by_depth + m * by_output]. */
void pm_sgemm_pack(const float *w, size_t by_depth, size_t by_output, unsigned depth, unsigned outputs,
                   float *packed);

/** y[n][ldy] += x[n][ldx] times the packed w, `outputs` of each row; on every machine the same bits, which
 * depend on a row of x and on w alone. */
void pm_sgemm(const struct pm_kernels *k, const float *x, size_t ldx, unsigned n, const float *packed,
              unsigned depth, unsigned outputs, float *y, size_t ldy);

#endif

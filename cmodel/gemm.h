/* The exact integer product y = x w of many vectors, for arrays whose every conversion is proven exact. */
#ifndef PM_GEMM_H
#define PM_GEMM_H

#include "simd/simd.h"

/** Elements of a row of x: rows, padded to whole words of wordlines. */
static inline size_t pm_gemm_stride(unsigned rows) {
    return ((size_t)rows + 63) / 64 * 64;
}

/** Elements of the packed form of w[rows][outputs]. */
static inline size_t pm_gemm_packed(unsigned rows, unsigned outputs) {
    return ((size_t)outputs + PM_PANEL - 1) / PM_PANEL * PM_PANEL * ((rows + 1) / 2 * 2);
}

/** Packs w: panels of PM_PANEL outputs, pairs of rows side by side, zeros beyond both ends. */
void pm_gemm_pack(const int16_t *w, unsigned rows, unsigned outputs, int16_t *packed);

/** y[n][outputs] = x[n][stride] times the packed w. Rows of x are zero from `rows` to the stride; every
 * partial sum of an output fits int32. One of y64 and y32 is NULL. */
void pm_gemm(const struct pm_kernels *k, const int16_t *x, unsigned n, const int16_t *packed, unsigned rows,
             unsigned outputs, int64_t *y64, int32_t *y32);

#endif

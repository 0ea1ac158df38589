// SPDX-License-Identifier: Apache-2.0
#include "kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

void pm_gemm_pack(const int16_t *w, unsigned rows, unsigned outputs, int16_t *packed) {
    for (unsigned m = 0; m < outputs; m += PM_PANEL) {
        const unsigned used = outputs - m < PM_PANEL ? outputs - m : PM_PANEL;
        for (unsigned d = 0; d < rows; d += 2, packed += 2 * PM_PANEL) {
            const int16_t *even = w + (size_t)d * outputs + m, *odd = even + outputs;
            memset(packed, 0, 2 * PM_PANEL * sizeof *packed);
            for (unsigned i = 0; i < used; i++) {
                packed[2 * i] = even[i];
                packed[2 * i + 1] = d + 1 < rows ? odd[i] : 0;
            }
        }
    }
}

void pm_gemm(const struct pm_kernels *k, const int16_t *x, size_t stride, unsigned n, const int16_t *packed,
             unsigned rows, unsigned outputs, int64_t *y64, int32_t *y32) {
    const unsigned pairs = (rows + 1) / 2;
    for (unsigned m = 0; m < outputs; m += PM_PANEL, packed += (size_t)pairs * 2 * PM_PANEL) {
        const unsigned used = outputs - m < PM_PANEL ? outputs - m : PM_PANEL;
        for (unsigned v = 0; v < n; v += k->gemm_rows) {
            int32_t tile[PM_GEMM_ROWS * PM_PANEL];
            const unsigned vectors = n - v < k->gemm_rows ? n - v : k->gemm_rows;
            k->gemm(x + v * stride, stride, vectors, packed, pairs, tile);
            for (unsigned r = 0; r < vectors; r++) {
                const size_t at = (size_t)(v + r) * outputs + m;
                if (y32 != NULL)
                    memcpy(y32 + at, tile + r * PM_PANEL, used * sizeof *y32);
                for (unsigned i = 0; y64 != NULL && i < used; i++)
                    y64[at + i] = tile[r * PM_PANEL + i];
            }
        }
    }
}

void pm_sgemm_pack(const float *w, size_t by_depth, size_t by_output, unsigned depth, unsigned outputs,
                   float *packed) {
    for (unsigned m = 0; m < outputs; m += PM_PANEL) {
        const unsigned used = outputs - m < PM_PANEL ? outputs - m : PM_PANEL;
        for (unsigned d = 0; d < depth; d++, packed += PM_PANEL)
            for (unsigned i = 0; i < PM_PANEL; i++)
                packed[i] = i < used ? w[d * by_depth + (m + i) * by_output] : 0;
    }
}

void pm_sgemm(const struct pm_kernels *k, const float *x, size_t ldx, unsigned n, const float *packed,
              unsigned depth, unsigned outputs, float *y, size_t ldy) {
    for (unsigned m = 0; m < outputs; m += PM_PANEL) {
        const unsigned used = outputs - m < PM_PANEL ? outputs - m : PM_PANEL;
        for (unsigned d = 0; d < depth; d += PM_SGEMM_DEPTH) {
            const unsigned deep = depth - d < PM_SGEMM_DEPTH ? depth - d : PM_SGEMM_DEPTH;
            for (unsigned v = 0; v < n; v += k->gemm_rows) {
                float tile[PM_GEMM_ROWS * PM_PANEL];
                const unsigned vectors = n - v < k->gemm_rows ? n - v : k->gemm_rows;
                k->sgemm(x + v * ldx + d, ldx, vectors, packed, deep, tile);
                for (unsigned r = 0; r < vectors; r++)
                    for (unsigned i = 0; i < used; i++)
                        y[(v + r) * ldy + m + i] += tile[r * PM_PANEL + i];
            }
            packed += (size_t)deep * PM_PANEL;
        }
    }
}

pm_status pm_gemm_wide(const struct pm_kernels *k, const int32_t *x, size_t stride, size_t n,
                       const int16_t *packed, unsigned rows, unsigned outputs, int64_t *y) {
    enum { BLOCK = 64 }; /* vectors, a bound on memory only */
    const size_t padded = pm_gemm_stride(rows);
    int16_t *narrow = calloc((n < BLOCK ? n : BLOCK) * padded, sizeof *narrow);
    if (narrow == NULL)
        return PM_ENOMEM;
    for (size_t v = 0; v < n; v += BLOCK) {
        const unsigned vectors = (unsigned)(n - v < BLOCK ? n - v : BLOCK);
        for (unsigned i = 0; i < vectors; i++)
            for (unsigned r = 0; r < rows; r++)
                narrow[i * padded + r] = (int16_t)x[(v + i) * stride + r];
        pm_gemm(k, narrow, padded, vectors, packed, rows, outputs, y + v * outputs, NULL);
    }
    free(narrow);
    return PM_OK;
}

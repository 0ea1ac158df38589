// SPDX-License-Identifier: Apache-2.0
/* One layer on three engines: its kernels go to memristor arrays, to digital SRAM-CIM or to tiny digital
 * lanes by their size and their weights' exponents; inputs and weights are integers or floating point (Khwa
 * et al., Nature 639, 617 (2025); docs/numerics.md, "Mixed layers"). */
#ifndef PM_MIX_GEMV_H
#define PM_MIX_GEMV_H

#include "pm_types.h"
#include "prealign.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pm_mix_engine { PM_MIX_MEMRISTOR, PM_MIX_SRAM, PM_MIX_TINY };

/** How floating-point weights are aligned. */
enum pm_mix_align {
    PM_MIX_KERNEL, /**< an exponent a column */
    PM_MIX_LAYER,  /**< one exponent for all */
    PM_MIX_INPUT,  /**< product by product, in front of the array; no engine */
    PM_MIX_PRODUCT /**< product by product, behind it; no engine */
};

struct pm_mix_cfg {
    bool x_float, w_float; /**< codes of `format`, else integers of bx and bw bits */
    enum pm_float format;
    unsigned bx, bw;         /**< 4..16, 4..8 */
    bool rx, rw;             /**< floating point is rounded, else truncated */
    bool is_signed;          /**< integer x is two's complement */
    uint32_t theta;          /**< a kernel whose measure is at most this goes to the memristor */
    enum pm_mix_align align; /**< all but PM_MIX_KERNEL: x_float and w_float */
    bool exact;              /**< memristor: a table that never clips, else the default one */
};

/** PM_OK, or PM_EINVAL where a field is out of its range. */
pm_status pm_mix_check(const struct pm_mix_cfg *cfg);

/** What decides about column w[rows], `stride` apart: its largest exponent, or the bit length of its largest
 * |w|. */
unsigned pm_mix_measure(const struct pm_mix_cfg *cfg, const int32_t *w, size_t rows, size_t stride);
/** The engine of a kernel of so many rows and that measure. */
enum pm_mix_engine pm_mix_route(const struct pm_mix_cfg *cfg, size_t rows, unsigned measure);

/** Weights as the engines hold them: q[rows][outputs], the power of two of each column (0 of integers), its
 * engine. */
void pm_mix_weights(const struct pm_mix_cfg *cfg, const int32_t *w, size_t rows, size_t outputs, int16_t *q,
                    int32_t *power, uint8_t *dest);
/** A vector of inputs as the engines get it: q[rows]; returns its power of two (0 of integers). */
int pm_mix_inputs(const struct pm_mix_cfg *cfg, const int32_t *x, size_t rows, int32_t *q);
/** Whether the engines' inputs are two's complement. */
bool pm_mix_signed(const struct pm_mix_cfg *cfg);

/** y[vectors][outputs] = x[vectors][rows] w[rows][outputs]: the dot product where both are integers, else
 * FP32's pattern, 0..2^32-1; dest[outputs]: enum pm_mix_engine. rows 1..65536. PM_EINVAL: cfg or rows;
 * PM_ERANGE: a value that its bits or its format do not hold; PM_ENOMEM. */
pm_status pm_mix_gemv(const struct pm_mix_cfg *cfg, const int32_t *x, const int32_t *w, size_t vectors,
                      size_t rows, size_t outputs, int64_t *y, uint8_t *dest);

#ifdef __cplusplus
}
#endif
#endif

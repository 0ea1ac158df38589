// SPDX-License-Identifier: Apache-2.0
/* binary16 of IEEE 754, correctly rounded to nearest even, with subnormals and both zeros (HyFlexPIM section
 * 5.1; docs/numerics.md, "binary16"). The only NaN that comes out is PM_FP16_NAN; any goes in.
 *
 * A finite number is an integer times 2^-24, so integers define every operation: all end in one rounder. */
#ifndef PM_SFU_FP16_H
#define PM_SFU_FP16_H

#include "pm_types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PM_FP16_SIGN 0x8000u
#define PM_FP16_INF  0x7C00u
#define PM_FP16_NAN  0x7E00u

/** m * 2^e, m of 16 bits with the top one set, or 0; e -200..200. */
struct pm_scale {
    uint32_t m;
    int e;
};

static inline bool pm_fp16_is_nan(uint16_t x) {
    return (x & ~PM_FP16_SIGN) > PM_FP16_INF;
}
static inline bool pm_fp16_is_inf(uint16_t x) {
    return (x & ~PM_FP16_SIGN) == PM_FP16_INF;
}

/** x * 2^24 of a finite x: |x| < 2^40. */
int64_t pm_fp16_fixed(uint16_t x);
/** |x| = s * 2^*e of a finite x that is not 0: s of 11 bits, the top one set. */
uint32_t pm_fp16_normalised(uint16_t x, int *e);

/** The rounder: a * 2^k. |a| < 2^62; 0 gives +0. */
uint16_t pm_fp16_rn(int64_t a, int k);
/** The same of a >= 0 under a sign, so that -0 can come out. */
uint16_t pm_fp16_rn_signed(bool negative, int64_t a, int k);

uint16_t pm_fp16_add(uint16_t a, uint16_t b);
uint16_t pm_fp16_sub(uint16_t a, uint16_t b);
uint16_t pm_fp16_mul(uint16_t a, uint16_t b);
/** a b + c, rounded once. */
uint16_t pm_fp16_fma(uint16_t a, uint16_t b, uint16_t c);
uint16_t pm_fp16_div(uint16_t a, uint16_t b);
uint16_t pm_fp16_sqrt(uint16_t a);
/** -0 < +0; NaN where one is. */
uint16_t pm_fp16_max(uint16_t a, uint16_t b);
/** a * scale. */
uint16_t pm_fp16_i2f(int32_t a, struct pm_scale scale);

enum pm_fp16_function {
    PM_FP16_ADD,
    PM_FP16_SUB,
    PM_FP16_MUL,
    PM_FP16_FMA,
    PM_FP16_DIV,
    PM_FP16_SQRT,
    PM_FP16_MAX,
    PM_FP16_I2F
};
/** What f says of a, b, c, as far as it has them; PM_FP16_I2F: of the integer a and the scale, all others: of
 * the code a. *flags: PM_FP16_NV, PM_FP16_OF or 0. */
uint16_t pm_fp16_apply(enum pm_fp16_function f, int32_t a, uint16_t b, uint16_t c, struct pm_scale scale,
                       unsigned *flags);
enum {
    PM_FP16_NV = 1, /**< the result is NaN */
    PM_FP16_OF = 2, /**< it is infinite and no operand was */
};
/** Operands of f. */
unsigned pm_fp16_operands(enum pm_fp16_function f);

#ifdef __cplusplus
}
#endif
#endif

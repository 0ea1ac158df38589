// SPDX-License-Identifier: Apache-2.0
/* The AVX-512 table on any machine: its intrinsics in plain C (SIMDe). */
#ifdef __x86_64__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wpsabi"
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>

/* What SIMDe 0.7.4 lacks, and an alias that it gets wrong. */
static inline simde__m512i gather(simde__m512i index, const int32_t *base) {
    int32_t i[16];
    simde_mm512_storeu_si512(i, index);
    for (int k = 0; k < 16; k++)
        i[k] = base[i[k]];
    return simde_mm512_loadu_si512(i);
}
#define _mm512_i32gather_epi32(index, base, scale) gather(index, base)
#undef _mm512_madd_epi16
#define _mm512_madd_epi16(a, b) simde_mm512_madd_epi16(a, b)

#define PM_WORDS 8
#define PM_TABLE pm_kernels_emulated
#define PM_NAME  "avx512, emulated"
#include "kernels/kernels.inc"
#pragma GCC diagnostic pop
#endif

// SPDX-License-Identifier: Apache-2.0
#include "kernels/simd.h"

extern const struct pm_kernels pm_kernels_portable;
#ifdef __x86_64__
extern const struct pm_kernels pm_kernels_avx2, pm_kernels_avx512;
#endif

const struct pm_kernels *pm_kernels(enum pm_isa isa) {
    const struct pm_kernels *k = isa == PM_ISA_AVX2 || isa == PM_ISA_AVX512 ? NULL : &pm_kernels_portable;
#ifdef __x86_64__
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (avx2 && (isa == PM_ISA_BEST || isa == PM_ISA_AVX2))
        k = &pm_kernels_avx2;
    if (avx512 && (isa == PM_ISA_BEST || isa == PM_ISA_AVX512))
        k = &pm_kernels_avx512;
#endif
    return k;
}

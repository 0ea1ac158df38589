// SPDX-License-Identifier: Apache-2.0
/* Functions between PM_TARGET_... and PM_TARGET_END are compiled for that instruction set, whatever the
 * flags. */
#ifndef PM_TARGET_H
#define PM_TARGET_H

#include <immintrin.h>

#define PM_AVX2   "avx2,bmi,bmi2,lzcnt,popcnt"
#define PM_AVX512 PM_AVX2 ",avx512f,avx512bw,avx512dq,avx512vl"

#define PM_PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define PM_TARGET(set) PM_PRAGMA(clang attribute push(__attribute__((target(set))), apply_to = function))
#define PM_TARGET_END  PM_PRAGMA(clang attribute pop)
#else
#define PM_TARGET(set) PM_PRAGMA(GCC push_options) PM_PRAGMA(GCC target(set))
#define PM_TARGET_END  PM_PRAGMA(GCC pop_options)
#endif

#endif

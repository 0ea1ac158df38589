// SPDX-License-Identifier: Apache-2.0
#ifdef __x86_64__
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#include <immintrin.h>
#define PM_WORDS 4
#define PM_TABLE pm_kernels_avx2
#define PM_NAME  "avx2"
#include "kernels.inc"
#endif

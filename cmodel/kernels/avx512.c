// SPDX-License-Identifier: Apache-2.0
#ifdef __x86_64__
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl,prefer-vector-width=512")
#include <immintrin.h>
#define PM_WORDS 8
#define PM_TABLE pm_kernels_avx512
#define PM_NAME  "avx512"
#include "kernels.inc"
#endif

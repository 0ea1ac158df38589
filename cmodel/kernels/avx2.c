// SPDX-License-Identifier: Apache-2.0
#ifdef __x86_64__
#include "kernels/target.h"
PM_TARGET(PM_AVX2)
#define PM_WORDS 4
#define PM_TABLE pm_kernels_avx2
#define PM_NAME  "avx2"
#include "kernels.inc"
PM_TARGET_END
#endif

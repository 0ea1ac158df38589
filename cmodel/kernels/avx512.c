// SPDX-License-Identifier: Apache-2.0
#ifdef __x86_64__
/* At -O0 GCC's gather is a macro, and its own conversion of -1 counts as ours; AVX2's file has this warning.
 */
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "kernels/target.h"
PM_TARGET(PM_AVX512)
#define PM_WORDS 8
#define PM_TABLE pm_kernels_avx512
#define PM_NAME  "avx512"
#include "kernels.inc"
PM_TARGET_END
#endif

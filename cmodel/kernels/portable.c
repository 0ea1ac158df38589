// SPDX-License-Identifier: Apache-2.0
/* Plain C, for any machine. */
#define PM_WORDS 2
#define PM_TABLE pm_kernels_portable
#define PM_NAME  "portable"
#include "kernels.inc"

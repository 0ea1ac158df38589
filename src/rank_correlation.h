// SPDX-License-Identifier: Apache-2.0
/* Spearman's rank correlation. */
#ifndef PM_RANK_CORRELATION_H
#define PM_RANK_CORRELATION_H

#include <stddef.h>

/** Of a[n] and b[n], which are finite; equal values share their mean rank. NAN: n < 2, one of them is
 * constant, or out of memory. */
double pm_spearman(const double *a, const double *b, size_t n);

#endif

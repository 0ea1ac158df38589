// SPDX-License-Identifier: Apache-2.0
/* One-line diagnostics of the file readers: which file, and why. */
#ifndef PM_NET_DIAG_H
#define PM_NET_DIAG_H

#include "pm_types.h"

/** Where a reader's complaint goes. */
struct pm_diag {
    const char *path; /**< the file being read */
    char *err;        /**< receives "PATH: reason"; may be NULL where errlen is 0 */
    size_t errlen;    /**< bytes of err, the terminating NUL included */
};

/** Writes "PATH: reason" to d->err, cut to its length, control characters replaced by '?' (names come from
 * hostile files), and returns s. */
pm_status pm_diag_fail(const struct pm_diag *d, pm_status s, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

// SPDX-License-Identifier: Apache-2.0
/* One line of error text: what is wrong (a file or a setting), and why. */
#ifndef PM_IO_ERROR_H
#define PM_IO_ERROR_H

#include "pm_types.h"

struct pm_error {
    char text[4096 + 512]; /**< a path and a reason; one line */
};

/** Writes "SUBJECT: REASON" into *e, control characters replaced so that it stays one line, and returns
 * `status`. */
__attribute__((format(printf, 4, 5))) pm_status pm_fail(struct pm_error *e, pm_status status,
                                                        const char *subject, const char *format, ...);

/** Prints "perimeter: TEXT" on stderr. */
void pm_error_print(const struct pm_error *e);

#endif

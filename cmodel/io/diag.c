// SPDX-License-Identifier: Apache-2.0
#include "io/diag.h"

#include <stdarg.h>
#include <stdio.h>

pm_status pm_diag_fail(const struct pm_diag *d, pm_status s, const char *format, ...) {
    if (d->errlen == 0)
        return s;
    int used = snprintf(d->err, d->errlen, "%s: ", d->path);
    if (used >= 0 && (size_t)used < d->errlen) {
        va_list args;
        va_start(args, format);
        vsnprintf(d->err + used, d->errlen - (size_t)used, format, args);
        va_end(args);
    }
    for (char *c = d->err; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 127)
            *c = '?';
    return s;
}

// SPDX-License-Identifier: Apache-2.0
#include "io/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

pm_status pm_fail(struct pm_error *e, pm_status status, const char *subject, const char *format, ...) {
    char reason[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(reason, sizeof reason, format, ap);
    va_end(ap);
    /* A path that does not fit is cut, so that the reason always shows. */
    snprintf(e->text, sizeof e->text, "%.*s: %s", (int)(sizeof e->text - strlen(reason) - 3), subject,
             reason);
    for (char *c = e->text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return status;
}

void pm_error_print(const struct pm_error *e) {
    fprintf(stderr, "perimeter: %s\n", e->text);
}

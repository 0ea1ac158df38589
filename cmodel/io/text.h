// SPDX-License-Identifier: Apache-2.0
/* Text files, whole. */
#ifndef PM_IO_TEXT_H
#define PM_IO_TEXT_H

#include "io/error.h"

/** Reads the file or pipe `path` into new memory, which the caller frees: *length bytes, at most `most`, and
 * a zero. PM_EIO, PM_ENOMEM, PM_EFORMAT (longer); then *text is NULL. */
pm_status pm_text_load(const char *path, size_t most, char **text, size_t *length, struct pm_error *e);

/** Bytes of the well-formed UTF-8 sequence at s (RFC 3629: shortest form, no surrogates, up to U+10FFFF), or
 * 0; 0 for a zero byte, with which the text ends. */
size_t pm_utf8_length(const char *s);

#endif

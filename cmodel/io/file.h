// SPDX-License-Identifier: Apache-2.0
/* Binary files that are read by their size. */
#ifndef PM_IO_FILE_H
#define PM_IO_FILE_H

#include <stdio.h>

#include "io/error.h"

/** Opens the regular file `path`; *size is its bytes. PM_EIO where it is none (a named pipe does not hang),
 * PM_ENOMEM. */
pm_status pm_file_open(const char *path, FILE **file, uint64_t *size, struct pm_error *e);

#endif

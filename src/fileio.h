// SPDX-License-Identifier: Apache-2.0
/* Output files that appear complete or not at all.
 *
 * Each file is written beside its target under a temporary name and renamed when everything has succeeded. A
 * target that exists and is no regular file (a pipe, a device) is written to directly. */
#ifndef PM_FILEIO_H
#define PM_FILEIO_H

#include "io/error.h"

#include <stdio.h>

struct pm_outfile {
    const char *path; /**< as the user wrote it; must outlive the struct */
    char *target;     /**< absolute, symbolic links resolved */
    char *temp;       /**< the temporary file, NULL where none is there */
    bool direct;      /**< the target is no regular file */
    bool renamed;
};

/** Checks that `path` can be written (folder there and writable, no directory, not read-only) without
 * creating anything. *o needs pm_outfile_free in any case. */
pm_status pm_outfile_plan(struct pm_outfile *o, const char *path, struct pm_error *e);

/** Whether two planned files are the same one. */
bool pm_outfile_same(const struct pm_outfile *a, const struct pm_outfile *b);

/** Writes content to f; false on error, with errno set. */
typedef bool pm_writer(FILE *f, const void *content);

/** Writes n files: all of them, or none that stays. Signals that would end the program wait meanwhile, so
 * that no temporary file is left. content[i] goes to o[i], which was planned; where it is NULL, o[i] is not
 * touched. */
pm_status pm_outfile_write_all(struct pm_outfile *o, size_t n, pm_writer *writer, const void *const *content,
                               struct pm_error *e);

/** pm_writers of a string: as it is, and as a line. */
bool pm_write_text(FILE *f, const void *text);
bool pm_write_line(FILE *f, const void *text);

/** Frees the names. */
void pm_outfile_free(struct pm_outfile *o);

#endif

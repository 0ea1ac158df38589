// SPDX-License-Identifier: Apache-2.0
/* Pairs of texts in a file of tab-separated columns. */
#ifndef PM_PAIRS_H
#define PM_PAIRS_H

#include "io/error.h"

#define PM_PAIRS_BYTES ((size_t)1 << 30) /**< of a file, at most */

struct pm_pairs {
    size_t count;
    char **text; /**< [2 * count] UTF-8 without tabs, line feeds and zero bytes; not empty, but for answers */
    double *score; /**< [count], NULL without a score column */
    char *memory;  /**< what `text` points into */
};

/** Which columns are read; all count from 1. */
struct pm_pairs_columns {
    unsigned text[2]; /**< both 0: the first two but the score's */
    unsigned score;   /**< 0: none */
    bool header;      /**< the first line names the columns and is passed over */
    bool answers;     /**< the second text is an answer to the first, and may be empty */
};

/** Reads the file `path`, one pair a line, every line of it: a byte order mark, carriage returns before line
 * feeds and empty lines at the end are passed over. PM_EFORMAT: "PATH: line N: reason" for a line that lacks
 * a column, is not UTF-8, has a zero byte, an empty sentence or a score that is no number; or no line at all,
 * or more than PM_PAIRS_BYTES.
 * PM_EIO, PM_ENOMEM. After an error nothing is left allocated. */
pm_status pm_pairs_load(struct pm_pairs *p, const char *path, const struct pm_pairs_columns *columns,
                        struct pm_error *e);
/** A zeroed struct is accepted. */
void pm_pairs_free(struct pm_pairs *p);

#endif

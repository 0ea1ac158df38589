// SPDX-License-Identifier: Apache-2.0
/* Streaming reader of IDX files of unsigned bytes (the format of MNIST), gzip-compressed or not. */
#ifndef PM_NET_IDX_H
#define PM_NET_IDX_H

#include <zlib.h>

#include "io/error.h"

#define PM_IDX_MAX_RANK 4
/** Largest item (the product of all dimensions but the first), bytes. */
#define PM_IDX_MAX_ITEM ((uint64_t)1 << 24)

/** An open file, read from its first item to its last; memory does not depend on the number of items. */
struct pm_idx {
    gzFile file;
    char *path;
    unsigned rank;
    uint32_t dim[PM_IDX_MAX_RANK]; /**< dim[0] items of dim[1] x ... bytes */
    size_t item;                   /**< bytes of one item, 1..PM_IDX_MAX_ITEM */
    uint32_t next;                 /**< the item that the next read starts at */
};

/** Opens `path`, which must hold unsigned bytes in `rank` dimensions (1: labels, 3: images; at most
 *  PM_IDX_MAX_RANK, otherwise PM_EINVAL). PM_EIO, PM_EFORMAT, PM_ESHAPE (another rank), PM_ENOMEM; then
 * *e says "PATH: reason" in one line and nothing is left open. */
pm_status pm_idx_open(struct pm_idx *idx, const char *path, unsigned rank, struct pm_error *e);

/** Reads the next `items` items into out[items][idx->item]. PM_EINVAL: fewer are left; PM_EFORMAT: the file
 * is truncated, corrupt, or goes on after its last item (seen when that is read); PM_EIO. */
pm_status pm_idx_read(struct pm_idx *idx, size_t items, uint8_t *out, struct pm_error *e);

/** Closes an open file; a zeroed struct is accepted. */
void pm_idx_close(struct pm_idx *idx);

#endif

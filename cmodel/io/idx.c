// SPDX-License-Identifier: Apache-2.0
#include "io/idx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IDX_UNSIGNED_BYTE 8

/* Reads exactly n bytes. */
static pm_status read_bytes(const struct pm_idx *idx, uint8_t *out, size_t n, struct pm_error *e) {
    const size_t most = (size_t)1 << 30; /* gzread returns an int */
    while (n > 0) {
        int got = gzread(idx->file, out, (unsigned)(n < most ? n : most));
        if (got < 0) {
            int code;
            gzerror(idx->file, &code);
            if (code == Z_ERRNO)
                return pm_fail(e, PM_EIO, idx->path, "%s", strerror(errno));
            return pm_fail(e, PM_EFORMAT, idx->path, "corrupt or truncated gzip data");
        }
        if (got == 0)
            return pm_fail(e, PM_EFORMAT, idx->path, "truncated: %zu bytes are missing", n);
        out += got;
        n -= (size_t)got;
    }
    return PM_OK;
}

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static pm_status read_header(struct pm_idx *idx, unsigned rank, struct pm_error *e) {
    uint8_t magic[4], dims[4 * PM_IDX_MAX_RANK];
    pm_status s = read_bytes(idx, magic, sizeof magic, e);
    if (s != PM_OK)
        return s;
    if (magic[0] != 0 || magic[1] != 0)
        return pm_fail(e, PM_EFORMAT, idx->path, "not an IDX file: it does not start with two zero bytes");
    if (magic[2] != IDX_UNSIGNED_BYTE)
        return pm_fail(e, PM_EFORMAT, idx->path, "IDX data type 0x%02x, expected 0x08 (unsigned byte)",
                       magic[2]);
    if (magic[3] != rank)
        return pm_fail(e, PM_ESHAPE, idx->path, "rank is %u, expected %u", magic[3], rank);
    s = read_bytes(idx, dims, 4 * (size_t)rank, e);
    if (s != PM_OK)
        return s;
    uint64_t item = 1;
    for (unsigned i = 0; i < rank; i++) {
        idx->dim[i] = big_endian(dims + 4 * i);
        if (i == 0)
            continue;
        item *= idx->dim[i]; /* below 2^24 * 2^32 */
        if (item == 0 || item > PM_IDX_MAX_ITEM)
            return pm_fail(e, PM_EFORMAT, idx->path, "an item of more than %llu or of no bytes",
                           (unsigned long long)PM_IDX_MAX_ITEM);
    }
    idx->rank = rank;
    idx->item = (size_t)item;
    return PM_OK;
}

pm_status pm_idx_open(struct pm_idx *idx, const char *path, unsigned rank, struct pm_error *e) {
    memset(idx, 0, sizeof *idx);
    if (rank < 1 || rank > PM_IDX_MAX_RANK)
        return pm_fail(e, PM_EINVAL, path, "rank %u was asked for, not in 1..%d", rank, PM_IDX_MAX_RANK);
    idx->path = strdup(path);
    if (idx->path == NULL)
        return pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    errno = 0; /* gzopen leaves it alone where memory runs out */
    idx->file = gzopen(path, "rb");
    pm_status s;
    if (idx->file != NULL)
        s = read_header(idx, rank, e);
    else if (errno != 0)
        s = pm_fail(e, PM_EIO, path, "%s", strerror(errno));
    else
        s = pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    if (s != PM_OK)
        pm_idx_close(idx);
    return s;
}

pm_status pm_idx_read(struct pm_idx *idx, size_t items, uint8_t *out, struct pm_error *e) {
    if (items > idx->dim[0] - idx->next)
        return pm_fail(e, PM_EINVAL, idx->path, "%zu items were asked for, %u are left", items,
                       idx->dim[0] - idx->next);
    for (size_t i = 0; i < items; i++) {
        pm_status s = read_bytes(idx, out + i * idx->item, idx->item, e);
        if (s != PM_OK)
            return s;
        idx->next++;
    }
    if (items > 0 && idx->next == idx->dim[0]) {
        /* Reading on is also what makes zlib compare the checksum; a cut one is no error to gzread. */
        uint8_t extra;
        int got = gzread(idx->file, &extra, 1), code = Z_OK;
        gzerror(idx->file, &code);
        if (got != 0 || code == Z_BUF_ERROR)
            return pm_fail(e, PM_EFORMAT, idx->path, "%s after the last item",
                           got > 0 ? "more data" : "corrupt or truncated gzip data");
    }
    return PM_OK;
}

void pm_idx_close(struct pm_idx *idx) {
    if (idx->file != NULL)
        gzclose(idx->file);
    free(idx->path);
    memset(idx, 0, sizeof *idx);
}

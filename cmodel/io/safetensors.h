// SPDX-License-Identifier: Apache-2.0
/* Reading float32 tensors from a safetensors file, which may be hostile. */
#ifndef PM_NET_SAFETENSORS_H
#define PM_NET_SAFETENSORS_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "io/error.h"

/** An open file. Memory is that of its header; tensors are read one at a time. Not for several threads at
 * once. */
struct pm_safetensors {
    FILE *file;
    char *path;
    cJSON *header;
    uint64_t data_start; /**< file offset of the byte that data_offsets count from */
    uint64_t data_size;  /**< bytes from there to the file's end */
};

/** Opens `path` and checks its header as the format's reference implementation does: 8 bytes of little-endian
 * length, at most 8 MiB and within the file, and that many bytes of JSON (io/json.h), in which every tensor
 * has a dtype of the format, a shape and data_offsets that agree, and all tensors together are the data, in
 * any order: no overlap, no gap, nothing behind. PM_EIO, PM_EFORMAT, PM_ENOMEM; then *e says "PATH: reason"
 * in one line and nothing is left open. */
pm_status pm_safetensors_open(struct pm_safetensors *st, const char *path, struct pm_error *e);

/** Reads tensor `name` of dtype F32 and exactly shape[rank] into a new array, row-major, that the caller
 * frees. PM_EFORMAT: missing, another dtype, an element that is not finite; PM_ESHAPE; PM_EIO; PM_ENOMEM;
 * then *out is NULL and *e says why. No memory is taken before the file is known to hold that many bytes. */
pm_status pm_safetensors_f32(const struct pm_safetensors *st, const char *name, unsigned rank,
                             const size_t *shape, float **out, struct pm_error *e);

/** Closes an open file; a zeroed struct is accepted. */
void pm_safetensors_close(struct pm_safetensors *st);

#endif

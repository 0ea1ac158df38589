// SPDX-License-Identifier: Apache-2.0
#include "io/safetensors.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(float) == 4,
               "tensors are copied as they are stored: little-endian IEEE 754");

static pm_status read_header(struct pm_safetensors *st, struct pm_error *e) {
    struct stat info;
    if (fstat(fileno(st->file), &info) != 0)
        return pm_fail(e, PM_EIO, st->path, "%s", strerror(errno));
    if (!S_ISREG(info.st_mode))
        return pm_fail(e, PM_EIO, st->path, "not a regular file");
    uint64_t size = (uint64_t)info.st_size;
    unsigned char prefix[8];
    if (size < sizeof prefix || fread(prefix, 1, sizeof prefix, st->file) != sizeof prefix)
        return pm_fail(e, PM_EFORMAT, st->path, "truncated: %llu bytes, a safetensors file has at least 8",
                       (unsigned long long)size);
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | prefix[i];
    if (length > size - sizeof prefix)
        return pm_fail(e, PM_EFORMAT, st->path, "header length %llu exceeds the file's %llu bytes",
                       (unsigned long long)length, (unsigned long long)size);
    if (length > PM_JSON_MAX)
        return pm_fail(e, PM_EFORMAT, st->path, "header length %llu exceeds %zu", (unsigned long long)length,
                       PM_JSON_MAX);
    char *text = malloc((size_t)length + 1);
    if (text == NULL)
        return pm_fail(e, PM_ENOMEM, st->path, "%s", pm_strerror(PM_ENOMEM));
    pm_status s;
    if (fread(text, 1, (size_t)length, st->file) != length) {
        s = pm_fail(e, PM_EIO, st->path, "header could not be read");
    } else {
        text[length] = '\0';
        struct pm_json json = {st->path, e, NULL};
        s = pm_json_parse(&json, text, (size_t)length);
        st->header = json.root;
    }
    free(text);
    st->data_start = sizeof prefix + length;
    st->data_size = size - st->data_start;
    return s;
}

pm_status pm_safetensors_open(struct pm_safetensors *st, const char *path, struct pm_error *e) {
    memset(st, 0, sizeof *st);
    st->path = strdup(path);
    if (st->path == NULL)
        return pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    st->file = fopen(path, "rb");
    pm_status s = st->file == NULL ? pm_fail(e, PM_EIO, path, "%s", strerror(errno)) : read_header(st, e);
    if (s != PM_OK)
        pm_safetensors_close(st);
    return s;
}

static pm_status check_shape(const struct pm_safetensors *st, struct pm_error *e, const cJSON *tensor,
                             const char *name, unsigned rank, const size_t *shape) {
    const cJSON *dims = cJSON_GetObjectItemCaseSensitive(tensor, "shape");
    if (!cJSON_IsArray(dims))
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s: no shape", name);
    unsigned i = 0;
    for (const cJSON *dim = dims->child; dim != NULL; dim = dim->next, i++) {
        if (i == rank)
            return pm_fail(e, PM_ESHAPE, st->path, "tensor %s: rank exceeds %u", name, rank);
        if (!cJSON_IsNumber(dim))
            return pm_fail(e, PM_EFORMAT, st->path, "tensor %s: dimension %u is not a number", name, i);
        if (dim->valuedouble != (double)shape[i])
            return pm_fail(e, PM_ESHAPE, st->path, "tensor %s: dimension %u is %g, expected %zu", name, i,
                           dim->valuedouble, shape[i]);
    }
    if (i != rank)
        return pm_fail(e, PM_ESHAPE, st->path, "tensor %s: rank is %u, expected %u", name, i, rank);
    return PM_OK;
}

/* Where a checked tensor lies: the file offset of its first byte; bytes = 4 * count. */
static pm_status locate(const struct pm_safetensors *st, struct pm_error *e, const char *name, unsigned rank,
                        const size_t *shape, size_t count, off_t *offset) {
    const cJSON *tensor = cJSON_GetObjectItemCaseSensitive(st->header, name);
    if (!cJSON_IsObject(tensor))
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s is missing", name);
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(tensor, "dtype");
    if (!cJSON_IsString(dtype))
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s: no dtype", name);
    if (strcmp(dtype->valuestring, "F32") != 0)
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s: dtype %.16s, expected F32", name,
                       dtype->valuestring);
    pm_status s = check_shape(st, e, tensor, name, rank, shape);
    if (s != PM_OK)
        return s;
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(tensor, "data_offsets");
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s: no pair of data_offsets", name);
    int64_t begin, end, size = (int64_t)st->data_size;
    if (!pm_json_is_integer(offsets->child, 0, size, &begin) ||
        !pm_json_is_integer(offsets->child->next, begin, size, &end))
        return pm_fail(e, PM_EFORMAT, st->path,
                       "tensor %s: data_offsets %g..%g are outside the file's 0..%lld", name,
                       cJSON_GetNumberValue(offsets->child), cJSON_GetNumberValue(offsets->child->next),
                       (long long)size);
    if ((uint64_t)(end - begin) / 4 != count || (end - begin) % 4 != 0)
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s: %lld bytes for %zu elements of 4", name,
                       (long long)(end - begin), count);
    *offset = (off_t)(st->data_start + (uint64_t)begin);
    return PM_OK;
}

pm_status pm_safetensors_f32(const struct pm_safetensors *st, const char *name, unsigned rank,
                             const size_t *shape, float **out, struct pm_error *e) {
    *out = NULL;
    size_t count = 1;
    for (unsigned i = 0; i < rank; i++)
        if (__builtin_mul_overflow(count, shape[i], &count))
            return pm_fail(e, PM_ESHAPE, st->path, "tensor %s: more elements than memory can have", name);
    off_t offset = 0;
    pm_status s = locate(st, e, name, rank, shape, count, &offset);
    if (s != PM_OK)
        return s;
    float *data = malloc(count == 0 ? 1 : count * sizeof *data);
    if (data == NULL)
        return pm_fail(e, PM_ENOMEM, st->path, "tensor %s: %s", name, pm_strerror(PM_ENOMEM));
    if (fseeko(st->file, offset, SEEK_SET) != 0 || fread(data, sizeof *data, count, st->file) != count)
        s = pm_fail(e, PM_EIO, st->path, "tensor %s could not be read", name);
    for (size_t i = 0; s == PM_OK && i < count; i++)
        if (!isfinite(data[i]))
            s = pm_fail(e, PM_EFORMAT, st->path, "tensor %s: element %zu is not finite", name, i);
    if (s != PM_OK) {
        free(data);
        return s;
    }
    *out = data;
    return PM_OK;
}

void pm_safetensors_close(struct pm_safetensors *st) {
    if (st->file != NULL)
        fclose(st->file);
    cJSON_Delete(st->header);
    free(st->path);
    memset(st, 0, sizeof *st);
}

// SPDX-License-Identifier: Apache-2.0
#include "io/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "io/json.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && sizeof(float) == 4,
               "tensors are copied as they are stored: little-endian IEEE 754");

#define LARGEST ((int64_t)1 << 53) /* that JSON's numbers hold exactly */

/* A tensor's bytes, counted from data_start. */
struct span {
    const char *name;
    int64_t begin, end;
};

/* The format's dtypes and the bits of an element; 0: none of them. */
static unsigned dtype_bits(const char *name) {
    static const struct {
        const char *name;
        unsigned bits;
    } dtypes[] = {{"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
                  {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
                  {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
                  {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
                  {"I64", 64},        {"U64", 64}};
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(name, dtypes[i].name) == 0)
            return dtypes[i].bits;
    return 0;
}

/* Whether `shape` of elements of `bits` takes `bytes` bytes. */
static bool shape_takes(const cJSON *shape, unsigned bits, uint64_t bytes) {
    uint64_t total = 1;
    int64_t dim;
    for (const cJSON *item = shape->child; item != NULL; item = item->next)
        if (!pm_json_is_integer(item, 0, LARGEST, &dim) ||
            __builtin_mul_overflow(total, (uint64_t)dim, &total))
            return false;
    return !__builtin_mul_overflow(total, bits, &total) && total % 8 == 0 && total / 8 == bytes;
}

static pm_status check_tensor(const struct pm_safetensors *st, const cJSON *tensor, struct span *span,
                              struct pm_error *e) {
    const char *name = tensor->string, *wrong = NULL;
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(tensor, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(tensor, "shape");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(tensor, "data_offsets");
    span->name = name;
    if (!cJSON_IsObject(tensor))
        wrong = "no object";
    else if (!cJSON_IsString(dtype) || dtype_bits(dtype->valuestring) == 0)
        wrong = "no dtype, or one that the format does not have";
    else if (!cJSON_IsArray(shape))
        wrong = "no shape";
    else if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2)
        wrong = "no pair of data_offsets";
    else if (!pm_json_is_integer(offsets->child, 0, LARGEST, &span->begin) ||
             !pm_json_is_integer(offsets->child->next, span->begin, LARGEST, &span->end))
        wrong = "data_offsets are no integers, or run backwards";
    else if (!shape_takes(shape, dtype_bits(dtype->valuestring), (uint64_t)(span->end - span->begin)))
        wrong = "the shape does not take the bytes of data_offsets";
    return wrong == NULL ? PM_OK : pm_fail(e, PM_EFORMAT, st->path, "tensor %.80s: %s", name, wrong);
}

static pm_status check_metadata(const struct pm_safetensors *st, const cJSON *metadata, struct pm_error *e) {
    bool good = cJSON_IsObject(metadata) || cJSON_IsNull(metadata);
    for (const cJSON *item = metadata->child; item != NULL; item = item->next)
        good = good && cJSON_IsString(item);
    return good ? PM_OK : pm_fail(e, PM_EFORMAT, st->path, "__metadata__ is no object of strings");
}

static int by_place(const void *a, const void *b) {
    const struct span *x = a, *y = b;
    return x->begin != y->begin ? (x->begin > y->begin) - (x->begin < y->begin)
                                : (x->end > y->end) - (x->end < y->end);
}

/* Every member of the header has its form, and the tensors fill the data: no overlap, no gap, nothing behind.
 */
static pm_status check_header(const struct pm_safetensors *st, struct pm_error *e) {
    struct span *spans = malloc(((size_t)cJSON_GetArraySize(st->header) + 1) * sizeof *spans);
    if (spans == NULL)
        return pm_fail(e, PM_ENOMEM, st->path, "%s", pm_strerror(PM_ENOMEM));
    size_t n = 0;
    pm_status s = PM_OK;
    for (const cJSON *item = st->header->child; item != NULL && s == PM_OK; item = item->next)
        if (strcmp(item->string, "__metadata__") == 0)
            s = check_metadata(st, item, e);
        else
            s = check_tensor(st, item, &spans[n++], e);
    if (s == PM_OK)
        qsort(spans, n, sizeof *spans, by_place);
    int64_t end = 0;
    for (size_t i = 0; i < n && s == PM_OK; end = spans[i++].end)
        if (spans[i].begin != end)
            s = pm_fail(e, PM_EFORMAT, st->path, "tensor %.80s %s the one before it", spans[i].name,
                        spans[i].begin < end ? "overlaps" : "leaves a gap to");
    if (s == PM_OK && (uint64_t)end != st->data_size)
        s = pm_fail(e, PM_EFORMAT, st->path, "%s: the tensors take %lld bytes, the file has %llu",
                    (uint64_t)end > st->data_size ? "truncated" : "trailing bytes", (long long)end,
                    (unsigned long long)st->data_size);
    free(spans);
    return s;
}

static pm_status read_header(struct pm_safetensors *st, uint64_t size, struct pm_error *e) {
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
    struct pm_json json = {st->path, e, NULL};
    pm_status s;
    if (fread(text, 1, (size_t)length, st->file) != length) {
        s = pm_fail(e, PM_EIO, st->path, "header could not be read");
    } else {
        text[length] = '\0';
        s = pm_json_parse(&json, text, (size_t)length);
    }
    free(text);
    st->header = json.root;
    st->data_start = sizeof prefix + length;
    st->data_size = size - st->data_start;
    return s == PM_OK ? check_header(st, e) : s;
}

pm_status pm_safetensors_open(struct pm_safetensors *st, const char *path, struct pm_error *e) {
    uint64_t size;
    memset(st, 0, sizeof *st);
    pm_status s = pm_file_open(path, &st->file, &size, e);
    if (s == PM_OK && (st->path = strdup(path)) == NULL)
        s = pm_fail(e, PM_ENOMEM, path, "%s", pm_strerror(PM_ENOMEM));
    if (s == PM_OK)
        s = read_header(st, size, e);
    if (s != PM_OK)
        pm_safetensors_close(st);
    return s;
}

/* That a checked tensor is F32 of this shape. */
static pm_status check_kind(const struct pm_safetensors *st, const cJSON *tensor, unsigned rank,
                            const size_t *shape, struct pm_error *e) {
    const char *name = tensor->string;
    const char *dtype = cJSON_GetObjectItemCaseSensitive(tensor, "dtype")->valuestring;
    const cJSON *dims = cJSON_GetObjectItemCaseSensitive(tensor, "shape");
    if (strcmp(dtype, "F32") != 0)
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s: dtype %s, expected F32", name, dtype);
    if ((unsigned)cJSON_GetArraySize(dims) != rank)
        return pm_fail(e, PM_ESHAPE, st->path, "tensor %s: rank is %d, expected %u", name,
                       cJSON_GetArraySize(dims), rank);
    const cJSON *dim = dims->child;
    for (unsigned i = 0; i < rank; i++, dim = dim->next)
        if (dim->valuedouble != (double)shape[i])
            return pm_fail(e, PM_ESHAPE, st->path, "tensor %s: dimension %u is %g, expected %zu", name, i,
                           dim->valuedouble, shape[i]);
    return PM_OK;
}

pm_status pm_safetensors_f32(const struct pm_safetensors *st, const char *name, unsigned rank,
                             const size_t *shape, float **out, struct pm_error *e) {
    *out = NULL;
    const cJSON *tensor = cJSON_GetObjectItemCaseSensitive(st->header, name);
    if (tensor == NULL || strcmp(name, "__metadata__") == 0)
        return pm_fail(e, PM_EFORMAT, st->path, "tensor %s is missing", name);
    pm_status s = check_kind(st, tensor, rank, shape, e);
    if (s != PM_OK)
        return s;
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(tensor, "data_offsets");
    const uint64_t begin = (uint64_t)offsets->child->valuedouble;
    const size_t count = ((size_t)offsets->child->next->valuedouble - begin) / sizeof **out;
    float *data = malloc(count == 0 ? 1 : count * sizeof *data);
    if (data == NULL)
        return pm_fail(e, PM_ENOMEM, st->path, "tensor %s: %s", name, pm_strerror(PM_ENOMEM));
    if (fseeko(st->file, (off_t)(st->data_start + begin), SEEK_SET) != 0 ||
        fread(data, sizeof *data, count, st->file) != count)
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

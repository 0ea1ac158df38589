// SPDX-License-Identifier: Apache-2.0
#include "io/tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    size_t size;
    int64_t min, max;
} dtypes[PM_DTYPES] = {
    [PM_INT8] = {"int8", 1, INT8_MIN, INT8_MAX},     [PM_UINT8] = {"uint8", 1, 0, UINT8_MAX},
    [PM_INT16] = {"int16", 2, INT16_MIN, INT16_MAX}, [PM_INT32] = {"int32", 4, INT32_MIN, INT32_MAX},
    [PM_INT64] = {"int64", 8, INT64_MIN, INT64_MAX},
};

const char *pm_dtype_name(enum pm_dtype d) {
    return dtypes[d].name;
}
size_t pm_dtype_size(enum pm_dtype d) {
    return dtypes[d].size;
}
int64_t pm_dtype_min(enum pm_dtype d) {
    return dtypes[d].min;
}
int64_t pm_dtype_max(enum pm_dtype d) {
    return dtypes[d].max;
}

bool pm_shape_size(unsigned rank, const size_t *shape, size_t element, size_t *count, size_t *bytes) {
    *count = 1;
    for (unsigned d = 0; d < rank; d++)
        if (__builtin_mul_overflow(*count, shape[d], count))
            return false;
    return !__builtin_mul_overflow(*count, element, bytes);
}

pm_status pm_tensor_new(struct pm_tensor *t, enum pm_dtype dtype, unsigned rank, const size_t *shape) {
    size_t bytes;
    *t = (struct pm_tensor){.dtype = dtype, .rank = rank};
    if (rank < 1 || rank > PM_RANK)
        return PM_ESHAPE;
    memcpy(t->shape, shape, rank * sizeof *shape);
    if (!pm_shape_size(rank, shape, dtypes[dtype].size, &t->count, &bytes))
        return PM_ENOMEM;
    t->data = calloc(bytes ? bytes : 1, 1);
    return t->data ? PM_OK : PM_ENOMEM;
}

void pm_tensor_free(struct pm_tensor *t) {
    free(t->data);
    *t = (struct pm_tensor){0};
}

int64_t pm_tensor_get(const struct pm_tensor *t, size_t i) {
    switch (t->dtype) {
    case PM_INT8:
        return ((const int8_t *)t->data)[i];
    case PM_UINT8:
        return ((const uint8_t *)t->data)[i];
    case PM_INT16:
        return ((const int16_t *)t->data)[i];
    case PM_INT32:
        return ((const int32_t *)t->data)[i];
    default:
        return ((const int64_t *)t->data)[i];
    }
}

void pm_tensor_set(struct pm_tensor *t, size_t i, int64_t v) {
    switch (t->dtype) {
    case PM_INT8:
        ((int8_t *)t->data)[i] = (int8_t)v;
        break;
    case PM_UINT8:
        ((uint8_t *)t->data)[i] = (uint8_t)v;
        break;
    case PM_INT16:
        ((int16_t *)t->data)[i] = (int16_t)v;
        break;
    case PM_INT32:
        ((int32_t *)t->data)[i] = (int32_t)v;
        break;
    default:
        ((int64_t *)t->data)[i] = v;
    }
}

pm_status pm_tensor_convert(struct pm_tensor *t, enum pm_dtype dtype, int64_t lo, int64_t hi, size_t *at) {
    for (size_t i = 0; i < t->count; i++) {
        int64_t v = pm_tensor_get(t, i);
        if (v < lo || v > hi) {
            *at = i;
            return PM_ERANGE;
        }
    }
    if (dtype == t->dtype)
        return PM_OK;
    struct pm_tensor new;
    pm_status status = pm_tensor_new(&new, dtype, t->rank, t->shape);
    if (status != PM_OK)
        return status;
    for (size_t i = 0; i < t->count; i++)
        pm_tensor_set(&new, i, pm_tensor_get(t, i));
    pm_tensor_free(t);
    *t = new;
    return PM_OK;
}

static void list_text(char *text, size_t length, unsigned rank, const size_t *list) {
    size_t at = 0;
    for (unsigned d = 0; d < rank && at < length; d++)
        at += (size_t)snprintf(text + at, length - at, "%s%zu", d ? "," : "[", list[d]);
    if (at < length)
        snprintf(text + at, length - at, "%s", rank ? "]" : "[]");
}

void pm_shape_text(char *text, size_t length, unsigned rank, const size_t *shape) {
    list_text(text, length, rank, shape);
}

void pm_index_text(char *text, size_t length, const struct pm_tensor *t, size_t i) {
    size_t place[PM_RANK];
    for (unsigned d = t->rank; d-- > 0; i /= t->shape[d])
        place[d] = i % t->shape[d];
    list_text(text, length, t->rank, place);
}

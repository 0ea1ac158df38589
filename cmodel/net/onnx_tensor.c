// SPDX-License-Identifier: Apache-2.0
#include "net/onnx_tensor.h"

#include <math.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pm_onnx_store {
    size_t users;
    alignas(max_align_t) unsigned char element[];
};

const char *pm_onnx_type_name(int type) {
    static const char *const names[] = {
        [PM_ONNX_FLOAT] = "float32",    [PM_ONNX_UINT8] = "uint8",   [PM_ONNX_INT8] = "int8",
        [PM_ONNX_UINT16] = "uint16",    [PM_ONNX_INT16] = "int16",   [PM_ONNX_INT32] = "int32",
        [PM_ONNX_INT64] = "int64",      [PM_ONNX_BOOL] = "bool",     [PM_ONNX_FLOAT16] = "float16",
        [PM_ONNX_DOUBLE] = "float64",   [PM_ONNX_UINT32] = "uint32", [PM_ONNX_UINT64] = "uint64",
        [PM_ONNX_BFLOAT16] = "bfloat16"};
    return type < 0 || type >= (int)(sizeof names / sizeof *names) ? NULL : names[type];
}

bool pm_onnx_is_float(enum pm_onnx_type type) {
    return type == PM_ONNX_FLOAT || type == PM_ONNX_FLOAT16 || type == PM_ONNX_DOUBLE ||
           type == PM_ONNX_BFLOAT16;
}

/* The range of an integer type; of 64 bits, signed or not, that of int64_t. */
static void range(enum pm_onnx_type type, int64_t *lo, int64_t *hi) {
    switch (type) {
    case PM_ONNX_UINT8:
        *lo = 0, *hi = UINT8_MAX;
        break;
    case PM_ONNX_INT8:
        *lo = INT8_MIN, *hi = INT8_MAX;
        break;
    case PM_ONNX_UINT16:
        *lo = 0, *hi = UINT16_MAX;
        break;
    case PM_ONNX_INT16:
        *lo = INT16_MIN, *hi = INT16_MAX;
        break;
    case PM_ONNX_INT32:
        *lo = INT32_MIN, *hi = INT32_MAX;
        break;
    case PM_ONNX_UINT32:
        *lo = 0, *hi = UINT32_MAX;
        break;
    case PM_ONNX_BOOL:
        *lo = 0, *hi = 1;
        break;
    default:
        *lo = INT64_MIN, *hi = INT64_MAX;
    }
}

int64_t pm_onnx_wrap(enum pm_onnx_type type, int64_t v) {
    int64_t lo, hi;
    range(type, &lo, &hi);
    if (v >= lo && v <= hi)
        return v;
    return type == PM_ONNX_BOOL ? 1 : lo + (int64_t)(((uint64_t)v - (uint64_t)lo) & (uint64_t)(hi - lo));
}

int64_t pm_onnx_saturate(enum pm_onnx_type type, double v) {
    int64_t lo, hi;
    range(type, &lo, &hi);
    if (!(v > (double)lo)) /* nor a NaN */
        return lo;
    return v >= (double)hi ? hi : (int64_t)v;
}

float pm_onnx_from_half(uint16_t h) {
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
    float v;
    if (exponent == 0) {
        v = ldexpf((float)fraction, -24);
        return sign ? -v : v;
    }
    const uint32_t bits = sign | (exponent == 31 ? 255u << 23 : (exponent + 112) << 23) | fraction << 13;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* To 11 significant bits, or to 2^-24 below the normal numbers, to nearest with ties to even. */
static float round_half(float v) {
    int e;
    if (v == 0 || !isfinite(v))
        return v;
    frexpf(v, &e);
    const int lsb = e - 11 < -24 ? -24 : e - 11;
    const float rounded = ldexpf(rintf(ldexpf(v, -lsb)), lsb);
    return fabsf(rounded) > 65504.0f ? copysignf(INFINITY, v) : rounded;
}

float pm_onnx_round(enum pm_onnx_type type, float v) {
    if (type == PM_ONNX_FLOAT16)
        return round_half(v);
    if (type == PM_ONNX_BFLOAT16 && isfinite(v)) {
        uint32_t bits;
        memcpy(&bits, &v, sizeof bits);
        bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
        memcpy(&v, &bits, sizeof v);
    }
    return v;
}

pm_status pm_onnx_shape(struct pm_onnx_tensor *t, enum pm_onnx_type type, unsigned rank,
                        const size_t *shape) {
    *t = (struct pm_onnx_tensor){.type = type, .rank = rank, .count = 1};
    if (rank > PM_ONNX_RANK)
        return PM_ERANGE;
    size_t most = 1; /* as if an empty dimension were one, so that no product of some of them overflows */
    for (unsigned d = 0; d < rank; d++) {
        t->shape[d] = shape[d];
        t->count *= shape[d];
        if (shape[d] > PM_ONNX_COUNT || (most *= shape[d] ? shape[d] : 1) > PM_ONNX_COUNT)
            return PM_ERANGE;
    }
    return PM_OK;
}

pm_status pm_onnx_allocate(struct pm_onnx_tensor *t) {
    const size_t size = pm_onnx_is_float(t->type) ? sizeof *t->f : sizeof *t->i;
    t->store = calloc(1, sizeof *t->store + t->count * size);
    if (!t->store)
        return PM_ENOMEM;
    t->store->users = 1;
    t->data = t->store->element;
    return PM_OK;
}

void pm_onnx_share(struct pm_onnx_tensor *t, const struct pm_onnx_tensor *from, unsigned rank,
                   const size_t *shape) {
    *t = *from;
    t->rank = rank;
    for (unsigned d = 0; d < rank; d++)
        t->shape[d] = shape[d];
    if (t->store)
        t->store->users++;
}

void pm_onnx_drop(struct pm_onnx_tensor *t) {
    if (t->store && --t->store->users == 0)
        free(t->store);
    t->store = NULL;
    t->data = NULL;
}

bool pm_onnx_same_shape(const struct pm_onnx_tensor *a, const struct pm_onnx_tensor *b) {
    if (a->rank != b->rank)
        return false;
    for (unsigned d = 0; d < a->rank; d++)
        if (a->shape[d] != b->shape[d])
            return false;
    return true;
}

bool pm_onnx_broadcast(unsigned rank_a, const size_t *a, unsigned rank_b, const size_t *b, unsigned *rank,
                       size_t *shape) {
    size_t out[PM_ONNX_RANK];
    *rank = rank_a > rank_b ? rank_a : rank_b;
    for (unsigned d = 0; d < *rank; d++) {
        const size_t x = d + rank_a < *rank ? 1 : a[d + rank_a - *rank];
        const size_t y = d + rank_b < *rank ? 1 : b[d + rank_b - *rank];
        if (x != y && x != 1 && y != 1)
            return false;
        out[d] = x == 1 ? y : x;
    }
    memcpy(shape, out, *rank * sizeof *out);
    return true;
}

void pm_onnx_strides(const struct pm_onnx_tensor *t, unsigned rank, size_t *stride) {
    size_t step = 1;
    for (unsigned k = 0; k < rank; k++) {
        const unsigned d = rank - 1 - k;
        const size_t own = k < t->rank ? t->shape[t->rank - 1 - k] : 1;
        stride[d] = own == 1 ? 0 : step;
        step *= own;
    }
}

size_t pm_onnx_product(const size_t *shape, unsigned from, unsigned to) {
    size_t n = 1;
    for (unsigned d = from; d < to; d++)
        n *= shape[d];
    return n;
}

void pm_onnx_shape_text(char *text, size_t length, unsigned rank, const size_t *shape) {
    size_t at = (size_t)snprintf(text, length, "[");
    for (unsigned d = 0; d < rank && at < length; d++)
        at += (size_t)snprintf(text + at, length - at, "%s%zu", d ? "," : "", shape[d]);
    if (at < length)
        snprintf(text + at, length - at, "]");
}

void pm_onnx_walk_begin(struct pm_onnx_walk *w, unsigned rank, const size_t *shape, unsigned operands,
                        size_t stride[][PM_ONNX_RANK]) {
    *w = (struct pm_onnx_walk){.operands = operands, .n = 1};
    /* Joined from the last dimension on: [0] is the innermost. */
    for (unsigned i = 0; i < rank; i++) {
        const unsigned d = rank - 1 - i;
        w->done = w->done || shape[d] == 0;
        if (shape[d] == 1)
            continue;
        bool join = w->rank > 0;
        for (unsigned k = 0; k < operands && join; k++)
            join = stride[k][d] == w->stride[k][w->rank - 1] * w->shape[w->rank - 1];
        if (join) {
            w->shape[w->rank - 1] *= shape[d];
            continue;
        }
        w->shape[w->rank] = shape[d];
        for (unsigned k = 0; k < operands; k++)
            w->stride[k][w->rank] = stride[k][d];
        w->rank++;
    }
    if (w->rank > 0) {
        w->n = w->shape[0];
        for (unsigned k = 0; k < operands; k++)
            w->step[k] = w->stride[k][0];
    }
}

void pm_onnx_walk_next(struct pm_onnx_walk *w) {
    for (unsigned d = 1; d < w->rank; d++) {
        for (unsigned k = 0; k < w->operands; k++)
            w->at[k] += w->stride[k][d];
        if (++w->place[d] < w->shape[d])
            return;
        for (unsigned k = 0; k < w->operands; k++)
            w->at[k] -= w->stride[k][d] * w->shape[d];
        w->place[d] = 0;
    }
    w->done = true;
}

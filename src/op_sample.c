// SPDX-License-Identifier: Apache-2.0
/* Inputs made up from a sample. Its `in` is "NAME=VALUES ...", NAME perhaps with the dtype of the file that
 * it stands for, "x:uint8"; VALUES are 1,2,3, repeated, or random ones SEED@LO..HI, or nothing for an
 * optional input that is left out. An input that is not named is random over its declared range. */
#include "op_job.h"

#include <stdlib.h>
#include <string.h>

const struct pm_op_sample *pm_op_sample_named(const struct pm_op *op, const char *name) {
    for (const struct pm_op_sample *s = op->sample; s->name; s++)
        if (strcmp(s->name, name) == 0)
            return s;
    return NULL;
}

/* The text after "NAME" of an item of "NAME=... NAME:...", or NULL. */
static const char *find_item(const char *items, const char *name, size_t length) {
    for (const char *at = items; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
        if (strcspn(at, ":=") == length && memcmp(at, name, length) == 0)
            return at + length;
    return NULL;
}

size_t pm_op_sample_dim(const struct pm_op_sample *s, char letter) {
    const char *text = find_item(s->dims, &letter, 1);
    return text ? strtoul(text + 1, NULL, 10) : 0;
}

pm_status pm_op_sample_settings(struct pm_op_job *job) {
    struct pm_settings *given = job->settings, *all[] = {pm_settings_copy(given), NULL};
    if (!all[0])
        return pm_op_fail(job, PM_ENOMEM, job->op->name, "out of memory");
    const pm_status status = pm_settings_override(all, job->sample->set ? job->sample->set : "", &job->error);
    for (size_t k = 0; k < given->count && status == PM_OK; k++)
        if (!given->value[k].given)
            given->value[k] = all[0]->value[k];
    free(all[0]);
    return status;
}

static enum pm_dtype dtype_named(const char *name, size_t length) {
    enum pm_dtype d = 0;
    while (d + 1 < PM_DTYPES &&
           (strlen(pm_dtype_name(d)) != length || memcmp(pm_dtype_name(d), name, length) != 0))
        d++;
    return d;
}

struct pm_op_values pm_op_sample_values(const struct pm_op *op, const struct pm_op_sample *s, size_t input) {
    const struct pm_op_input *d = &op->in[input];
    struct pm_op_values v = {.dtype = d->dtype, .seed = input + 1, .lo = pm_op_lo(d), .hi = pm_op_hi(d)};
    const char *text = find_item(s->in, d->name, strlen(d->name));
    if (!text)
        return v;
    if (*text == ':')
        v.dtype = dtype_named(text + 1, strcspn(text + 1, "="));
    text += strcspn(text, "=") + 1;
    const size_t length = strcspn(text, " ");
    const char *random = memchr(text, '@', length);
    v.none = length == 0;
    if (random) {
        char *end;
        v.seed = strtoull(text, NULL, 10);
        v.lo = strtoll(random + 1, &end, 10);
        v.hi = strtoll(end + 2, NULL, 10);
        return v;
    }
    v.list = text;
    v.lo = INT64_MAX;
    v.hi = INT64_MIN;
    for (const char *at = text; at < text + length; at += strcspn(at, ", ") + 1) {
        const int64_t one = strtoll(at, NULL, 10);
        v.lo = one < v.lo ? one : v.lo;
        v.hi = one > v.hi ? one : v.hi;
    }
    return v;
}

pm_status pm_op_sample_input(struct pm_op_job *job, size_t k) {
    const struct pm_op_values v = pm_op_sample_values(job->op, job->sample, k);
    const char *dims = job->op->in[k].dims, *at = v.list;
    const uint64_t span = (uint64_t)v.hi - (uint64_t)v.lo + 1; /* 0: all of 64 bits */
    uint64_t x = v.seed * 0x9E3779B97F4A7C15u | 1;
    size_t shape[PM_RANK];
    unsigned rank = 0;
    for (; dims[rank]; rank++) {
        const size_t bound = job->dim[(unsigned char)dims[rank]];
        shape[rank] = bound ? bound : pm_op_sample_dim(job->sample, dims[rank]);
    }
    const pm_status status = pm_tensor_new(&job->in[k], v.dtype, rank, shape);
    if (status != PM_OK)
        return pm_op_fail(job, status, job->op->in[k].name, "out of memory");
    for (size_t i = 0; i < job->in[k].count; i++) {
        if (v.list) {
            char *end;
            pm_tensor_set(&job->in[k], i, strtoll(at, &end, 10));
            at = *end == ',' ? end + 1 : v.list;
            continue;
        }
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        const uint64_t random = x * 0x2545F4914F6CDD1Du >> 16;
        pm_tensor_set(&job->in[k], i, (int64_t)((uint64_t)v.lo + (span ? random % span : random)));
    }
    return PM_OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "net/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/choice.h"
#include "kernels/gemm.h"

pm_status pm_read_unsigned(const struct pm_json *d, const char *key, unsigned hi, unsigned *out) {
    int64_t v = 0;
    pm_status s = pm_json_integer(d, d->root, key, 1, hi, &v);
    *out = (unsigned)v;
    return s;
}

pm_status pm_read_float(const struct pm_json *d, const char *key, double lo, double hi, float *out) {
    double v = 0;
    pm_status s = pm_json_real(d, d->root, key, lo, hi, &v);
    *out = (float)v;
    return s;
}

pm_status pm_read_choice(const struct pm_json *d, const char *key, const char *choices, unsigned *out) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(d->root, key);
    if (!cJSON_IsString(item))
        return pm_json_fail(d, PM_EFORMAT, "\"%s\" is missing or not a string", key);
    const int place = pm_choice(choices, item->valuestring, strlen(item->valuestring));
    if (place < 0)
        return pm_json_fail(d, PM_EFORMAT, "\"%s\" is \"%.40s\", not one of %s", key, item->valuestring,
                            choices);
    *out = (unsigned)place;
    return PM_OK;
}

void pm_load_tensor(struct pm_source *src, const char *prefix, const char *suffix, unsigned rank, size_t d0,
                    size_t d1, float **out) {
    char name[64];
    if (src->status != PM_OK)
        return;
    snprintf(name, sizeof name, "%s%s%s", prefix, suffix == NULL ? "" : ".", suffix == NULL ? "" : suffix);
    src->status = pm_safetensors_f32(&src->file, name, rank, (size_t[]){d0, d1}, out, src->error);
}

void pm_pack_matrix(struct pm_source *src, const char *name, struct pm_matrix *m) {
    if (src->status != PM_OK)
        return;
    m->packed = malloc(pm_sgemm_packed(m->in, m->out) * sizeof *m->packed);
    if (m->packed == NULL)
        src->status = pm_fail(src->error, PM_ENOMEM, name, "%s", pm_strerror(PM_ENOMEM));
    else
        pm_sgemm_pack(m->weight, 1, m->in, m->in, m->out, m->packed);
}

void pm_load_matrix(struct pm_source *src, const char *name, unsigned in, unsigned out, struct pm_matrix *m) {
    m->in = in;
    m->out = out;
    pm_load_tensor(src, name, "weight", 2, out, in, &m->weight);
    pm_load_tensor(src, name, "bias", 1, out, 0, &m->bias);
    pm_pack_matrix(src, name, m);
}

void pm_add_bias(struct pm_source *src, const char *name, struct pm_matrix *m) {
    if (src->status != PM_OK)
        return;
    m->bias = calloc(m->out, sizeof *m->bias);
    if (m->bias == NULL)
        src->status = pm_fail(src->error, PM_ENOMEM, name, "%s", pm_strerror(PM_ENOMEM));
}

void pm_load_matrix_alone(struct pm_source *src, const char *name, unsigned in, unsigned out,
                          struct pm_matrix *m) {
    m->in = in;
    m->out = out;
    pm_load_tensor(src, name, "weight", 2, out, in, &m->weight);
    pm_add_bias(src, name, m);
    pm_pack_matrix(src, name, m);
}

void pm_matrix_free(struct pm_matrix *m) {
    free(m->weight);
    free(m->bias);
    free(m->packed);
}

void pm_load_norm(struct pm_source *src, const char *name, unsigned width, float eps, bool rms,
                  struct pm_layernorm *norm) {
    norm->width = width;
    norm->eps = eps;
    norm->rms = rms;
    pm_load_tensor(src, name, "weight", 1, width, 0, &norm->weight);
    if (!rms)
        pm_load_tensor(src, name, "bias", 1, width, 0, &norm->bias);
}

void pm_norm_free(struct pm_layernorm *norm) {
    free(norm->weight);
    free(norm->bias);
}

// SPDX-License-Identifier: Apache-2.0
#include "system/int8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"
#include "system/system.h"

struct pm_int8_linear {
    unsigned in, out;
    int16_t *packed; /* -127..127: int32 holds the sums of 133,000 such products */
    float *scale;    /* [out] */
    float *bias;     /* [out] */
};

float pm_int8_scale(const float *x, size_t n, size_t step) {
    float largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fabsf(x[i * step]) > largest ? fabsf(x[i * step]) : largest;
    return largest / 127 > 0 ? largest / 127 : 1.0f;
}

/* y = x over its scale, rounded, `step` apart; returns that scale. */
static float quantise(const float *x, unsigned n, int16_t *y, size_t step) {
    const float scale = pm_int8_scale(x, n, 1);
    for (unsigned i = 0; i < n; i++)
        y[i * step] = (int16_t)rintf(x[i] / scale);
    return scale;
}

struct pm_int8_linear *pm_int8_linear_new(const struct pm_matrix *l) {
    struct pm_int8_linear *h = calloc(1, sizeof *h);
    int16_t *w = malloc((size_t)l->in * l->out * sizeof *w); /* [in][out] */
    if (h != NULL) {
        h->in = l->in;
        h->out = l->out;
        h->packed = malloc(pm_gemm_packed(l->in, l->out) * sizeof *h->packed);
        h->scale = malloc(l->out * sizeof *h->scale);
        h->bias = malloc(l->out * sizeof *h->bias);
    }
    if (h == NULL || w == NULL || h->packed == NULL || h->scale == NULL || h->bias == NULL) {
        pm_int8_linear_free(h);
        free(w);
        return NULL;
    }
    memcpy(h->bias, l->bias, l->out * sizeof *h->bias);
    for (size_t out = 0; out < l->out; out++)
        h->scale[out] = quantise(l->weight + out * l->in, l->in, w + out, l->out);
    pm_gemm_pack(w, l->in, l->out, h->packed);
    free(w);
    return h;
}

void pm_int8_linear_free(struct pm_int8_linear *h) {
    if (h == NULL)
        return;
    free(h->packed);
    free(h->scale);
    free(h->bias);
    free(h);
}

pm_status pm_int8_linear_run(const struct pm_int8_linear *h, size_t n, const float *x, float *y) {
    const size_t stride = pm_gemm_stride(h->in), out = h->out;
    int16_t *q = calloc(n * stride, sizeof *q);
    float *scale = malloc(n * sizeof *scale);
    int32_t *sum = malloc(n * out * sizeof *sum);
    const pm_status status = q && scale && sum ? PM_OK : PM_ENOMEM;
    for (size_t t = 0; t < n && status == PM_OK; t++)
        scale[t] = quantise(x + t * h->in, h->in, q + t * stride, 1);
    if (status == PM_OK)
        pm_gemm(pm_kernels(PM_ISA_BEST), q, (unsigned)n, h->packed, h->in, h->out, NULL, sum);
    for (size_t t = 0; t < n && status == PM_OK; t++)
        for (size_t i = 0; i < out; i++)
            y[t * out + i] = h->bias[i] + (float)sum[t * out + i] * (scale[t] * h->scale[i]);
    free(q);
    free(scale);
    free(sum);
    return status;
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    (void)site, (void)s, (void)e;
    *layer = pm_int8_linear_new(node->matrix);
    return *layer ? PM_OK : PM_ENOMEM;
}

static void free_layer(void *layer) {
    pm_int8_linear_free(layer);
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    (void)state;
    return pm_int8_linear_run(layer, r->operands.n, r->operands.x, r->operands.y);
}

static const struct pm_variant variants[] = {
    {"ffn*=int8", NULL, PM_OF_PAIRS},
    {"ffn*=int8 flare.wo-scale=layer", NULL, PM_OF_PAIRS},
    {"ffn*=int8 flare.round=0", NULL, PM_OF_PAIRS},
    {0},
};

const struct pm_system pm_system_int8 = {
    .name = "int8",
    .summary = "a matrix in 8-bit integers on the host: what exact arrays of 1-bit cells give",
    .title = "integers on the host",
    .variants = variants,
    .takes = PM_NODE_MATRIX,
    .place = place,
    .free = free_layer,
    .run = run,
};

// SPDX-License-Identifier: Apache-2.0
#include "system/int8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"
#include "system/integer.h"

struct pm_int8_linear {
    unsigned in, out;
    int16_t *packed; /* -127..127: int32 holds the sums of 133,000 such products */
    float *scale;    /* [out] */
    float *bias;     /* [out] */
};

/* Magnitudes compare as their bits, which vectorises; what is no number is left out. */
static inline float largest_of(const float *x, size_t n, size_t step) {
    int32_t largest = 0;
    float magnitude;
    for (size_t i = 0; i < n; i++) {
        int32_t bits;
        memcpy(&bits, &x[i * step], sizeof bits);
        bits &= INT32_MAX;
        bits = bits > 0x7f800000 ? 0 : bits;
        largest = bits > largest ? bits : largest;
    }
    memcpy(&magnitude, &largest, sizeof magnitude);
    return magnitude;
}

float pm_int8_scale(const float *x, size_t n, size_t step) {
    const float largest = step == 1 ? largest_of(x, n, 1) : largest_of(x, n, step);
    return largest / 127 > 0 ? largest / 127 : 1.0f;
}

/* y = x over its scale, rounded, `step` apart; returns that scale. */
static inline float quantise(const float *x, unsigned n, int16_t *y, size_t step) {
    const float scale = pm_int8_scale(x, n, 1);
    for (unsigned i = 0; i < n; i++)
        y[i * step] = (int16_t)pm_integer_nearest(x[i] / scale);
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
        pm_gemm(pm_kernels(PM_ISA_BEST), q, stride, (unsigned)n, h->packed, h->in, h->out, NULL, sum);
    for (size_t t = 0; t < n && status == PM_OK; t++)
        for (size_t i = 0; i < out; i++)
            y[t * out + i] = h->bias[i] + (float)sum[t * out + i] * (scale[t] * h->scale[i]);
    free(q);
    free(scale);
    free(sum);
    return status;
}

/* ---- the system ---- */

enum { INPUTS_AUTO, INPUTS_LAYER, INPUTS_VECTOR };

static const struct pm_setting settings[] = {
    {PM_SET_ONE_OF("inputs", "auto|layer|vector", "auto"),
     .help = "whose scale inputs have: the layer's, as calibrated, or each vector's own; auto: the layer's "
             "in a network of convolutions that is calibrated"},
    {0},
};
static const struct pm_setting_list list = {"int8", settings};
PM_SETTING_LIST(list);

/* One of them is NULL. */
struct layer {
    struct pm_int8_linear *linear;
    struct pm_integer *integer;
};

static void free_layer(void *layer) {
    struct layer *l = layer;
    pm_int8_linear_free(l->linear);
    pm_integer_free(l->integer);
    free(l);
}

static pm_status place(struct pm_site *site, const struct pm_node *node, const struct pm_settings *s,
                       void **layer, struct pm_error *e) {
    const int64_t inputs = pm_settings_int(s, "inputs");
    const struct pm_calibration *c;
    struct pm_range known;
    struct layer *l = *layer = calloc(1, sizeof *l);
    pm_status status = l ? PM_OK : PM_ENOMEM;
    bool whole = inputs == INPUTS_LAYER;
    if (status == PM_OK && inputs == INPUTS_AUTO) {
        status = pm_site_calibration(site, &c, e);
        whole = status == PM_OK && site->graph->tokens == 1 && pm_calibration_range(c, node->name, &known);
    }
    if (status != PM_OK)
        return status;
    if (whole)
        return pm_integer_new(site, node, &(struct pm_integer_cfg){8, 8, true}, &l->integer, e);
    l->linear = pm_int8_linear_new(node->matrix);
    return l->linear ? PM_OK : PM_ENOMEM;
}

static pm_status run_integer(const struct pm_integer *m, const struct pm_operands *o) {
    const size_t stride = pm_gemm_stride(m->in);
    int16_t *x = malloc(o->n * stride * sizeof *x);
    int64_t *product = malloc((size_t)o->n * m->out * sizeof *product);
    const pm_status status = x && product ? PM_OK : PM_ENOMEM;
    if (status == PM_OK) {
        pm_integer_quantise(m, o->n, o->x, stride, x);
        pm_integer_multiply(m, o->n, x, product);
        pm_integer_restore(m, o->n, product, o->y);
    }
    free(x);
    free(product);
    return status;
}

static pm_status run(const void *layer, void *state, const struct pm_run_of *r) {
    (void)state;
    const struct layer *l = layer;
    return l->integer ? run_integer(l->integer, &r->operands)
                      : pm_int8_linear_run(l->linear, r->operands.n, r->operands.x, r->operands.y);
}

static const struct pm_variant variants[] = {
    {"*=int8", "int8", PM_OF_TEXT},
    {"ffn*=int8", NULL, PM_OF_PAIRS},
    {"ffn*=int8 flare.wo-scale=layer", NULL, PM_OF_PAIRS},
    {"ffn*=int8 flare.round=0", NULL, PM_OF_PAIRS},
    {0},
};

const struct pm_system pm_system_int8 = {
    .name = "int8",
    .summary = "a matrix in 8-bit integers on the host: what exact arrays of 1-bit cells give",
    .title = "integers on the host",
    .settings = &list,
    .variants = variants,
    .takes = PM_TAKES(PM_NODE_MATRIX),
    .place = place,
    .free = free_layer,
    .run = run,
};

#include "net/int8_linear.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Products of int8 add up exactly in float, in any order, while no sum can exceed 2^24: this many of them. */
#define EXACT ((1 << 24) / (127 * 127))

struct pm_int8_linear {
    unsigned in, out;
    float *weight; /* [out][in] integers, -127..127 */
    float *scale;  /* [out] */
    float *bias;   /* [out] */
};

/* y = x / (max|x|/127), rounded; returns that scale. */
static float quantise(const float *x, unsigned n, float *y) {
    float largest = 0;
    for (unsigned i = 0; i < n; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    const float scale = largest / 127 > 0 ? largest / 127 : 1.0f;
    for (unsigned i = 0; i < n; i++)
        y[i] = rintf(x[i] / scale);
    return scale;
}

struct pm_int8_linear *pm_int8_linear_new(const struct pm_encoder_linear *l) {
    struct pm_int8_linear *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->in = l->in;
    h->out = l->out;
    h->weight = malloc((size_t)l->in * l->out * sizeof *h->weight);
    h->scale = malloc(l->out * sizeof *h->scale);
    h->bias = malloc(l->out * sizeof *h->bias);
    if (h->weight == NULL || h->scale == NULL || h->bias == NULL) {
        pm_int8_linear_free(h);
        return NULL;
    }
    memcpy(h->bias, l->bias, l->out * sizeof *h->bias);
    for (size_t out = 0; out < l->out; out++)
        h->scale[out] = quantise(l->weight + out * l->in, l->in, h->weight + out * l->in);
    return h;
}

void pm_int8_linear_free(struct pm_int8_linear *h) {
    if (h == NULL)
        return;
    free(h->weight);
    free(h->scale);
    free(h->bias);
    free(h);
}

pm_status pm_int8_linear_run(const struct pm_int8_linear *h, size_t n, const float *x, float *y) {
    const size_t in = h->in, out = h->out;
    float *q = malloc(n * in * sizeof *q), *part = malloc(n * out * sizeof *part),
          *scale = malloc(n * sizeof *scale);
    int32_t *sum = calloc(n * out, sizeof *sum);
    const pm_status status = q && part && scale && sum ? PM_OK : PM_ENOMEM;
    for (size_t t = 0; t < n && status == PM_OK; t++)
        scale[t] = quantise(x + t * in, h->in, q + t * in);
    for (size_t k = 0; k < in && status == PM_OK; k += EXACT) {
        const int depth = (int)(in - k < EXACT ? in - k : EXACT);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)out, depth, 1.0f, q + k, (int)in,
                    h->weight + k, (int)in, 0.0f, part, (int)out);
        for (size_t i = 0; i < n * out; i++)
            sum[i] += (int32_t)part[i];
    }
    for (size_t t = 0; t < n && status == PM_OK; t++)
        for (size_t i = 0; i < out; i++)
            y[t * out + i] = h->bias[i] + (float)sum[t * out + i] * (scale[t] * h->scale[i]);
    free(q);
    free(part);
    free(scale);
    free(sum);
    return status;
}

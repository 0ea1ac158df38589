// SPDX-License-Identifier: Apache-2.0
#include "net/encoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"
#include "net/encoder_map.h"

struct pm_encoder_scratch {
    float *memory;    /* all float buffers */
    float *x;         /* [N][D] the residual stream, before the LayerNorm that comes next */
    float *h;         /* [N][D] a normalised copy, then a head's concatenated outputs */
    float *q, *k, *v; /* [N][D] */
    float *wide;      /* [N][max(ffn, N, patch*patch)] patches, a head's scores, or hidden units */
    float *packed;    /* a head's keys or values as pm_sgemm takes them */
    int64_t *fixed;   /* [D] */
    int16_t *narrow;  /* [D] */
    int8_t *xi, *yi;  /* [N][D] */
    int32_t *ex, *e;  /* [N] */
};

static size_t max2(size_t a, size_t b) {
    return a > b ? a : b;
}

struct pm_encoder_scratch *pm_encoder_scratch_new(const struct pm_encoder *network) {
    const struct pm_encoder_config *c = &network->config;
    size_t n = c->tokens, d = c->width, nd = n * d;
    size_t wide = max2(max2(c->ffn, n), (size_t)c->patch * c->patch); /* patch: 0 in a sentence encoder */
    unsigned dk = c->width / c->heads;
    size_t packed = max2(pm_sgemm_packed(dk, c->tokens), pm_sgemm_packed(c->tokens, dk));
    struct pm_encoder_scratch *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->memory = malloc((5 * nd + n * wide + packed) * sizeof *s->memory);
    s->fixed = malloc(d * sizeof *s->fixed);
    s->narrow = malloc(d * sizeof *s->narrow);
    s->xi = malloc(2 * nd * sizeof *s->xi);
    s->ex = malloc(2 * n * sizeof *s->ex);
    if (s->memory == NULL || s->fixed == NULL || s->narrow == NULL || s->xi == NULL || s->ex == NULL) {
        pm_encoder_scratch_free(s);
        return NULL;
    }
    s->x = s->memory;
    s->h = s->x + nd;
    s->q = s->h + nd;
    s->k = s->q + nd;
    s->v = s->k + nd;
    s->wide = s->v + nd;
    s->packed = s->wide + n * wide;
    s->yi = s->xi + nd;
    s->e = s->ex + n;
    return s;
}

void pm_encoder_scratch_free(struct pm_encoder_scratch *s) {
    if (s == NULL)
        return;
    free(s->memory);
    free(s->fixed);
    free(s->narrow);
    free(s->xi);
    free(s->ex);
    free(s);
}

void pm_encoder_layernorm(const struct pm_encoder_norm *norm, float eps, size_t tokens, size_t width,
                          const float *x, float *y) {
    for (size_t t = 0; t < tokens; t++, x += width, y += width) {
        float sum = 0, squares = 0;
        for (size_t i = 0; i < width; i++)
            sum += x[i];
        float mean = sum / (float)width;
        for (size_t i = 0; i < width; i++)
            squares += (x[i] - mean) * (x[i] - mean);
        float scale = 1.0f / sqrtf(squares / (float)width + eps);
        for (size_t i = 0; i < width; i++)
            y[i] = (x[i] - mean) * scale * norm->weight[i] + norm->bias[i];
    }
}

/* y[n][out] = x[n][in] * weight^T + bias, added to what y holds where `add`. */
static void linear(const struct pm_encoder_linear *l, size_t n, const float *x, float *y, bool add) {
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < l->out; i++)
            y[t * l->out + i] = (add ? y[t * l->out + i] : 0.0f) + l->bias[i];
    pm_sgemm(pm_kernels(PM_ISA_BEST), x, l->in, (unsigned)n, l->packed, l->in, l->out, y, l->out);
}

/* erf(t) = t P(t^2) / Q(t^2) for 0 <= t <= 4, where it is 1, as it is beyond: P/Q is erf(t)/t within 2.5e-8,
 * by least squares of the relative error over Chebyshev points. It vectorises, and gives the same bits on
 * every machine; libm's does neither. */
static float erf_of_magnitude(float t) {
    const int32_t four =
        0x40800000; /* floats that are not negative compare as their bits, which vectorises */
    int32_t bits;
    memcpy(&bits, &t, sizeof bits);
    bits = bits < four ? bits : four;
    memcpy(&t, &bits, sizeof t);
    const float u = t * t;
    float p = 1.9867993e-6f, q = 3.7420207e-5f;
    p = p * u + 2.8456318e-4f;
    q = q * u + 1.1855438e-3f;
    p = p * u + 3.8832333e-3f;
    q = q * u + 1.5207031e-2f;
    p = p * u + 5.3101406e-2f;
    q = q * u + 0.11534894f;
    p = p * u + 0.19354251f;
    q = q * u + 0.50485514f;
    p = p * u + 1.1283791f;
    q = q * u + 1.0f;
    return t * (p / q);
}

void pm_encoder_gelu(float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const float magnitude = fabsf(x[i]);
        x[i] = 0.5f * (x[i] + magnitude * erf_of_magnitude(magnitude * 0.70710678f)); /* 1/sqrt(2) */
    }
}

static void activate(enum pm_encoder_activation kind, float *x, size_t n) {
    switch (kind) {
    case PM_ENCODER_GELU:
        pm_encoder_gelu(x, n);
        break;
    case PM_ENCODER_GELU_TANH:
        for (size_t i = 0; i < n; i++) /* sqrt(2/pi) */
            x[i] = 0.5f * x[i] * (1.0f + tanhf(0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i])));
        break;
    case PM_ENCODER_RELU:
        for (size_t i = 0; i < n; i++)
            x[i] = fmaxf(x[i], 0.0f);
    }
}

static bool kept(const uint8_t *keep, size_t i) {
    return keep == NULL || keep[i] != 0;
}

/* Over the kept positions; the others become 0. */
static void softmax_row(float *x, const uint8_t *keep, size_t n) {
    float largest = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        if (kept(keep, i))
            largest = fmaxf(largest, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += x[i] = kept(keep, i) ? expf(x[i] - largest) : 0.0f;
    for (size_t i = 0; i < n; i++)
        x[i] /= sum;
}

/* The image's patches, raster order, normalised, times the patch embedding, plus positions: s->x. */
static void embed_image(const struct pm_encoder *network, const uint8_t *image,
                        struct pm_encoder_scratch *s) {
    const struct pm_encoder_config *c = &network->config;
    size_t p = c->patch, side = c->image / p;
    float *out = s->wide;
    for (size_t row = 0; row < side; row++)
        for (size_t col = 0; col < side; col++)
            for (size_t i = 0; i < p; i++)
                for (size_t j = 0; j < p; j++) {
                    float pixel = image[(row * p + i) * c->image + col * p + j];
                    *out++ = (pixel / 255.0f - c->pixel_mean) / c->pixel_std;
                }
    memcpy(s->x, network->pos, (size_t)c->tokens * c->width * sizeof *s->x);
    linear(&network->patch, c->tokens, s->wide, s->x, true);
}

static void embed_words(const struct pm_encoder *network, const struct pm_encoder_input *input,
                        struct pm_encoder_scratch *s) {
    const size_t d = network->config.width;
    for (size_t t = 0; t < input->n; t++)
        for (size_t i = 0; i < d; i++)
            s->x[t * d + i] = network->words[input->ids[t] * d + i] + network->pos[t * d + i];
}

/* The LayerNorms in the order of the data's way: number k of 2 * layers + 1 is before sublayer k (attention
 * and feed-forward in turns), the last before the output. */
static const struct pm_encoder_norm *norm_at(const struct pm_encoder *network, unsigned k) {
    if (network->config.post && k-- == 0)
        return &network->norm;
    if (k == 2 * network->config.layers)
        return &network->norm;
    const struct pm_encoder_layer *layer = &network->layers[k / 2];
    return k % 2 ? &layer->ln2 : &layer->ln1;
}

const struct pm_encoder_norm *pm_encoder_norm_into(const struct pm_encoder *network, unsigned layer) {
    return norm_at(network, 2 * layer);
}

/* One pass through the layers. */
struct pass {
    const struct pm_encoder *network;
    const struct pm_encoder_input *input;
    const struct pm_encoder_engines *engines;
    struct pm_encoder_scratch *s;
    unsigned layer;
};

/* LayerNorm number k of the stream to s->h, what enters a sublayer. Where LayerNorm comes after each sublayer
 * it is also what the next residual adds to. */
static void normalise(const struct pass *p, unsigned k) {
    const struct pm_encoder_config *c = &p->network->config;
    pm_encoder_layernorm(norm_at(p->network, k), c->layernorm_eps, p->input->n, c->width, p->s->x, p->s->h);
    if (c->post)
        memcpy(p->s->x, p->s->h, (size_t)p->input->n * c->width * sizeof *p->s->x);
}

/* Every token through a matrix of this layer, on the host or where the engines have it. `add`: to what y
 * holds; then y is not s->q. */
static pm_status apply(const struct pass *p, enum pm_encoder_matrix m, const float *x, float *y, bool add) {
    const struct pm_encoder_linear *l = &p->network->layers[p->layer].linear[m];
    const size_t n = p->input->n;
    if (!p->engines->projected[m]) {
        linear(l, n, x, y, add);
        return PM_OK;
    }
    float *to = add ? p->s->q : y;
    const pm_status status = p->engines->project(p->engines->ctx, p->layer, m, n, x, to);
    for (size_t i = 0; add && status == PM_OK && i < n * l->out; i++)
        y[i] += to[i];
    return status;
}

static pm_status attend_float(const struct pass *p) {
    const struct pm_encoder_config *c = &p->network->config;
    struct pm_encoder_scratch *s = p->s;
    const struct pm_kernels *const k = pm_kernels(PM_ISA_BEST);
    const unsigned n = p->input->n, d = c->width, dk = d / c->heads;
    const float scale = 1.0f / sqrtf((float)dk);
    pm_status status;
    normalise(p, 2 * p->layer);
    if ((status = apply(p, PM_ENCODER_Q, s->h, s->q, false)) != PM_OK ||
        (status = apply(p, PM_ENCODER_K, s->h, s->k, false)) != PM_OK ||
        (status = apply(p, PM_ENCODER_V, s->h, s->v, false)) != PM_OK)
        return status;
    for (size_t i = 0; i < (size_t)n * d; i++) {
        s->q[i] *= scale;
        s->h[i] = 0;
    }
    for (unsigned head = 0; head < d; head += dk) {
        memset(s->wide, 0, (size_t)n * n * sizeof *s->wide);
        pm_sgemm_pack(s->k + head, 1, d, dk, n, s->packed);
        pm_sgemm(k, s->q + head, d, n, s->packed, dk, n, s->wide, n);
        for (unsigned t = 0; t < n; t++)
            softmax_row(s->wide + (size_t)t * n, p->input->keep, n);
        pm_sgemm_pack(s->v + head, d, 1, n, dk, s->packed);
        pm_sgemm(k, s->wide, n, n, s->packed, n, dk, s->h + head, d);
    }
    return apply(p, PM_ENCODER_O, s->h, s->x, true);
}

static pm_status attend_integer(const struct pass *p) {
    const struct pm_encoder_config *c = &p->network->config;
    const struct pm_encoder_map *map = &p->network->maps[p->layer];
    struct pm_encoder_scratch *s = p->s;
    const struct pm_encoder_tokens in = {s->xi, s->ex, p->input->keep, p->input->n};
    pm_encoder_map_tokens(map, c->layernorm_eps, in.n, c->width, s->x, s->h, s->fixed, s->narrow, s->xi,
                          s->ex);
    if (c->post)
        normalise(p, 2 * p->layer);
    pm_status status = p->engines->attention(p->engines->ctx, p->layer, map, &in, s->yi, s->e);
    if (status != PM_OK)
        return status;
    for (size_t t = 0; t < in.n; t++) {
        const double lsb = ldexp(1.0, s->e[t]);
        float *x = s->x + t * c->width;
        for (size_t i = 0; i < c->width; i++)
            x[i] += (float)(s->yi[t * c->width + i] * lsb) * map->out_scale[i];
    }
    return PM_OK;
}

static pm_status feed_forward(const struct pass *p) {
    const struct pm_encoder_config *c = &p->network->config;
    struct pm_encoder_scratch *s = p->s;
    normalise(p, 2 * p->layer + 1);
    pm_status status = apply(p, PM_ENCODER_UP, s->h, s->wide, false);
    if (status != PM_OK)
        return status;
    activate(c->activation, s->wide, (size_t)p->input->n * c->ffn);
    return apply(p, PM_ENCODER_DOWN, s->wide, s->x, true);
}

/* The mean over kept tokens of s->h. */
static void mean_token(const struct pass *p, float *mean) {
    const size_t d = p->network->config.width;
    size_t count = 0;
    for (size_t t = 0; t < p->input->n; t++)
        count += kept(p->input->keep, t);
    memset(mean, 0, d * sizeof *mean);
    for (size_t t = 0; t < p->input->n; t++)
        for (size_t i = 0; i < d && kept(p->input->keep, t); i++)
            mean[i] += p->s->h[t * d + i] / (float)count;
}

unsigned pm_encoder_outputs(const struct pm_encoder_config *c) {
    return c->type == PM_ENCODER_VIT ? c->classes : c->width;
}

static bool input_fits(const struct pm_encoder_config *c, const struct pm_encoder_input *in) {
    if (c->type == PM_ENCODER_VIT)
        return in->image != NULL && in->n == c->tokens && in->keep == NULL;
    bool fits = in->ids != NULL && in->n >= 1 && in->n <= c->tokens, any = in->keep == NULL;
    for (unsigned t = 0; fits && t < in->n; t++) {
        fits = in->ids[t] < c->vocabulary;
        any = any || in->keep[t] != 0;
    }
    return fits && any;
}

pm_status pm_encoder_forward(const struct pm_encoder *network, const struct pm_encoder_input *input,
                             const struct pm_encoder_engines *engines, struct pm_encoder_scratch *s,
                             float *out) {
    static const struct pm_encoder_engines host;
    const struct pm_encoder_config *c = &network->config;
    struct pass p = {network, input, engines != NULL ? engines : &host, s, 0};
    if (!input_fits(c, input) || (p.engines->attention != NULL && network->maps == NULL))
        return PM_EINVAL;
    if (c->type == PM_ENCODER_VIT)
        embed_image(network, input->image, s);
    else
        embed_words(network, input, s);
    for (; p.layer < c->layers; p.layer++) {
        pm_status status = p.engines->attention == NULL ? attend_float(&p) : attend_integer(&p);
        if (status == PM_OK)
            status = feed_forward(&p);
        if (status != PM_OK)
            return status;
    }
    normalise(&p, 2 * c->layers);
    if (c->type == PM_ENCODER_VIT) {
        mean_token(&p, s->q);
        linear(&network->head, 1, s->q, out, false);
    } else if (c->pool == PM_ENCODER_MEAN) {
        mean_token(&p, out);
    } else {
        memcpy(out, s->h, c->width * sizeof *out);
    }
    return PM_OK;
}

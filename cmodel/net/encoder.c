#include "net/encoder.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/encoder_map.h"

struct pm_encoder_scratch {
    float *memory;    /* all float buffers */
    float *x;         /* [N][D] the residual stream */
    float *h;         /* [N][D] a normalised copy, then a head's concatenated outputs */
    float *q, *k, *v; /* [N][D] */
    float *wide;      /* [N][max(ffn, N, patch*patch)] patches, a head's scores, or hidden units */
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
    size_t wide = max2(max2(c->ffn, n), (size_t)c->patch * c->patch);
    struct pm_encoder_scratch *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->memory = malloc((5 * nd + n * wide) * sizeof *s->memory);
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
    int in = (int)l->in, out = (int)l->out;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, out, in, 1.0f, x, in, l->weight, in, 1.0f, y,
                out);
}

static void gelu(float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f)); /* 1/sqrt(2) */
}

static void softmax_row(float *x, size_t n) {
    float largest = x[0], sum = 0;
    for (size_t i = 1; i < n; i++)
        largest = fmaxf(largest, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += x[i] = expf(x[i] - largest);
    for (size_t i = 0; i < n; i++)
        x[i] /= sum;
}

/* The image's patches, raster order, normalised, times the patch embedding, plus positions: s->x. */
static void embed(const struct pm_encoder *network, const uint8_t *image, struct pm_encoder_scratch *s) {
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

/* One pass through the layers. */
struct pass {
    const struct pm_encoder *network;
    const struct pm_encoder_engines *engines;
    struct pm_encoder_scratch *s;
    unsigned layer;
};

/* Every token through a matrix of this layer, on the host or where the engines have it. `add`: to what y
 * holds; then y is not s->q. */
static pm_status apply(const struct pass *p, enum pm_encoder_matrix m, const float *x, float *y, bool add) {
    const struct pm_encoder_linear *l = &p->network->layers[p->layer].linear[m];
    const size_t n = p->network->config.tokens;
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
    const struct pm_encoder *network = p->network;
    const struct pm_encoder_config *c = &network->config;
    struct pm_encoder_scratch *s = p->s;
    int n = (int)c->tokens, d = (int)c->width, dk = d / (int)c->heads;
    pm_status status;
    pm_encoder_layernorm(&network->layers[p->layer].ln1, c->layernorm_eps, c->tokens, c->width, s->x, s->h);
    if ((status = apply(p, PM_ENCODER_Q, s->h, s->q, false)) != PM_OK ||
        (status = apply(p, PM_ENCODER_K, s->h, s->k, false)) != PM_OK ||
        (status = apply(p, PM_ENCODER_V, s->h, s->v, false)) != PM_OK)
        return status;
    for (int head = 0; head < d; head += dk) {
        float scale = 1.0f / sqrtf((float)dk);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, dk, scale, s->q + head, d, s->k + head, d,
                    0.0f, s->wide, n);
        for (int t = 0; t < n; t++)
            softmax_row(s->wide + (size_t)t * c->tokens, c->tokens);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, dk, n, 1.0f, s->wide, n, s->v + head, d,
                    0.0f, s->h + head, d);
    }
    return apply(p, PM_ENCODER_O, s->h, s->x, true);
}

static pm_status attend_integer(const struct pass *p) {
    const struct pm_encoder_config *c = &p->network->config;
    const struct pm_encoder_map *map = &p->network->maps[p->layer];
    struct pm_encoder_scratch *s = p->s;
    pm_encoder_map_tokens(map, c->layernorm_eps, c->tokens, c->width, s->x, s->h, s->fixed, s->narrow, s->xi,
                          s->ex);
    pm_status status = p->engines->attention(p->engines->ctx, p->layer, map, s->xi, s->ex, s->yi, s->e);
    if (status != PM_OK)
        return status;
    for (size_t t = 0; t < c->tokens; t++)
        for (size_t i = 0; i < c->width; i++)
            s->x[t * c->width + i] += ldexpf((float)s->yi[t * c->width + i], s->e[t]) * map->out_scale[i];
    return PM_OK;
}

static pm_status feed_forward(const struct pass *p) {
    const struct pm_encoder_config *c = &p->network->config;
    struct pm_encoder_scratch *s = p->s;
    pm_encoder_layernorm(&p->network->layers[p->layer].ln2, c->layernorm_eps, c->tokens, c->width, s->x,
                         s->h);
    pm_status status = apply(p, PM_ENCODER_UP, s->h, s->wide, false);
    if (status != PM_OK)
        return status;
    gelu(s->wide, (size_t)c->tokens * c->ffn);
    return apply(p, PM_ENCODER_DOWN, s->wide, s->x, true);
}

pm_status pm_encoder_forward(const struct pm_encoder *network, const uint8_t *image,
                             const struct pm_encoder_engines *engines, struct pm_encoder_scratch *s,
                             float *logits) {
    static const struct pm_encoder_engines host;
    const struct pm_encoder_config *c = &network->config;
    struct pass p = {network, engines != NULL ? engines : &host, s, 0};
    if (p.engines->attention != NULL && network->maps == NULL)
        return PM_EINVAL;
    embed(network, image, s);
    for (; p.layer < c->layers; p.layer++) {
        pm_status status = p.engines->attention == NULL ? attend_float(&p) : attend_integer(&p);
        if (status == PM_OK)
            status = feed_forward(&p);
        if (status != PM_OK)
            return status;
    }
    pm_encoder_layernorm(&network->norm, c->layernorm_eps, c->tokens, c->width, s->x, s->h);
    float *mean = s->q;
    memset(mean, 0, c->width * sizeof *mean);
    for (size_t t = 0; t < c->tokens; t++)
        for (size_t i = 0; i < c->width; i++)
            mean[i] += s->h[t * c->width + i] / (float)c->tokens;
    linear(&network->head, 1, mean, logits, false);
    return PM_OK;
}

// SPDX-License-Identifier: Apache-2.0
#include "net/layers.h"

#include <math.h>
#include <string.h>

#include "kernels/gemm.h"

void pm_layernorm(const struct pm_layernorm *norm, size_t n, const float *x, float *y) {
    const size_t width = norm->width;
    for (size_t t = 0; t < n; t++, x += width, y += width) {
        float sum = 0, squares = 0;
        for (size_t i = 0; !norm->rms && i < width; i++)
            sum += x[i];
        float mean = sum / (float)width;
        for (size_t i = 0; i < width; i++)
            squares += (x[i] - mean) * (x[i] - mean);
        float scale = 1.0f / sqrtf(squares / (float)width + norm->eps);
        for (size_t i = 0; i < width; i++)
            y[i] = (x[i] - mean) * scale * norm->weight[i] + (norm->rms ? 0 : norm->bias[i]);
    }
}

/* Adds each group's product. */
static void apply_groups(const struct pm_matrix *m, size_t n, const float *x, float *y) {
    const size_t groups = m->groups > 1 ? m->groups : 1, in = m->in / groups, out = m->out / groups;
    for (size_t t = 0; t < n; t++, x += m->in, y += m->out)
        for (size_t i = 0; i < m->out; i++) {
            const size_t first = i / out * in;
            const float *const w = m->weight + i * m->in + first;
            float sum = 0;
            for (size_t k = 0; k < in; k++)
                sum += x[first + k] * w[k];
            y[i] += sum;
        }
}

void pm_matrix_apply(const struct pm_matrix *m, size_t n, const float *x, const float *onto, float *y) {
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < m->out; i++)
            y[t * m->out + i] = (onto ? onto[t * m->out + i] : 0.0f) + m->bias[i];
    if (m->groups > 1 || m->packed == NULL)
        apply_groups(m, n, x, y);
    else
        pm_sgemm(pm_kernels(PM_ISA_BEST), x, m->in, (unsigned)n, m->packed, m->in, m->out, y, m->out);
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

/* x/2 (1 + erf(x / sqrt 2)), within 5e-7 (1 + |x|)/2. */
static void gelu(float *x, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const float magnitude = fabsf(x[i]);
        x[i] = 0.5f * (x[i] + magnitude * erf_of_magnitude(magnitude * 0.70710678f)); /* 1/sqrt(2) */
    }
}

void pm_activate(enum pm_activation kind, size_t n, const float *x, float *y) {
    if (x != y)
        memcpy(y, x, n * sizeof *y);
    switch (kind) {
    case PM_GELU:
        gelu(y, n);
        break;
    case PM_GELU_TANH:
        for (size_t i = 0; i < n; i++) /* sqrt(2/pi) */
            y[i] = 0.5f * y[i] * (1.0f + tanhf(0.79788456f * (y[i] + 0.044715f * y[i] * y[i] * y[i])));
        break;
    case PM_RELU:
        for (size_t i = 0; i < n; i++)
            y[i] = y[i] > 0 ? y[i] : 0.0f;
        break;
    case PM_SIGNUM:
        for (size_t i = 0; i < n; i++)
            y[i] = y[i] >= 0 ? 1.0f : -1.0f;
        break;
    case PM_TANH:
        for (size_t i = 0; i < n; i++)
            y[i] = tanhf(y[i]);
        break;
    case PM_SILU:
        for (size_t i = 0; i < n; i++)
            y[i] = y[i] / (1.0f + expf(-y[i]));
        break;
    }
}

static bool kept(const uint8_t *keep, size_t i) {
    return keep == NULL || keep[i] != 0;
}

void pm_softmax(float *x, const uint8_t *keep, size_t n) {
    float largest = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++)
        if (kept(keep, i))
            largest = fmaxf(largest, x[i]);
    for (size_t i = 0; i < n; i++)
        sum += x[i] = kept(keep, i) ? expf(x[i] - largest) : 0.0f;
    for (size_t i = 0; i < n; i++)
        x[i] /= sum;
}

size_t pm_heads_work(const struct pm_heads *h, unsigned keys) {
    const unsigned dk = h->width / h->heads;
    const size_t k = pm_sgemm_packed(dk, keys), v = pm_sgemm_packed(keys, dk);
    return (size_t)keys * keys + (k > v ? k : v);
}

/* A row of scores to weights; those of tokens that it does not see are 0. */
static void weigh(float *scores, unsigned seen, unsigned keys, const uint8_t *keep) {
    pm_softmax(scores, keep, seen);
    memset(scores + seen, 0, (keys - seen) * sizeof *scores);
}

void pm_heads(const struct pm_heads *h, unsigned n, unsigned keys, const float *q, const float *k,
              const float *v, const uint8_t *keep, float *work, float *y) {
    const struct pm_kernels *const kernels = pm_kernels(PM_ISA_BEST);
    const unsigned width = h->width, dk = width / h->heads, share = h->heads / h->kv_heads;
    const size_t kv = pm_heads_kv(h);
    const float scale = 1.0f / sqrtf((float)dk);
    float *scores = work, *packed = work + (size_t)n * keys;
    for (size_t i = 0; i < (size_t)n * width; i++)
        y[i] = q[i] * scale;
    for (unsigned head = 0; head < h->heads; head++) {
        float *const out = y + (size_t)head * dk;
        const size_t from = (size_t)(head / share) * dk;
        memset(scores, 0, (size_t)n * keys * sizeof *scores);
        pm_sgemm_pack(k + from, 1, kv, dk, keys, packed);
        pm_sgemm(kernels, out, width, n, packed, dk, keys, scores, keys);
        for (unsigned t = 0; t < n; t++) {
            weigh(scores + (size_t)t * keys, h->causal ? keys - n + t + 1 : keys, keys, keep);
            memset(out + (size_t)t * width, 0, dk * sizeof *y);
        }
        pm_sgemm_pack(v + from, kv, 1, keys, dk, packed);
        pm_sgemm(kernels, scores, keys, n, packed, keys, dk, out, width);
    }
}

void pm_rotate(const float *turn, unsigned head, size_t n, unsigned width, const float *x, float *y) {
    for (size_t t = 0; t < n; t++, turn += head)
        for (size_t i = 0; i < width; i += 2, x += 2, y += 2) {
            const float c = turn[i % head], s = turn[i % head + 1], x0 = x[0], x1 = x[1];
            y[0] = x0 * c - x1 * s;
            y[1] = x0 * s + x1 * c;
        }
}

void pm_patches(const struct pm_patching *p, const uint8_t *image, float *y) {
    const size_t side = p->image / p->patch;
    for (size_t row = 0; row < side; row++)
        for (size_t col = 0; col < side; col++)
            for (size_t i = 0; i < p->patch; i++)
                for (size_t j = 0; j < p->patch; j++) {
                    float pixel = image[(row * p->patch + i) * p->image + col * p->patch + j];
                    *y++ = (pixel / 255.0f - p->mean) / p->std;
                }
}

void pm_pixels(const struct pm_pixels *p, const uint8_t *image, float *y) {
    const size_t n = (size_t)p->height * p->width;
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < p->channels; c++)
            *y++ = ((float)*image++ / 255.0f - p->mean[c]) / p->std[c];
}

/* Steps of a window at `place` that see the image: first..end. */
static void inside(unsigned place, unsigned side, const struct pm_window *w, unsigned *first, unsigned *end) {
    const unsigned at = place * w->stride, last = side + w->pad;
    *first = at < w->pad ? w->pad - at : 0;
    *end = at + w->kernel <= last ? w->kernel : at < last ? last - at : 0;
}

/* One place's row of one group. */
static void unfold_place(const struct pm_window *w, unsigned row, unsigned col, size_t group, const float *x,
                         float *y) {
    const size_t channels = w->channels / w->groups, line = w->kernel * channels;
    unsigned top, bottom, left, right;
    inside(row, w->height, w, &top, &bottom);
    inside(col, w->width, w, &left, &right);
    if (bottom - top < w->kernel || right - left < w->kernel)
        for (size_t i = 0; i < w->kernel * line; i++)
            y[i] = w->outside;
    const size_t seen = right - left, runs = w->groups == 1 ? 1 : seen, run = seen * channels / runs;
    for (unsigned dy = top; dy < bottom; dy++) {
        float *to = y + dy * line + left * channels;
        const size_t first = (row * w->stride + dy - w->pad) * w->width + col * w->stride + left - w->pad;
        const float *at = x + first * w->channels + group * channels;
        for (size_t i = 0; i < runs; i++, at += w->channels, to += run)
            memcpy(to, at, run * sizeof *to);
    }
}

void pm_unfold(const struct pm_window *w, const float *x, float *y) {
    const size_t width = (size_t)w->kernel * w->kernel * (w->channels / w->groups);
    for (unsigned row = 0; row < w->rows; row++)
        for (unsigned col = 0; col < w->cols; col++)
            for (size_t group = 0; group < w->groups; group++, y += width)
                unfold_place(w, row, col, group, x, y);
}

void pm_pool_window(const struct pm_window *w, bool largest, const float *x, float *y) {
    for (unsigned row = 0; row < w->rows; row++)
        for (unsigned col = 0; col < w->cols; col++, y += w->channels) {
            unsigned top, bottom, left, right;
            inside(row, w->height, w, &top, &bottom);
            inside(col, w->width, w, &left, &right);
            const float count = (float)((bottom - top) * (right - left));
            for (size_t c = 0; c < w->channels; c++)
                y[c] = largest ? -INFINITY : 0;
            for (unsigned dy = top; dy < bottom; dy++)
                for (unsigned dx = left; dx < right; dx++) {
                    const float *from = x + ((size_t)(row * w->stride + dy - w->pad) * w->width +
                                             col * w->stride + dx - w->pad) *
                                                w->channels;
                    for (size_t c = 0; c < w->channels; c++)
                        y[c] = !largest ? y[c] + from[c] / count : from[c] > y[c] ? from[c] : y[c];
                }
        }
}

void pm_pool(enum pm_pool kind, size_t n, size_t width, const float *x, const uint8_t *keep, float *y) {
    size_t count = 0;
    if (kind == PM_POOL_FIRST) {
        memcpy(y, x, width * sizeof *y);
        return;
    }
    for (size_t t = 0; t < n; t++)
        count += kept(keep, t);
    memset(y, 0, width * sizeof *y);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < width && kept(keep, t); i++)
            y[i] += x[t * width + i] / (float)count;
}

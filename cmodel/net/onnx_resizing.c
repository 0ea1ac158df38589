// SPDX-License-Identifier: Apache-2.0
/* Resize: each dimension on its own, every output a weighted sum of up to four inputs along it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/onnx_op.h"

enum { NEAREST, LINEAR, CUBIC };
enum { HALF_PIXEL, PYTORCH_HALF_PIXEL, ALIGN_CORNERS, ASYMMETRIC, TF_HALF_PIXEL_FOR_NN };
enum { ROUND_PREFER_FLOOR, ROUND_PREFER_CEIL, FLOOR, CEIL };

struct resize {
    int mode, coordinates, nearest;
    bool exclude; /* weights of what is outside are 0 */
    float cubic;  /* coefficient of the cubic */
    float scale[PM_ONNX_RANK];
    size_t shape[PM_ONNX_RANK];
};

struct taps {
    unsigned n;
    size_t from[4];
    float weight[4];
};

/* The input coordinate of output i. */
static float coordinate(const struct resize *r, unsigned d, size_t i, size_t in) {
    const float x = (float)i, scale = r->scale[d];
    const size_t out = r->shape[d];
    switch (r->coordinates) {
    case ALIGN_CORNERS:
        return out == 1 ? 0.0f : x * (float)(in - 1) / (float)(out - 1);
    case ASYMMETRIC:
        return x / scale;
    case TF_HALF_PIXEL_FOR_NN:
        return (x + 0.5f) / scale;
    case PYTORCH_HALF_PIXEL:
        return out > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    default:
        return (x + 0.5f) / scale - 0.5f;
    }
}

static size_t clamped(float v, size_t in) {
    return v < 0 ? 0 : v > (float)(in - 1) ? in - 1 : (size_t)v;
}

static float nearest(int how, float x) {
    switch (how) {
    case ROUND_PREFER_FLOOR:
        return ceilf(x - 0.5f);
    case ROUND_PREFER_CEIL:
        return floorf(x + 0.5f);
    case FLOOR:
        return floorf(x);
    default:
        return ceilf(x);
    }
}

/* Keys' cubic at distance t. */
static float cubic(float a, float t) {
    t = fabsf(t);
    return t <= 1  ? ((a + 2) * t - (a + 3)) * t * t + 1
           : t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
                   : 0;
}

static struct taps taps_of(const struct resize *r, unsigned d, size_t i, size_t in) {
    const float x = coordinate(r, d, i, in), low = floorf(x);
    struct taps t = {0};
    if (r->mode == NEAREST) {
        t = (struct taps){1, {clamped(nearest(r->nearest, x), in)}, {1.0f}};
    } else if (r->mode == LINEAR) {
        const float inside = fminf(fmaxf(x, 0.0f), (float)(in - 1)), part = inside - floorf(inside);
        t = (struct taps){2, {clamped(inside, in), clamped(inside + 1, in)}, {1.0f - part, part}};
    } else {
        float sum = 0;
        t.n = 4;
        for (int k = 0; k < 4; k++) {
            const float at = low + (float)(k - 1);
            t.from[k] = clamped(at, in);
            t.weight[k] = r->exclude && (at < 0 || at > (float)(in - 1)) ? 0 : cubic(r->cubic, x - at);
            sum += t.weight[k];
        }
        for (int k = 0; k < 4 && r->exclude; k++)
            t.weight[k] /= sum;
    }
    return t;
}

/* x[outer][in][inner] to y[outer][out][inner] along dimension d. */
static void along(const struct resize *r, unsigned d, const float *x, size_t outer, size_t in, size_t inner,
                  float *y) {
    for (size_t i = 0; i < r->shape[d]; i++) {
        const struct taps t = taps_of(r, d, i, in);
        for (size_t o = 0; o < outer; o++) {
            float *to = y + (o * r->shape[d] + i) * inner;
            for (unsigned k = 0; k < t.n; k++) {
                const float *from = x + (o * in + t.from[k]) * inner, weight = t.weight[k];
                for (size_t j = 0; j < inner; j++)
                    to[j] = (k ? to[j] : 0.0f) + weight * from[j];
            }
        }
    }
}

static pm_status options(const struct pm_onnx_op *op, struct resize *r) {
    r->mode = pm_eval_choice(op, "mode", "nearest|linear|cubic", "nearest");
    r->coordinates = pm_eval_choice(
        op, "coordinate_transformation_mode",
        "half_pixel|pytorch_half_pixel|align_corners|asymmetric|tf_half_pixel_for_nn", "half_pixel");
    r->nearest = pm_eval_choice(op, "nearest_mode", "round_prefer_floor|round_prefer_ceil|floor|ceil",
                                "round_prefer_floor");
    r->exclude = pm_eval_int(op, "exclude_outside", 0) != 0;
    r->cubic = pm_eval_float(op, "cubic_coeff_a", -0.75f);
    if (r->mode < 0 || r->coordinates < 0 || r->nearest < 0 || pm_eval_int(op, "antialias", 0) != 0 ||
        pm_eval_choice(op, "keep_aspect_ratio_policy", "stretch", "stretch") != 0)
        return pm_eval_fail(op, PM_EINVAL, "a mode that is not supported");
    return PM_OK;
}

/* Scales and output sizes, from input 2 or 3, of all dimensions or of the axes. */
static pm_status sizes(const struct pm_onnx_op *op, struct resize *r) {
    const struct pm_onnx_tensor *x = op->in[0], *scales = pm_eval_in(op, 2);
    size_t given, n;
    const int64_t *axes = pm_eval_ints(op, "axes", &n), *want;
    pm_status status = pm_eval_known(op, 3, &want, &given);
    if (status == PM_OK && !want && scales && (!pm_onnx_is_float(scales->type) || !scales->data))
        status =
            pm_eval_fail(op, PM_EINVAL, "scales that depend on the network's inputs, or are not floating");
    if (status != PM_OK)
        return status;
    const size_t dims = axes ? n : x->rank, have = want ? given : scales ? scales->count : 0;
    if (dims != have)
        return pm_eval_fail(op, PM_EINVAL, "%zu sizes or scales for %zu dimensions", have, dims);
    for (unsigned d = 0; d < x->rank; d++) {
        r->shape[d] = x->shape[d];
        r->scale[d] = 1;
    }
    for (size_t k = 0; k < dims; k++) {
        unsigned d;
        status = pm_eval_axis(op, axes ? axes[k] : (int64_t)k, x->rank, &d);
        if (status != PM_OK)
            return status;
        const double in = (double)x->shape[d], scale = want ? 0 : (double)scales->f[k];
        const double out = want ? (double)want[k] : floor(in * scale);
        if (!(out >= 1 && out <= 0x1p31) || (!want && !(scale > 0)) || x->shape[d] == 0)
            return pm_eval_fail(op, PM_EINVAL, "dimension %u of %zu to %g", d, x->shape[d], out);
        r->shape[d] = (size_t)out;
        r->scale[d] = want ? (float)(out / in) : scales->f[k];
    }
    return PM_OK;
}

static pm_status resize(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    struct resize r;
    size_t shape[PM_ONNX_RANK];
    pm_status status = pm_eval_need_float(op, 0);
    if (status == PM_OK)
        status = options(op, &r);
    if (status == PM_OK)
        status = sizes(op, &r);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, x->rank, r.shape);
    if (status != PM_OK || op->dry)
        return status;
    float *now = NULL;
    const float *from = x->f;
    memcpy(shape, x->shape, sizeof shape);
    for (unsigned d = 0; d < x->rank && status == PM_OK; d++) {
        if (r.shape[d] == shape[d] && r.scale[d] == 1.0f)
            continue;
        const size_t outer = pm_onnx_product(shape, 0, d), inner = pm_onnx_product(shape, d + 1, x->rank);
        float *next = reallocarray(NULL, outer * r.shape[d], inner * sizeof *next);
        if (next)
            along(&r, d, from, outer, shape[d], inner, next);
        else
            status = pm_eval_memory(op);
        free(now);
        from = now = next;
        shape[d] = r.shape[d];
    }
    if (status == PM_OK)
        memcpy(op->out[0].f, from, op->out[0].count * sizeof *from);
    free(now);
    return status;
}

const struct pm_onnx_operator pm_onnx_resizing[] = {
    {"Resize", 11, 1, 4, 1, resize, 0, NULL},
    {0},
};

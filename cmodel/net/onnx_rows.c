// SPDX-License-Identifier: Apache-2.0
/* Operators over rows of elements: softmax, normalisation, reductions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/onnx_op.h"

static pm_status same_as_input(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    pm_status status = PM_OK;
    for (unsigned k = 0; k < op->inputs && status == PM_OK; k++)
        status = pm_eval_need_float(op, k);
    return status == PM_OK ? pm_eval_out(op, 0, x->type, x->rank, x->shape) : status;
}

/* ---- softmax ---- */

enum { SOFTMAX, LOG_SOFTMAX };

/* The sum is in double: of thousands of classes most are small beside it, and would be lost. */
static void softmax_row(bool logarithm, const float *x, size_t n, size_t step, float *y) {
    float largest = -INFINITY;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmaxf(largest, x[i * step]);
    if (!isfinite(largest))
        largest = 0;
    for (size_t i = 0; i < n; i++) {
        y[i * step] = expf(x[i * step] - largest);
        sum += (double)y[i * step];
    }
    const float scale = (float)(1.0 / sum), offset = (float)((double)largest + log(sum));
    for (size_t i = 0; i < n; i++)
        y[i * step] = logarithm ? x[i * step] - offset : y[i * step] * scale;
}

/* Before opset 13 over all dimensions from the axis on. */
static pm_status softmax(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const bool rows = op->net->opset < 13;
    unsigned axis;
    pm_status status = pm_eval_axis(op, pm_eval_int(op, "axis", rows ? 1 : -1), x->rank, &axis);
    if (status == PM_OK)
        status = same_as_input(op);
    if (status != PM_OK || op->dry || x->count == 0)
        return status;
    const size_t outer = pm_onnx_product(x->shape, 0, axis);
    const size_t inner = rows ? 1 : pm_onnx_product(x->shape, axis + 1, x->rank);
    const size_t n = x->count / outer / inner;
    for (size_t o = 0; o < outer; o++)
        for (size_t i = 0; i < inner; i++)
            softmax_row(op->node->op->variant == LOG_SOFTMAX, x->f + o * n * inner + i, n, inner,
                        op->out[0].f + o * n * inner + i);
    return PM_OK;
}

/* ---- normalisation ---- */

/* Mean and 1/sqrt(variance + eps). */
static void statistics(const float *x, size_t n, float eps, float *mean, float *scale) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i];
    const double m = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += ((double)x[i] - m) * ((double)x[i] - m);
    *mean = (float)m;
    *scale = (float)(1.0 / sqrt(squares / (double)n + (double)eps));
}

static pm_status layer_normalization(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *weight = op->in[1], *bias = pm_eval_in(op, 2);
    unsigned axis;
    pm_status status = pm_eval_axis(op, pm_eval_int(op, "axis", -1), x->rank, &axis);
    if (status == PM_OK)
        status = same_as_input(op);
    if (status != PM_OK)
        return status;
    const size_t n = pm_onnx_product(x->shape, axis, x->rank), outer = pm_onnx_product(x->shape, 0, axis);
    if (weight->count != n || (bias && bias->count != n))
        return pm_eval_fail(op, PM_EINVAL, "scale or bias of another size than %zu", n);
    const float eps = pm_eval_float(op, "epsilon", 1e-5f);
    for (size_t o = 0; o < outer && !op->dry; o++) {
        float mean, scale;
        statistics(x->f + o * n, n, eps, &mean, &scale);
        for (size_t i = 0; i < n; i++)
            op->out[0].f[o * n + i] =
                (x->f[o * n + i] - mean) * scale * weight->f[i] + (bias ? bias->f[i] : 0.0f);
    }
    return PM_OK;
}

/* y = x scale + offset over planes of `n` elements. */
static void scale_plane(const float *x, size_t n, float scale, float offset, float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * scale + offset;
}

static pm_status per_channel(const struct pm_onnx_op *op, unsigned from, unsigned to) {
    const struct pm_onnx_tensor *x = op->in[0];
    if (x->rank < 2)
        return pm_eval_fail(op, PM_EINVAL, "%u dimensions", x->rank);
    for (unsigned k = from; k < to; k++)
        if (op->in[k]->count != x->shape[1])
            return pm_eval_fail(op, PM_EINVAL, "input %u has %zu elements for %zu channels", k,
                                op->in[k]->count, x->shape[1]);
    return PM_OK;
}

static pm_status batch_normalization(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    pm_status status = per_channel(op, 1, 5);
    if (status == PM_OK && pm_eval_int(op, "training_mode", 0) != 0)
        status = pm_eval_fail(op, PM_EINVAL, "training");
    if (status == PM_OK && op->node->norm != PM_ONNX_NONE && !op->dry) /* folded */
        return pm_eval_view(op, x->rank, x->shape);
    if (status == PM_OK)
        status = same_as_input(op);
    if (status != PM_OK || op->dry)
        return status;
    const size_t plane = pm_onnx_product(x->shape, 2, x->rank);
    const float eps = pm_eval_float(op, "epsilon", 1e-5f);
    for (size_t k = 0; k < x->shape[0] * x->shape[1]; k++) {
        const size_t c = k % x->shape[1];
        const float scale = op->in[1]->f[c] / sqrtf(op->in[4]->f[c] + eps);
        scale_plane(x->f + k * plane, plane, scale, op->in[2]->f[c] - op->in[3]->f[c] * scale,
                    op->out[0].f + k * plane);
    }
    return PM_OK;
}

static pm_status instance_normalization(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    pm_status status = per_channel(op, 1, 3);
    if (status == PM_OK)
        status = same_as_input(op);
    if (status != PM_OK || op->dry)
        return status;
    const size_t plane = pm_onnx_product(x->shape, 2, x->rank);
    for (size_t k = 0; k < x->shape[0] * x->shape[1]; k++) {
        float mean, scale;
        statistics(x->f + k * plane, plane, pm_eval_float(op, "epsilon", 1e-5f), &mean, &scale);
        scale *= op->in[1]->f[k % x->shape[1]];
        scale_plane(x->f + k * plane, plane, scale, op->in[2]->f[k % x->shape[1]] - mean * scale,
                    op->out[0].f + k * plane);
    }
    return PM_OK;
}

/* com.microsoft: LayerNorm of the sum of two inputs and a bias. */
static pm_status skip_layer_normalization(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *skip = op->in[1], *weight = op->in[2];
    const struct pm_onnx_tensor *beta = pm_eval_in(op, 3), *bias = pm_eval_in(op, 4);
    const size_t n = x->rank ? x->shape[x->rank - 1] : 1;
    pm_status status = same_as_input(op);
    if (status == PM_OK && (!pm_onnx_same_shape(x, skip) || n == 0 || weight->count != n ||
                            (beta && beta->count != n) || (bias && bias->count != n)))
        status = pm_eval_fail(op, PM_EINVAL, "inputs of other shapes");
    if (status != PM_OK || op->dry)
        return status;
    float *y = op->out[0].f;
    for (size_t i = 0; i < x->count; i++)
        y[i] = x->f[i] + skip->f[i] + (bias ? bias->f[i % n] : 0.0f);
    for (size_t o = 0; o < x->count / n; o++, y += n) {
        float mean, scale;
        statistics(y, n, pm_eval_float(op, "epsilon", 1e-12f), &mean, &scale);
        for (size_t i = 0; i < n; i++)
            y[i] = (y[i] - mean) * scale * weight->f[i] + (beta ? beta->f[i] : 0.0f);
    }
    return PM_OK;
}

/* ---- reductions ---- */

enum { MEAN, SUM, MOST, LEAST, PRODUCT, L1, L2, SUM_SQUARE, LOG_SUM, LOG_SUM_EXP };

static double start(int kind) {
    return kind == MOST || kind == LOG_SUM_EXP ? -INFINITY
           : kind == LEAST                     ? INFINITY
           : kind == PRODUCT                   ? 1
                                               : 0;
}

static double add(int kind, double sum, double v) {
    switch (kind) {
    case MOST:
        return v > sum || isnan(v) ? v : sum;
    case LEAST:
        return v < sum || isnan(v) ? v : sum;
    case PRODUCT:
        return sum * v;
    case L1:
        return sum + fabs(v);
    case L2:
    case SUM_SQUARE:
        return sum + v * v;
    case LOG_SUM_EXP: {
        const double largest = v > sum ? v : sum, other = v > sum ? sum : v;
        return isinf(largest) ? largest : largest + log1p(exp(other - largest));
    }
    default:
        return sum + v;
    }
}

static double finish(int kind, double sum, size_t n) {
    return kind == MEAN ? sum / (double)n : kind == L2 ? sqrt(sum) : kind == LOG_SUM ? log(sum) : sum;
}

/* The output's shape; those dimensions that stay come first in shape[] and stride[], then those that go. */
struct reduction {
    unsigned rank, kept, gone;
    size_t out[PM_ONNX_RANK];
    size_t kept_shape[PM_ONNX_RANK], kept_stride[1][PM_ONNX_RANK], gone_shape[PM_ONNX_RANK],
        gone_stride[1][PM_ONNX_RANK];
};

static void reduce_shape(const struct pm_onnx_tensor *x, uint32_t set, bool keep, struct reduction *r) {
    size_t stride[PM_ONNX_RANK];
    *r = (struct reduction){0};
    pm_onnx_strides(x, x->rank, stride);
    for (unsigned d = 0; d < x->rank; d++) {
        const bool gone = set >> d & 1;
        if (!gone || keep)
            r->out[r->rank++] = gone ? 1 : x->shape[d];
        if (gone) {
            r->gone_shape[r->gone] = x->shape[d];
            r->gone_stride[0][r->gone++] = stride[d];
        } else {
            r->kept_shape[r->kept] = x->shape[d];
            r->kept_stride[0][r->kept++] = stride[d];
        }
    }
}

static double reduce_at(const struct pm_onnx_tensor *x, struct reduction *r, int kind, size_t base) {
    struct pm_onnx_walk w;
    double sum = start(kind);
    size_t n = 0;
    for (pm_onnx_walk_begin(&w, r->gone, r->gone_shape, 1, r->gone_stride); !w.done;
         pm_onnx_walk_next(&w), n += w.n)
        for (size_t i = 0; i < w.n; i++) {
            const size_t at = base + w.at[0] + i * w.step[0];
            sum = add(kind, sum, pm_onnx_is_float(x->type) ? (double)x->f[at] : (double)x->i[at]);
        }
    return finish(kind, sum, n);
}

static pm_status reduce(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const int kind = op->node->op->variant;
    uint32_t set;
    bool given;
    struct reduction r;
    pm_status status = pm_eval_axes(op, 1, x->rank, &set, &given);
    if (status != PM_OK)
        return status;
    if (set == 0 && pm_eval_int(op, "noop_with_empty_axes", 0) != 0)
        return pm_eval_view(op, x->rank, x->shape);
    if (set == 0)
        set = (1u << x->rank) - 1;
    reduce_shape(x, set, pm_eval_int(op, "keepdims", 1) != 0, &r);
    status = pm_eval_out(op, 0, x->type, r.rank, r.out);
    if (status != PM_OK || op->dry)
        return status;
    struct pm_onnx_walk w;
    size_t at = 0;
    for (pm_onnx_walk_begin(&w, r.kept, r.kept_shape, 1, r.kept_stride); !w.done; pm_onnx_walk_next(&w))
        for (size_t i = 0; i < w.n; i++, at++) {
            const double v = reduce_at(x, &r, kind, w.at[0] + i * w.step[0]);
            if (pm_onnx_is_float(x->type))
                op->out[0].f[at] = (float)v;
            else
                op->out[0].i[at] = pm_onnx_saturate(x->type, v);
        }
    return PM_OK;
}

/* Places of the largest or the least elements. */
static pm_status arg(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const bool last = pm_eval_int(op, "select_last_index", 0) != 0, least = op->node->op->variant == LEAST;
    unsigned axis;
    struct reduction r;
    pm_status status = pm_eval_axis(op, pm_eval_int(op, "axis", 0), x->rank, &axis);
    if (status != PM_OK)
        return status;
    reduce_shape(x, 1u << axis, pm_eval_int(op, "keepdims", 1) != 0, &r);
    status = x->shape[axis] ? pm_eval_out(op, 0, PM_ONNX_INT64, r.rank, r.out)
                            : pm_eval_fail(op, PM_EINVAL, "over an empty dimension");
    if (status != PM_OK || op->dry)
        return status;
    struct pm_onnx_walk w;
    size_t at = 0;
    for (pm_onnx_walk_begin(&w, r.kept, r.kept_shape, 1, r.kept_stride); !w.done; pm_onnx_walk_next(&w))
        for (size_t i = 0; i < w.n; i++, at++) {
            const size_t base = w.at[0] + i * w.step[0], step = r.gone_stride[0][0];
            size_t best = 0;
            for (size_t k = 1; k < x->shape[axis]; k++) {
                const size_t a = base + k * step, b = base + best * step;
                const int o = pm_onnx_is_float(x->type) ? (x->f[a] > x->f[b]) - (x->f[a] < x->f[b])
                                                        : (x->i[a] > x->i[b]) - (x->i[a] < x->i[b]);
                if ((least ? -o : o) > 0 || (last && o == 0))
                    best = k;
            }
            op->out[0].i[at] = (int64_t)best;
        }
    return PM_OK;
}

/* Running sums along an axis. */
static pm_status cumulative(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const bool exclusive = pm_eval_int(op, "exclusive", 0) != 0, reverse = pm_eval_int(op, "reverse", 0) != 0;
    const int64_t *v;
    size_t n;
    unsigned axis = 0;
    pm_status status = pm_eval_known(op, 1, &v, &n);
    if (status == PM_OK)
        status = n == 1 ? pm_eval_axis(op, v[0], x->rank, &axis)
                        : pm_eval_fail(op, PM_EINVAL, "an axis that is no scalar");
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, x->rank, x->shape);
    if (status != PM_OK || op->dry || x->count == 0)
        return status;
    const size_t inner = pm_onnx_product(x->shape, axis + 1, x->rank), length = x->shape[axis];
    struct pm_onnx_tensor *y = &op->out[0];
    for (size_t o = 0; o < x->count / length; o++) {
        const size_t base = o / inner * inner * length + o % inner;
        double sum = 0;
        uint64_t count = 0;
        for (size_t k = 0; k < length; k++) {
            const size_t at = base + (reverse ? length - 1 - k : k) * inner;
            if (pm_onnx_is_float(x->type)) {
                y->f[at] = (float)(exclusive ? sum : sum + (double)x->f[at]);
                sum += (double)x->f[at];
            } else {
                y->i[at] = pm_onnx_wrap(x->type, (int64_t)(exclusive ? count : count + (uint64_t)x->i[at]));
                count += (uint64_t)x->i[at];
            }
        }
    }
    return PM_OK;
}

#define REDUCE(name, variant)                                                                                \
    { name, 1, 1, 2, 1, reduce, variant, NULL }

const struct pm_onnx_operator pm_onnx_rows[] = {
    {"ArgMax", 1, 1, 1, 1, arg, MOST, NULL},
    {"ArgMin", 1, 1, 1, 1, arg, LEAST, NULL},
    {"BatchNormalization", 1, 5, 5, 1, batch_normalization, 0, NULL},
    {"CumSum", 11, 2, 2, 1, cumulative, 0, NULL},
    {"InstanceNormalization", 1, 3, 3, 1, instance_normalization, 0, NULL},
    {"LayerNormalization", 17, 2, 3, 1, layer_normalization, 0, NULL},
    {"LogSoftmax", 1, 1, 1, 1, softmax, LOG_SOFTMAX, NULL},
    REDUCE("ReduceL1", L1),
    REDUCE("ReduceL2", L2),
    REDUCE("ReduceLogSum", LOG_SUM),
    REDUCE("ReduceLogSumExp", LOG_SUM_EXP),
    REDUCE("ReduceMax", MOST),
    REDUCE("ReduceMean", MEAN),
    REDUCE("ReduceMin", LEAST),
    REDUCE("ReduceProd", PRODUCT),
    REDUCE("ReduceSum", SUM),
    REDUCE("ReduceSumSquare", SUM_SQUARE),
    {"SkipLayerNormalization", 0, 3, 5, 1, skip_layer_normalization, 0, NULL},
    {"Softmax", 1, 1, 1, 1, softmax, SOFTMAX, NULL},
    {0},
};

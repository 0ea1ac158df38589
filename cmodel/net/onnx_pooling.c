// SPDX-License-Identifier: Apache-2.0
/* Pooling. */
#include <math.h>

#include "net/onnx_op.h"

enum { MOST, AVERAGE };

/* Columns or rows from..to-1 of a window that are inside. */
static void inside(const struct pm_onnx_window *w, unsigned d, size_t at, size_t *from, size_t *to) {
    const int64_t start = (int64_t)(at * w->stride[d]) - w->pad[d], step = (int64_t)w->dilation[d];
    const int64_t left = (int64_t)w->in[d] - start;
    *from = start < 0 ? (size_t)((-start + step - 1) / step) : 0;
    *to = left <= 0 ? 0 : (size_t)((left + step - 1) / step);
    *to = *to < w->kernel[d] ? *to : w->kernel[d];
}

/* Places of a window along d that are inside or pads, but not beyond these. */
static size_t counted(const struct pm_onnx_window *w, unsigned d, size_t at) {
    const int64_t start = (int64_t)(at * w->stride[d]), step = (int64_t)w->dilation[d];
    const int64_t left = (int64_t)w->in[d] + w->pad[d] + w->end[d] - start;
    const size_t n = left <= 0 ? 0 : (size_t)((left + step - 1) / step);
    return n < w->kernel[d] ? n : w->kernel[d];
}

static float window_value(const struct pm_onnx_window *w, int kind, bool pads, const float *x, size_t oy,
                          size_t ox) {
    size_t y0, y1, x0, x1;
    inside(w, 0, oy, &y0, &y1);
    inside(w, 1, ox, &x0, &x1);
    float sum = kind == MOST ? -INFINITY : 0;
    for (size_t ky = y0; ky < y1; ky++) {
        const float *line =
            x + (int64_t)w->in[1] * ((int64_t)(oy * w->stride[0] + ky * w->dilation[0]) - w->pad[0]);
        for (size_t kx = x0; kx < x1; kx++) {
            const float v = line[(int64_t)(ox * w->stride[1] + kx * w->dilation[1]) - w->pad[1]];
            sum = kind == AVERAGE ? sum + v : v > sum || isnan(v) ? v : sum;
        }
    }
    if (kind == MOST)
        return sum;
    const size_t n =
        pads ? counted(w, 0, oy) * counted(w, 1, ox) : (y1 > y0 ? y1 - y0 : 0) * (x1 > x0 ? x1 - x0 : 0);
    return sum / (float)n;
}

static pm_status pool(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const bool ceil = pm_eval_int(op, "ceil_mode", 0) != 0,
               pads = pm_eval_int(op, "count_include_pad", 0) != 0;
    struct pm_onnx_window w;
    size_t shape[PM_ONNX_RANK];
    pm_status status = pm_eval_need_float(op, 0);
    if (status == PM_OK && (x->rank < 3 || x->rank > 4 || pm_eval_int(op, "storage_order", 0) != 0))
        status = pm_eval_fail(op, PM_EINVAL, "%u dimensions, or column-major indices", x->rank);
    if (status == PM_OK)
        status = pm_eval_window(op, x, NULL, ceil, &w);
    if (status != PM_OK)
        return status;
    const unsigned rank = pm_onnx_window_shape(&w, x, x->shape[1], shape);
    status = pm_eval_out(op, 0, x->type, rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    const size_t plane = w.in[0] * w.in[1];
    float *y = op->out[0].f;
    for (size_t c = 0; c < x->shape[0] * x->shape[1]; c++)
        for (size_t oy = 0; oy < w.out[0]; oy++)
            for (size_t ox = 0; ox < w.out[1]; ox++)
                *y++ = window_value(&w, op->node->op->variant, pads, x->f + c * plane, oy, ox);
    return PM_OK;
}

/* Over all spatial dimensions. */
static pm_status pool_all(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    size_t shape[PM_ONNX_RANK];
    pm_status status = pm_eval_need_float(op, 0);
    if (status == PM_OK && x->rank < 2)
        status = pm_eval_fail(op, PM_EINVAL, "%u dimensions", x->rank);
    for (unsigned d = 0; d < x->rank; d++)
        shape[d] = d < 2 ? x->shape[d] : 1;
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, x->rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    const size_t plane = pm_onnx_product(x->shape, 2, x->rank);
    const bool most = op->node->op->variant == MOST;
    for (size_t c = 0; c < op->out[0].count; c++) {
        double sum = 0;
        float largest = -INFINITY;
        for (size_t i = 0; i < plane; i++) {
            const float v = x->f[c * plane + i];
            sum += (double)v;
            largest = v > largest || isnan(v) ? v : largest;
        }
        op->out[0].f[c] = most ? largest : (float)(sum / (double)plane);
    }
    return PM_OK;
}

const struct pm_onnx_operator pm_onnx_pooling[] = {
    {"AveragePool", 1, 1, 1, 1, pool, AVERAGE, NULL},
    {"GlobalAveragePool", 1, 1, 1, 1, pool_all, AVERAGE, NULL},
    {"GlobalMaxPool", 1, 1, 1, 1, pool_all, MOST, NULL},
    {"MaxPool", 1, 1, 1, 1, pool, MOST, NULL},
    {0},
};

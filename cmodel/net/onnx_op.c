// SPDX-License-Identifier: Apache-2.0
/* What operators share: inputs, outputs, axes, windows, products. */
#include "net/onnx_op.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"

pm_status pm_eval_fail(const struct pm_onnx_op *op, pm_status status, const char *format, ...) {
    char reason[256];
    va_list ap;
    va_start(ap, format);
    vsnprintf(reason, sizeof reason, format, ap);
    va_end(ap);
    return pm_fail(op->e, status, op->net->path, "node \"%.100s\" (%.60s): %s", op->node->name,
                   op->node->type, reason);
}

pm_status pm_eval_memory(const struct pm_onnx_op *op) {
    return pm_eval_fail(op, PM_ENOMEM, "out of memory");
}

const struct pm_onnx_tensor *pm_eval_in(const struct pm_onnx_op *op, unsigned k) {
    return k < op->inputs ? op->in[k] : NULL;
}

pm_status pm_eval_need_float(const struct pm_onnx_op *op, unsigned k) {
    const struct pm_onnx_tensor *t = pm_eval_in(op, k);
    return !t || pm_onnx_is_float(t->type) ? PM_OK
                                           : pm_eval_fail(op, PM_EINVAL, "input %u is %s, not floating", k,
                                                          pm_onnx_type_name((int)t->type));
}

pm_status pm_eval_need_int(const struct pm_onnx_op *op, unsigned k) {
    const struct pm_onnx_tensor *t = pm_eval_in(op, k);
    return !t || !pm_onnx_is_float(t->type) ? PM_OK
                                            : pm_eval_fail(op, PM_EINVAL, "input %u is %s, not an integer", k,
                                                           pm_onnx_type_name((int)t->type));
}

pm_status pm_eval_out_known(struct pm_onnx_op *op, unsigned k, enum pm_onnx_type type, unsigned rank,
                            const size_t *shape) {
    struct pm_onnx_tensor t;
    if (pm_onnx_shape(&t, type, rank, shape) != PM_OK)
        return pm_eval_fail(op, PM_ERANGE, "an output of more than %d dimensions or 2^31 elements",
                            PM_ONNX_RANK);
    op->out[k] = t;
    return pm_onnx_allocate(&op->out[k]) == PM_OK ? PM_OK : pm_eval_memory(op);
}

pm_status pm_eval_out(struct pm_onnx_op *op, unsigned k, enum pm_onnx_type type, unsigned rank,
                      const size_t *shape) {
    if (!op->dry)
        return pm_eval_out_known(op, k, type, rank, shape);
    if (pm_onnx_shape(&op->out[k], type, rank, shape) != PM_OK)
        return pm_eval_fail(op, PM_ERANGE, "an output of more than %d dimensions or 2^31 elements",
                            PM_ONNX_RANK);
    return PM_OK;
}

pm_status pm_eval_view(struct pm_onnx_op *op, unsigned rank, const size_t *shape) {
    struct pm_onnx_tensor t;
    char from[160], to[160];
    if (pm_onnx_shape(&t, op->in[0]->type, rank, shape) != PM_OK || t.count != op->in[0]->count) {
        pm_onnx_shape_text(from, sizeof from, op->in[0]->rank, op->in[0]->shape);
        pm_onnx_shape_text(to, sizeof to, rank < PM_ONNX_RANK ? rank : PM_ONNX_RANK, shape);
        return pm_eval_fail(op, PM_EINVAL, "%s does not fit %s", from, to);
    }
    if (op->dry && !op->in[0]->data)
        op->out[0] = t;
    else
        pm_onnx_share(&op->out[0], op->in[0], rank, shape);
    return PM_OK;
}

pm_status pm_eval_known(const struct pm_onnx_op *op, unsigned k, const int64_t **v, size_t *n) {
    const struct pm_onnx_tensor *t = pm_eval_in(op, k);
    *v = NULL;
    *n = 0;
    if (!t)
        return PM_OK;
    if (pm_onnx_is_float(t->type))
        return pm_eval_fail(op, PM_EINVAL, "input %u is %s, not an integer", k,
                            pm_onnx_type_name((int)t->type));
    if (!t->data)
        return pm_eval_fail(op, PM_EINVAL, "input %u, which sets a shape, depends on the network's inputs",
                            k);
    *v = t->i;
    *n = t->count;
    return PM_OK;
}

pm_status pm_eval_axis(const struct pm_onnx_op *op, int64_t axis, unsigned rank, unsigned *out) {
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return pm_eval_fail(op, PM_EINVAL, "axis %lld of %u dimensions", (long long)axis, rank);
    *out = (unsigned)(axis < 0 ? axis + (int64_t)rank : axis);
    return PM_OK;
}

pm_status pm_eval_axes(const struct pm_onnx_op *op, unsigned k, unsigned rank, uint32_t *set, bool *given) {
    size_t n;
    const int64_t *axes = pm_eval_ints(op, "axes", &n);
    if (!axes) {
        const pm_status status = pm_eval_known(op, k, &axes, &n);
        if (status != PM_OK)
            return status;
    }
    *set = 0;
    *given = axes != NULL;
    for (size_t i = 0; i < n; i++) {
        unsigned axis;
        const pm_status status = pm_eval_axis(op, axes[i], rank, &axis);
        if (status != PM_OK)
            return status;
        if (*set & 1u << axis)
            return pm_eval_fail(op, PM_EINVAL, "axis %u twice", axis);
        *set |= 1u << axis;
    }
    return PM_OK;
}

/* ---- windows ---- */

/* Attribute `name`, `count` numbers of lo..2^31 - 1, `fallback` where there is none. */
static pm_status numbers(const struct pm_onnx_op *op, const char *name, unsigned count, int64_t lo,
                         int64_t fallback, int64_t *to) {
    size_t n;
    const int64_t *v = pm_eval_ints(op, name, &n);
    for (unsigned i = 0; i < count; i++)
        to[i] = fallback;
    if (!v || n == 0)
        return PM_OK;
    if (n != count)
        return pm_eval_fail(op, PM_EINVAL, "attribute %s has %zu numbers, not %u", name, n, count);
    for (unsigned i = 0; i < count; i++) {
        if (v[i] < lo || v[i] > INT32_MAX)
            return pm_eval_fail(op, PM_EINVAL, "attribute %s has %lld", name, (long long)v[i]);
        to[i] = v[i];
    }
    return PM_OK;
}

/* Output size and pads of dimension d. */
static pm_status slide(const struct pm_onnx_op *op, int same, bool ceil, struct pm_onnx_window *w,
                       unsigned d) {
    const int64_t in = (int64_t)w->in[d], stride = (int64_t)w->stride[d];
    const int64_t reach = (int64_t)w->dilation[d] * ((int64_t)w->kernel[d] - 1) + 1;
    if (same) { /* 1: the odd one at the end; 2: at the beginning */
        const int64_t out = (in + stride - 1) / stride, needed = (out - 1) * stride + reach - in;
        const int64_t pads = needed > 0 ? needed : 0;
        w->pad[d] = same == 1 ? pads / 2 : (pads + 1) / 2;
        w->end[d] = pads - w->pad[d];
        w->out[d] = (size_t)out;
        return PM_OK;
    }
    const int64_t room = in + w->pad[d] + w->end[d] - reach;
    if (room < 0)
        return pm_eval_fail(op, PM_EINVAL, "a window of %lld over a dimension of %zu, pads %lld and %lld",
                            (long long)reach, w->in[d], (long long)w->pad[d], (long long)w->end[d]);
    int64_t out = (ceil ? room + stride - 1 : room) / stride + 1;
    if (ceil && (out - 1) * stride >= in + w->pad[d]) /* a window of pads alone */
        out--;
    w->out[d] = (size_t)out;
    return PM_OK;
}

pm_status pm_eval_window(const struct pm_onnx_op *op, const struct pm_onnx_tensor *x, const size_t *kernel,
                         bool ceil, struct pm_onnx_window *w) {
    int64_t shape[2], stride[2], dilation[2], pads[4];
    const int pad = pm_eval_choice(op, "auto_pad", "NOTSET|SAME_UPPER|SAME_LOWER|VALID", "NOTSET");
    const unsigned dims = x->rank - 2, first = 2 - dims;
    pm_status status;
    *w = (struct pm_onnx_window){
        .dims = dims, .in = {1, 1}, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .out = {1, 1}};
    if (pad < 0)
        return pm_eval_fail(op, PM_EINVAL, "attribute auto_pad is none that is known");
    if ((status = numbers(op, "kernel_shape", dims, 1, 0, shape)) != PM_OK ||
        (status = numbers(op, "strides", dims, 1, 1, stride)) != PM_OK ||
        (status = numbers(op, "dilations", dims, 1, 1, dilation)) != PM_OK ||
        (status = numbers(op, "pads", 2 * dims, 0, 0, pads)) != PM_OK)
        return status;
    for (unsigned k = 0; k < dims; k++) {
        const unsigned d = first + k;
        w->in[d] = x->shape[2 + k];
        w->kernel[d] = kernel ? kernel[k] : (size_t)shape[k];
        w->stride[d] = (size_t)stride[k];
        w->dilation[d] = (size_t)dilation[k];
        w->pad[d] = pad == 0 ? pads[k] : 0;
        w->end[d] = pad == 0 ? pads[dims + k] : 0;
        if (w->kernel[d] == 0 || w->kernel[d] > INT32_MAX || w->in[d] == 0 ||
            (shape[k] && (size_t)shape[k] != w->kernel[d]))
            return pm_eval_fail(op, PM_EINVAL, "a window of %zu (kernel_shape %lld) over a dimension of %zu",
                                w->kernel[d], (long long)shape[k], w->in[d]);
        status = slide(op, pad == 1 || pad == 2 ? pad : 0, ceil, w, d);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

unsigned pm_onnx_window_shape(const struct pm_onnx_window *w, const struct pm_onnx_tensor *x, size_t channels,
                              size_t *shape) {
    shape[0] = x->shape[0];
    shape[1] = channels;
    for (unsigned k = 0; k < w->dims; k++)
        shape[2 + k] = w->out[2 - w->dims + k];
    return 2 + w->dims;
}

/* Positions ox..ox+n-1 of a line of outputs, of one channel: tap by tap. */
static void unfold_line(const struct pm_onnx_window *w, const float *x, float outside, size_t oy, size_t ox,
                        size_t n, float *y) {
    const size_t taps = w->kernel[0] * w->kernel[1];
    const int64_t step = (int64_t)w->stride[1], width = (int64_t)w->in[1], end = (int64_t)n;
    for (size_t t = 0; t < taps; t++, y++) {
        const int64_t row = (int64_t)(oy * w->stride[0] + t / w->kernel[1] * w->dilation[0]) - w->pad[0];
        const int64_t col = (int64_t)(ox * w->stride[1] + t % w->kernel[1] * w->dilation[1]) - w->pad[1];
        const bool there = row >= 0 && row < (int64_t)w->in[0];
        /* Those from first up to last are inside: 0 <= col + step i < width. */
        const int64_t in = col < width ? (width - col + step - 1) / step : 0;
        const int64_t last = !there ? 0 : in < end ? in : end;
        const int64_t first = col >= 0 || !there ? 0 : (-col + step - 1) / step;
        const float *line = x + (there ? row * width : 0);
        int64_t i = 0;
        for (; i < first && i < end; i++)
            y[(size_t)i * taps] = outside;
        for (; i < last; i++)
            y[(size_t)i * taps] = line[col + i * step];
        for (; i < end; i++)
            y[(size_t)i * taps] = outside;
    }
}

void pm_onnx_unfold(const struct pm_onnx_window *w, const float *x, size_t ldx, size_t channels,
                    float outside, size_t from, size_t to, float *y) {
    for (size_t n; channels == 1 && ldx == 1 && from < to; from += n, y += n * w->kernel[0] * w->kernel[1]) {
        const size_t left = w->out[1] - from % w->out[1];
        n = left < to - from ? left : to - from;
        unfold_line(w, x, outside, from / w->out[1], from % w->out[1], n, y);
    }
    for (size_t p = from; p < to; p++)
        for (size_t ky = 0; ky < w->kernel[0]; ky++) {
            const int64_t row = (int64_t)(p / w->out[1] * w->stride[0] + ky * w->dilation[0]) - w->pad[0];
            for (size_t kx = 0; kx < w->kernel[1]; kx++, y += channels) {
                const int64_t col = (int64_t)(p % w->out[1] * w->stride[1] + kx * w->dilation[1]) - w->pad[1];
                if (row >= 0 && row < (int64_t)w->in[0] && col >= 0 && col < (int64_t)w->in[1])
                    memcpy(y, x + ((size_t)row * w->in[1] + (size_t)col) * ldx, channels * sizeof *y);
                else
                    for (size_t c = 0; c < channels; c++)
                        y[c] = outside;
            }
        }
}

void pm_onnx_turn(const float *x, size_t rows, size_t columns, float *y, size_t ldy) {
    enum { BLOCK = 16 };
    for (size_t r0 = 0; r0 < rows; r0 += BLOCK)
        for (size_t c0 = 0; c0 < columns; c0 += BLOCK)
            for (size_t r = r0; r < rows && r < r0 + BLOCK; r++)
                for (size_t c = c0; c < columns && c < c0 + BLOCK; c++)
                    y[c * ldy + r] = x[r * columns + c];
}

/* ---- products ---- */

pm_status pm_eval_product(const struct pm_onnx_op *op, const float *x, size_t ldx, size_t n, const float *w,
                          size_t by_depth, size_t by_output, size_t depth, size_t outputs, float *y,
                          size_t ldy) {
    if (depth > INT32_MAX || outputs > INT32_MAX)
        return pm_eval_fail(op, PM_ERANGE, "a product of %zu by %zu", depth, outputs);
    float *packed =
        reallocarray(NULL, pm_sgemm_packed((unsigned)depth, (unsigned)outputs) + 1, sizeof *packed);
    if (!packed)
        return pm_eval_memory(op);
    pm_sgemm_pack(w, by_depth, by_output, (unsigned)depth, (unsigned)outputs, packed);
    for (size_t r = 0; r < n; r++)
        memset(y + r * ldy, 0, outputs * sizeof *y);
    pm_sgemm(pm_kernels(PM_ISA_BEST), x, ldx, (unsigned)n, packed, (unsigned)depth, (unsigned)outputs, y,
             ldy);
    free(packed);
    return PM_OK;
}

// SPDX-License-Identifier: Apache-2.0
/* Products: MatMul, Gemm, convolutions. With constant weights they are layers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/onnx_op.h"

/* Floats that a convolution unfolds at a time: they stay in the second cache. */
#define UNFOLDED_MOST ((size_t)1 << 17)

static pm_status need_floats(const struct pm_onnx_op *op) {
    pm_status status = PM_OK;
    for (unsigned k = 0; k < op->inputs && status == PM_OK; k++)
        status = pm_eval_need_float(op, k);
    return status;
}

static bool is_constant(const struct pm_onnx_op *op, unsigned k) {
    const uint32_t v = k < op->node->inputs ? op->node->in[k] : PM_ONNX_NONE;
    return v == PM_ONNX_NONE || op->net->value[v].constant;
}

/* ---- MatMul ---- */

pm_status pm_eval_matmul_shape(const struct pm_onnx_op *op, const struct pm_onnx_tensor *a,
                               const struct pm_onnx_tensor *b, struct pm_onnx_matmul *s) {
    char x[160], y[160];
    const unsigned ra = a->rank, rb = b->rank;
    *s = (struct pm_onnx_matmul){.n = 1, .outputs = 1};
    const size_t depth_b = rb == 0 ? 0 : rb == 1 ? b->shape[0] : b->shape[rb - 2];
    bool fits = ra > 0 && rb > 0 && a->shape[ra - 1] == depth_b;
    fits = fits && pm_onnx_broadcast(ra > 2 ? ra - 2 : 0, a->shape, rb > 2 ? rb - 2 : 0, b->shape, &s->rank,
                                     s->batch);
    if (!fits) {
        pm_onnx_shape_text(x, sizeof x, ra, a->shape);
        pm_onnx_shape_text(y, sizeof y, rb, b->shape);
        return pm_eval_fail(op, PM_EINVAL, "%s times %s", x, y);
    }
    s->depth = depth_b;
    memcpy(s->out, s->batch, sizeof s->out);
    s->out_rank = s->rank;
    if (ra > 1)
        s->out[s->out_rank++] = s->n = a->shape[ra - 2];
    if (rb > 1)
        s->out[s->out_rank++] = s->outputs = b->shape[rb - 1];
    return PM_OK;
}

/* Elements from one batch to the next; a tensor without batches stands still. */
static void batch_strides(const struct pm_onnx_tensor *t, const struct pm_onnx_matmul *s, size_t *stride) {
    struct pm_onnx_tensor batches = {.rank = t->rank > 2 ? t->rank - 2 : 0};
    memcpy(batches.shape, t->shape, sizeof batches.shape);
    pm_onnx_strides(&batches, s->rank, stride);
    for (unsigned d = 0; d < s->rank; d++)
        stride[d] *= t->rank > 1 ? t->shape[t->rank - 1] * t->shape[t->rank - 2] : 0;
}

pm_status pm_eval_matmul_run(struct pm_onnx_op *op, const struct pm_onnx_matmul *s,
                             const struct pm_onnx_tensor *a, const struct pm_onnx_tensor *b, float *y) {
    const size_t made = pm_onnx_product(s->out, 0, s->out_rank);
    size_t stride[2][PM_ONNX_RANK];
    struct pm_onnx_walk w;
    pm_status status = PM_OK;
    if (made == 0)
        return PM_OK;
    if (op->node->layers > 0)
        return pm_eval_matrix(op, 0, 0, made / s->outputs, a->f, y);
    batch_strides(a, s, stride[0]);
    batch_strides(b, s, stride[1]);
    for (pm_onnx_walk_begin(&w, s->rank, s->batch, 2, stride); !w.done && status == PM_OK;
         pm_onnx_walk_next(&w))
        for (size_t i = 0; i < w.n && status == PM_OK; i++, y += s->n * s->outputs)
            status = pm_eval_product(op, a->f + w.at[0] + i * w.step[0], s->depth, s->n,
                                     b->f + w.at[1] + i * w.step[1], s->outputs, 1, s->depth, s->outputs, y,
                                     s->outputs);
    return status;
}

pm_status pm_eval_matmul_matrices(struct pm_onnx_op *op, const struct pm_onnx_tensor *a,
                                  const struct pm_onnx_tensor *b, const float *weight) {
    if (b->rank != 2 || a->count == 0 || b->count == 0)
        return PM_OK;
    const pm_status status = pm_eval_matrices(op, 1, b->shape[0], b->shape[1], a->count / b->shape[0], true);
    if (status != PM_OK || op->node->layers == 0)
        return status;
    pm_onnx_turn(weight, b->shape[0], b->shape[1], op->node->matrix[0].weight, b->shape[0]);
    pm_eval_matrices_pack(op);
    return PM_OK;
}

static pm_status matmul(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *a = op->in[0], *b = op->in[1];
    struct pm_onnx_matmul s;
    pm_status status = need_floats(op);
    if (status == PM_OK)
        status = pm_eval_matmul_shape(op, a, b, &s);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, a->type, s.out_rank, s.out);
    if (status != PM_OK)
        return status;
    op->node->macs = pm_onnx_product(s.out, 0, s.out_rank) * s.depth;
    return op->dry ? PM_OK : pm_eval_matmul_run(op, &s, a, b, op->out[0].f);
}

static pm_status matmul_matrices(struct pm_onnx_op *op) {
    return is_constant(op, 1) ? pm_eval_matmul_matrices(op, op->in[0], op->in[1], op->in[1]->f) : PM_OK;
}

/* ---- Gemm ---- */

struct gemm {
    bool turn_a, turn_b;
    size_t n, depth, outputs;
    float alpha, beta;
};

static pm_status gemm_shape(const struct pm_onnx_op *op, struct gemm *g) {
    const struct pm_onnx_tensor *a = op->in[0], *b = op->in[1], *c = pm_eval_in(op, 2);
    *g = (struct gemm){.turn_a = pm_eval_int(op, "transA", 0) != 0,
                       .turn_b = pm_eval_int(op, "transB", 0) != 0,
                       .alpha = pm_eval_float(op, "alpha", 1),
                       .beta = pm_eval_float(op, "beta", 1)};
    if (a->rank != 2 || b->rank != 2 || a->shape[!g->turn_a] != b->shape[g->turn_b])
        return pm_eval_fail(op, PM_EINVAL, "matrices that do not fit");
    g->n = a->shape[g->turn_a];
    g->depth = a->shape[!g->turn_a];
    g->outputs = b->shape[!g->turn_b];
    size_t shape[PM_ONNX_RANK];
    unsigned rank;
    if (c && (!pm_onnx_broadcast(2, (size_t[]){g->n, g->outputs}, c->rank, c->shape, &rank, shape) ||
              rank != 2 || shape[0] != g->n || shape[1] != g->outputs))
        return pm_eval_fail(op, PM_EINVAL, "input 2 cannot be broadcast to the product");
    return PM_OK;
}

static pm_status gemm(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *a = op->in[0], *b = op->in[1], *c = pm_eval_in(op, 2);
    struct gemm g;
    pm_status status = need_floats(op);
    if (status == PM_OK)
        status = gemm_shape(op, &g);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, a->type, 2, (size_t[]){g.n, g.outputs});
    if (status != PM_OK)
        return status;
    op->node->macs = (uint64_t)g.n * g.depth * g.outputs;
    if (op->dry || op->out[0].count == 0)
        return PM_OK;
    float *y = op->out[0].f;
    if (op->node->layers > 0)
        return pm_eval_matrix(op, 0, 0, g.n, a->f, y);
    float *turned = g.turn_a ? malloc((a->count + 1) * sizeof *turned) : NULL;
    if (g.turn_a && !turned)
        return pm_eval_memory(op);
    if (turned)
        pm_onnx_turn(a->f, g.depth, g.n, turned, g.depth);
    status = pm_eval_product(op, turned ? turned : a->f, g.depth, g.n, b->f, g.turn_b ? 1 : g.outputs,
                             g.turn_b ? g.depth : 1, g.depth, g.outputs, y, g.outputs);
    free(turned);
    size_t stride[PM_ONNX_RANK] = {0};
    if (c)
        pm_onnx_strides(c, 2, stride);
    for (size_t r = 0; r < g.n && status == PM_OK; r++)
        for (size_t o = 0; o < g.outputs; o++)
            y[r * g.outputs + o] =
                g.alpha * y[r * g.outputs + o] + (c ? g.beta * c->f[r * stride[0] + o * stride[1]] : 0.0f);
    return status;
}

static pm_status gemm_matrices(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *b = op->in[1], *c = pm_eval_in(op, 2);
    struct gemm g;
    size_t stride[PM_ONNX_RANK] = {0};
    pm_status status = gemm_shape(op, &g);
    if (status != PM_OK || g.turn_a || !is_constant(op, 1) || !is_constant(op, 2))
        return status;
    if (c)
        pm_onnx_strides(c, 2, stride);
    if (stride[0] != 0) /* a bias for each vector */
        return PM_OK;
    status = pm_eval_matrices(op, 1, g.depth, g.outputs, g.n, true);
    if (status != PM_OK || op->node->layers == 0)
        return status;
    struct pm_matrix *m = op->node->matrix;
    for (size_t o = 0; o < g.outputs; o++) {
        for (size_t i = 0; i < g.depth; i++)
            m->weight[o * g.depth + i] = g.alpha * b->f[g.turn_b ? o * g.depth + i : i * g.outputs + o];
        m->bias[o] = c ? g.beta * c->f[o * stride[1]] : 0.0f;
    }
    pm_eval_matrices_pack(op);
    return PM_OK;
}

/* ---- Conv ---- */

pm_status pm_eval_conv(const struct pm_onnx_op *op, const struct pm_onnx_tensor *x,
                       const struct pm_onnx_tensor *weight, const struct pm_onnx_tensor *bias,
                       struct pm_onnx_conv *c) {
    const int64_t groups = pm_eval_int(op, "group", 1);
    char a[160], b[160];
    pm_onnx_shape_text(a, sizeof a, x->rank, x->shape);
    pm_onnx_shape_text(b, sizeof b, weight->rank, weight->shape);
    if (x->rank < 3 || x->rank > 4 || weight->rank != x->rank)
        return pm_eval_fail(op, PM_EINVAL,
                            "input %s, weights %s: one or two spatial dimensions are supported", a, b);
    if (groups < 1 || groups > INT32_MAX || weight->shape[0] % (size_t)groups != 0 ||
        x->shape[1] != weight->shape[1] * (size_t)groups || weight->count == 0)
        return pm_eval_fail(op, PM_EINVAL, "input %s, weights %s, %lld groups", a, b, (long long)groups);
    c->groups = (size_t)groups;
    c->channels = weight->shape[1];
    c->outputs = weight->shape[0] / c->groups;
    if (bias && (bias->rank != 1 || bias->shape[0] != weight->shape[0]))
        return pm_eval_fail(op, PM_EINVAL, "a bias of another size than %zu", weight->shape[0]);
    const pm_status status = pm_eval_window(op, x, weight->shape + 2, false, &c->window);
    const struct pm_onnx_window *w = &c->window;
    if (status != PM_OK || __builtin_mul_overflow(c->channels, w->kernel[0] * w->kernel[1], &c->depth))
        return status != PM_OK ? status : pm_eval_fail(op, PM_ERANGE, "too large");
    c->positions = w->out[0] * w->out[1];
    c->plane = w->in[0] * w->in[1];
    return PM_OK;
}

pm_status pm_eval_conv_out(struct pm_onnx_op *op, const struct pm_onnx_conv *c,
                           const struct pm_onnx_tensor *x, enum pm_onnx_type type) {
    size_t shape[PM_ONNX_RANK];
    const unsigned rank = pm_onnx_window_shape(&c->window, x, c->groups * c->outputs, shape);
    const pm_status status = pm_eval_out(op, 0, type, rank, shape);
    op->node->macs = status == PM_OK ? pm_onnx_product(shape, 0, rank) * c->depth : 0;
    return status;
}

/* Weights of output o, [channels][kernel], in the order of unfolded vectors. */
static void reorder(const struct pm_onnx_conv *c, const float *w, size_t o, float scale, float *to) {
    const size_t taps = c->depth / c->channels;
    for (size_t ch = 0; ch < c->channels; ch++)
        for (size_t t = 0; t < taps; t++)
            to[t * c->channels + ch] = scale * w[(o * c->channels + ch) * taps + t];
}

/* Few outputs a group are computed plane by plane: a product would be mostly empty. */
static bool is_thin(const struct pm_onnx_conv *c) {
    return c->groups > 1 && c->outputs < 8;
}

/* y += w x over a plane, of one tap of the window. */
static void add_tap(const struct pm_onnx_window *w, const float *x, float weight, size_t ky, size_t kx,
                    double *y) {
    const int64_t at_y = (int64_t)(ky * w->dilation[0]) - w->pad[0],
                  at_x = (int64_t)(kx * w->dilation[1]) - w->pad[1];
    const int64_t step = (int64_t)w->stride[1], width = (int64_t)w->in[1];
    /* Columns from..to-1 are inside: 0 <= at_x + step ox < width. */
    const int64_t from = at_x < 0 ? (-at_x + step - 1) / step : 0;
    const int64_t inside = width - at_x <= 0 ? 0 : (width - at_x + step - 1) / step;
    const int64_t to = inside < (int64_t)w->out[1] ? inside : (int64_t)w->out[1];
    for (size_t oy = 0; oy < w->out[0]; oy++, y += w->out[1]) {
        const int64_t row = (int64_t)(oy * w->stride[0]) + at_y;
        if (row < 0 || row >= (int64_t)w->in[0])
            continue;
        const float *line = x + row * width;
        if (step == 1)
            for (int64_t ox = from; ox < to; ox++)
                y[ox] += (double)weight * (double)line[at_x + ox];
        else
            for (int64_t ox = from; ox < to; ox++)
                y[ox] += (double)weight * (double)line[at_x + ox * step];
    }
}

/* One image on the host, from matrices; sum[positions]. */
static void convolve_thin(const struct pm_onnx_op *op, const struct pm_onnx_conv *c, const float *x,
                          double *sum, float *y) {
    const struct pm_onnx_window *w = &c->window;
    for (size_t g = 0; g < c->groups; g++) {
        const struct pm_matrix *m = &op->node->matrix[g];
        for (size_t o = 0; o < c->outputs; o++, y += c->positions) {
            const float *weight = m->weight + o * c->depth;
            for (size_t p = 0; p < c->positions; p++)
                sum[p] = (double)m->bias[o];
            for (size_t t = 0; t < c->depth / c->channels; t++)
                for (size_t ch = 0; ch < c->channels; ch++)
                    add_tap(w, x + (g * c->channels + ch) * c->plane, *weight++, t / w->kernel[1],
                            t % w->kernel[1], sum);
            for (size_t p = 0; p < c->positions; p++)
                y[p] = (float)sum[p];
        }
    }
}

/* Positions of group g, unfolded and multiplied some at a time. x is [plane][channels of all groups], of
 * groups of one channel a plane each. */
static pm_status convolve_group(struct pm_onnx_op *op, const struct pm_onnx_conv *c, const float *x, size_t g,
                                size_t first, size_t chunk, float *unfolded, float *product, float *y) {
    const struct pm_onnx_window *w = &c->window;
    const size_t all = c->channels == 1 ? 1 : c->groups * c->channels;
    const bool plain = c->groups == 1 && c->depth == c->channels && w->stride[0] == 1 && w->stride[1] == 1 &&
                       c->positions == c->plane && w->pad[0] == 0 && w->pad[1] == 0;
    pm_status status = PM_OK;
    for (size_t from = 0; from < c->positions && status == PM_OK; from += chunk) {
        const size_t to = from + chunk < c->positions ? from + chunk : c->positions;
        if (!plain)
            pm_onnx_unfold(w, x + g * (c->channels == 1 ? c->plane : c->channels), all, c->channels, 0.0f,
                           from, to, unfolded);
        status = pm_eval_matrix(op, (unsigned)g, first + from, to - from, plain ? x + from * all : unfolded,
                                product);
        if (status == PM_OK)
            pm_onnx_turn(product, to - from, c->outputs, y + from, c->positions);
    }
    return status;
}

static pm_status convolve(struct pm_onnx_op *op, const struct pm_onnx_conv *c, size_t images, const float *x,
                          float *y) {
    const size_t all = c->groups * c->channels, image = c->plane * all,
                 made = c->groups * c->outputs * c->positions;
    const size_t fit = UNFOLDED_MOST / (c->depth + c->outputs) + 16;
    const size_t chunk = fit < c->positions ? fit : c->positions;
    const bool thin = is_thin(c) && !pm_eval_placed(op);
    float *turned = reallocarray(NULL, image, sizeof *turned);
    float *unfolded = reallocarray(NULL, chunk * c->depth, sizeof *unfolded);
    float *product = reallocarray(NULL, chunk * c->outputs, sizeof *product);
    double *sum = thin ? reallocarray(NULL, c->positions, sizeof *sum) : NULL;
    pm_status status = turned && unfolded && product && (sum || !thin) ? PM_OK : pm_eval_memory(op);
    for (size_t n = 0; n < images && status == PM_OK; n++, x += image, y += made) {
        if (thin) {
            convolve_thin(op, c, x, sum, y);
            continue;
        }
        if (c->channels > 1)
            pm_onnx_turn(x, all, c->plane, turned, all);
        for (size_t g = 0; g < c->groups && status == PM_OK; g++)
            status = convolve_group(op, c, c->channels > 1 ? turned : x, g, n * c->positions, chunk, unfolded,
                                    product, y + g * c->outputs * c->positions);
    }
    free(turned);
    free(unfolded);
    free(product);
    free(sum);
    return status;
}

/* Weights as matrices, one a group, a BatchNormalization that follows folded into them. */
pm_status pm_eval_conv_matrices(struct pm_onnx_op *op, const struct pm_onnx_conv *c, size_t images,
                                const float *weight, const float *bias) {
    const struct pm_onnx_tensor *norm[5] = {0};
    float eps = 0;
    if (op->node->norm != PM_ONNX_NONE) {
        struct pm_onnx_node *other = &op->net->node[op->node->norm];
        const struct pm_onnx_op of = {.net = op->net, .node = other};
        for (unsigned k = 1; k < 5; k++)
            norm[k] = &op->net->value[other->in[k]].t;
        eps = pm_eval_float(&of, "epsilon", 1e-5f);
    }
    const pm_status status =
        pm_eval_matrices(op, (unsigned)c->groups, c->depth, c->outputs, images * c->positions, !is_thin(c));
    if (status != PM_OK || op->node->layers == 0)
        return status;
    for (size_t o = 0; o < c->groups * c->outputs; o++) {
        struct pm_matrix *m = &op->node->matrix[o / c->outputs];
        const float scale = norm[1] ? norm[1]->f[o] / sqrtf(norm[4]->f[o] + eps) : 1.0f;
        const float b = bias ? bias[o] : 0.0f;
        reorder(c, weight, o, scale, m->weight + o % c->outputs * c->depth);
        m->bias[o % c->outputs] = norm[1] ? (b - norm[3]->f[o]) * scale + norm[2]->f[o] : b;
    }
    pm_eval_matrices_pack(op);
    return PM_OK;
}

pm_status pm_eval_conv_run(struct pm_onnx_op *op, const struct pm_onnx_conv *c, size_t images, const float *x,
                           const float *weight, const float *bias, float *y) {
    if (op->node->layers > 0)
        return convolve(op, c, images, x, y);
    /* Weights that are computed make matrices for this once, which are no layers. */
    const struct pm_onnx_elsewhere *elsewhere = op->elsewhere;
    op->elsewhere = NULL;
    pm_status status = pm_eval_conv_matrices(op, c, images, weight, bias);
    if (status == PM_OK)
        status = op->node->layers ? convolve(op, c, images, x, y) : pm_eval_fail(op, PM_ERANGE, "too large");
    pm_eval_matrices_free(op->node);
    op->elsewhere = elsewhere;
    return status;
}

static const float *floats(const struct pm_onnx_tensor *t) {
    return t ? t->f : NULL;
}

static pm_status conv_matrices(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *bias = pm_eval_in(op, 2);
    struct pm_onnx_conv c;
    const pm_status status = pm_eval_conv(op, op->in[0], op->in[1], bias, &c);
    return status == PM_OK && is_constant(op, 1) && is_constant(op, 2)
               ? pm_eval_conv_matrices(op, &c, op->in[0]->shape[0], op->in[1]->f, floats(bias))
               : status;
}

static pm_status conv(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *weight = op->in[1], *bias = pm_eval_in(op, 2);
    struct pm_onnx_conv c;
    pm_status status = need_floats(op);
    if (status == PM_OK)
        status = pm_eval_conv(op, x, weight, bias, &c);
    if (status == PM_OK)
        status = pm_eval_conv_out(op, &c, x, x->type);
    return status != PM_OK || op->dry || op->out[0].count == 0
               ? status
               : pm_eval_conv_run(op, &c, x->shape[0], x->f, weight->f, floats(bias), op->out[0].f);
}

/* ---- ConvTranspose ---- */

/* Output sizes and pads, in the terms of the convolution that this one turns around. */
static pm_status transposed_window(const struct pm_onnx_op *op, const struct pm_onnx_tensor *x,
                                   const struct pm_onnx_tensor *weight, struct pm_onnx_window *w) {
    struct pm_onnx_tensor probe = *x; /* large enough for any kernel */
    const unsigned dims = x->rank - 2;
    size_t n_more, n_shape;
    const int64_t *more = pm_eval_ints(op, "output_padding", &n_more),
                  *shape = pm_eval_ints(op, "output_shape", &n_shape);
    const int mode = pm_eval_choice(op, "auto_pad", "NOTSET|SAME_UPPER|SAME_LOWER|VALID", "NOTSET");
    for (unsigned k = 0; k < dims; k++)
        probe.shape[2 + k] = (size_t)1 << 61;
    pm_status status = pm_eval_window(op, &probe, weight->shape + 2, false, w);
    if (status != PM_OK)
        return status;
    if ((more && n_more && n_more != dims) || (shape && n_shape && n_shape != dims))
        return pm_eval_fail(op, PM_EINVAL, "output_padding or output_shape of another size than %u", dims);
    for (unsigned k = 0; k < dims; k++) {
        const unsigned d = 2 - dims + k;
        const int64_t extra = more && n_more ? more[k] : 0, want = shape && n_shape ? shape[k] : -1;
        const int64_t whole = (int64_t)((x->shape[2 + k] - 1) * w->stride[d]) + extra +
                              (int64_t)((w->kernel[d] - 1) * w->dilation[d]) + 1;
        int64_t out = whole - w->pad[d] - w->end[d];
        if (extra < 0 || extra > INT32_MAX || x->shape[2 + k] == 0 || want > INT32_MAX)
            return pm_eval_fail(op, PM_EINVAL, "output_padding %lld, output_shape %lld", (long long)extra,
                                (long long)want);
        if (want >= 0 || mode == 1 || mode == 2) {
            out = want >= 0 ? want : (int64_t)(x->shape[2 + k] * w->stride[d]);
            const int64_t pads = whole - out > 0 ? whole - out : 0;
            w->pad[d] = mode == 1 ? pads / 2 : pads - pads / 2;
        }
        if (out < 1)
            return pm_eval_fail(op, PM_EINVAL, "an output dimension of %lld", (long long)out);
        w->out[d] = x->shape[2 + k]; /* where the window goes */
        w->in[d] = (size_t)out;      /* what it goes over */
    }
    if (dims == 1)
        w->in[0] = w->out[0] = 1;
    return PM_OK;
}

/* Adds folded[position][kernel] of one output to its plane. */
static void fold(const struct pm_onnx_window *w, const float *folded, float *y) {
    for (size_t oy = 0; oy < w->out[0]; oy++)
        for (size_t ox = 0; ox < w->out[1]; ox++)
            for (size_t ky = 0; ky < w->kernel[0]; ky++) {
                const int64_t row = (int64_t)(oy * w->stride[0] + ky * w->dilation[0]) - w->pad[0];
                for (size_t kx = 0; kx < w->kernel[1]; kx++, folded++) {
                    const int64_t col = (int64_t)(ox * w->stride[1] + kx * w->dilation[1]) - w->pad[1];
                    if (row >= 0 && row < (int64_t)w->in[0] && col >= 0 && col < (int64_t)w->in[1])
                        y[row * (int64_t)w->in[1] + col] += *folded;
                }
            }
}

static pm_status conv_transpose(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *weight = op->in[1], *bias = pm_eval_in(op, 2);
    const int64_t groups = pm_eval_int(op, "group", 1);
    struct pm_onnx_window w;
    pm_status status = need_floats(op);
    if (status != PM_OK)
        return status;
    if (x->rank < 3 || x->rank > 4 || weight->rank != x->rank || groups < 1 || groups > INT32_MAX ||
        weight->count == 0 || x->shape[1] != weight->shape[0] || x->shape[1] % (size_t)groups != 0)
        return pm_eval_fail(op, PM_EINVAL,
                            "an input and weights that do not fit, of one or two spatial dimensions");
    const size_t outputs = weight->shape[1], channels = x->shape[1] / (size_t)groups;
    if (bias && bias->count != outputs * (size_t)groups)
        return pm_eval_fail(op, PM_EINVAL, "a bias of another size than %zu", outputs * (size_t)groups);
    status = transposed_window(op, x, weight, &w);
    if (status != PM_OK)
        return status;
    const size_t shape[4] = {x->shape[0], outputs * (size_t)groups, w.in[x->rank == 3], w.in[1]};
    status = pm_eval_out(op, 0, x->type, x->rank, shape);
    const size_t from = w.out[0] * w.out[1], to = w.in[0] * w.in[1], taps = w.kernel[0] * w.kernel[1];
    op->node->macs = (uint64_t)x->count * outputs * taps;
    if (status != PM_OK || op->dry || op->out[0].count == 0)
        return status;
    float *turned = reallocarray(NULL, from * channels, sizeof *turned);
    float *folded = reallocarray(NULL, from * taps, sizeof *folded);
    float *y = op->out[0].f;
    if (!turned || !folded)
        status = pm_eval_memory(op);
    for (size_t g = 0; g < x->shape[0] * (size_t)groups && status == PM_OK; g++) {
        const size_t group = g % (size_t)groups;
        pm_onnx_turn(x->f + g * channels * from, channels, from, turned, channels);
        for (size_t o = 0; o < outputs && status == PM_OK; o++, y += to) {
            for (size_t i = 0; i < to; i++)
                y[i] = bias ? bias->f[group * outputs + o] : 0.0f;
            status = pm_eval_product(op, turned, channels, from,
                                     weight->f + (group * channels * outputs + o) * taps, outputs * taps, 1,
                                     channels, taps, folded, taps);
            if (status == PM_OK)
                fold(&w, folded, y);
        }
    }
    free(turned);
    free(folded);
    return status;
}

const struct pm_onnx_operator pm_onnx_products[] = {
    {"Conv", 1, 2, 3, 1, conv, 0, conv_matrices},
    {"ConvTranspose", 1, 2, 3, 1, conv_transpose, 0, NULL},
    {"Gemm", 1, 2, 3, 1, gemm, 0, gemm_matrices},
    {"MatMul", 1, 2, 2, 1, matmul, 0, matmul_matrices},
    {0},
};

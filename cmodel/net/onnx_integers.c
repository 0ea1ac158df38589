// SPDX-License-Identifier: Apache-2.0
/* Quantised networks: QDQ, in which numbers are rounded to integers and back, and QLinear, in which integers
 * go from node to node. Integers are multiplied as floats, exact up to sums of 2^24. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/onnx_op.h"

/* ---- scales ---- */

/* Scales and zero points of an operand: one, or one along an axis. */
struct scale {
    const float *scale;  /* NULL where not known */
    const int64_t *zero; /* NULL: 0 */
    size_t count, inner; /* element i has number i / inner % count */
};

/* From inputs k and k+1. */
static pm_status scale_of(const struct pm_onnx_op *op, unsigned k, const struct pm_onnx_tensor *x,
                          int64_t axis, struct scale *s) {
    const struct pm_onnx_tensor *scale = pm_eval_in(op, k), *zero = pm_eval_in(op, k + 1);
    unsigned at = 0;
    *s = (struct scale){.count = 1, .inner = 1};
    if (!scale || !pm_onnx_is_float(scale->type) || (zero && pm_onnx_is_float(zero->type)))
        return pm_eval_fail(op, PM_EINVAL, "inputs %u, %u are no scale and zero point", k, k + 1);
    s->count = scale->count;
    if (s->count != 1) {
        const pm_status status = pm_eval_axis(op, axis, x->rank, &at);
        if (status != PM_OK)
            return status;
        s->inner = pm_onnx_product(x->shape, at + 1, x->rank);
    }
    if ((s->count != 1 && s->count != x->shape[at]) || (zero && zero->count != s->count))
        return pm_eval_fail(op, PM_EINVAL, "scales of another number than elements along the axis");
    s->scale = scale->f;
    s->zero = zero ? zero->i : NULL;
    return PM_OK;
}

static float scale_at(const struct scale *s, size_t i) {
    return s->scale[s->count == 1 ? 0 : i / s->inner % s->count];
}

static int64_t zero_at(const struct scale *s, size_t i) {
    return s->zero ? s->zero[s->count == 1 ? 0 : i / s->inner % s->count] : 0;
}

static int64_t quantised(enum pm_onnx_type type, float v, int64_t zero) {
    return pm_onnx_saturate(type, (double)rintf(v) + (double)zero);
}

/* The integer type of input k, uint8 where it is left out. */
static enum pm_onnx_type type_of(const struct pm_onnx_op *op, unsigned k) {
    const struct pm_onnx_tensor *t = pm_eval_in(op, k);
    return t ? t->type : PM_ONNX_UINT8;
}

static pm_status quantize(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const enum pm_onnx_type type = type_of(op, 2);
    struct scale s;
    pm_status status = pm_eval_need_float(op, 0);
    if (status == PM_OK)
        status = scale_of(op, 1, x, pm_eval_int(op, "axis", 1), &s);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, type, x->rank, x->shape);
    for (size_t i = 0; status == PM_OK && !op->dry && i < x->count; i++)
        op->out[0].i[i] = quantised(type, x->f[i] / scale_at(&s, i), zero_at(&s, i));
    return status;
}

static pm_status dequantize(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    struct scale s;
    pm_status status = pm_eval_need_int(op, 0);
    if (status == PM_OK)
        status = scale_of(op, 1, x, pm_eval_int(op, "axis", 1), &s);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, PM_ONNX_FLOAT, x->rank, x->shape);
    for (size_t i = 0; status == PM_OK && !op->dry && i < x->count; i++)
        op->out[0].f[i] = (float)(x->i[i] - zero_at(&s, i)) * scale_at(&s, i);
    return status;
}

/* To 8 bits whose range holds all elements and 0. */
static pm_status dynamic_quantize(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    float lo = 0, hi = 0;
    pm_status status = pm_eval_need_float(op, 0);
    if (status == PM_OK && op->outputs < 3)
        status = pm_eval_fail(op, PM_EINVAL, "three outputs are needed");
    if (status == PM_OK)
        status = pm_eval_out(op, 0, PM_ONNX_UINT8, x->rank, x->shape);
    if (status == PM_OK)
        status = pm_eval_out(op, 1, PM_ONNX_FLOAT, 0, NULL);
    if (status == PM_OK)
        status = pm_eval_out(op, 2, PM_ONNX_UINT8, 0, NULL);
    if (status != PM_OK || op->dry)
        return status;
    for (size_t i = 0; i < x->count; i++) {
        lo = fminf(lo, x->f[i]);
        hi = fmaxf(hi, x->f[i]);
    }
    const float scale = hi > lo ? (hi - lo) / 255.0f : 1.0f;
    const int64_t zero = pm_onnx_saturate(PM_ONNX_UINT8, (double)rintf(-lo / scale));
    op->out[1].f[0] = scale;
    op->out[2].i[0] = zero;
    for (size_t i = 0; i < x->count; i++)
        op->out[0].i[i] = quantised(PM_ONNX_UINT8, x->f[i] / scale, zero);
    return PM_OK;
}

/* ---- products ---- */

/* Elements of t less their zero points, in input k or left out, one for each `inner` elements. */
static pm_status shifted(const struct pm_onnx_op *op, const struct pm_onnx_tensor *t, unsigned k,
                         size_t inner, float **to) {
    const struct pm_onnx_tensor *zero = pm_eval_in(op, k);
    float *f = reallocarray(NULL, t->count + 1, sizeof *f);
    *to = f;
    if (!f)
        return pm_eval_memory(op);
    if (pm_onnx_is_float(t->type) || (zero && (pm_onnx_is_float(zero->type) || zero->count == 0)))
        return pm_eval_fail(op, PM_EINVAL, "an operand that is no integer");
    for (size_t i = 0; i < t->count; i++)
        f[i] = (float)(t->i[i] - (zero ? zero->i[i / inner % zero->count] : 0));
    return PM_OK;
}

/* Where the operands of a product stand among the inputs. */
struct places {
    unsigned b, a_zero, b_zero, a_scale, b_scale, y_scale, bias; /* bias 0: there is none */
};

/* Sums over y_scale/(a_scale b_scale[output]), rounded, as integers of the zero point's type. Output of
 * element i: i / inner % outputs. */
static pm_status requantise(const struct pm_onnx_op *op, const struct places *p, const float *sum,
                            size_t outputs, size_t inner) {
    const struct pm_onnx_tensor *a = pm_eval_in(op, p->a_scale), *b = pm_eval_in(op, p->b_scale);
    const struct pm_onnx_tensor *y = pm_eval_in(op, p->y_scale), *zero = pm_eval_in(op, p->y_scale + 1);
    struct pm_onnx_tensor *out = &op->out[0];
    for (size_t i = 0; i < out->count; i++) {
        const float ab = a->f[0] * b->f[b->count == 1 ? 0 : i / inner % outputs];
        if (y)
            out->i[i] = quantised(out->type, sum[i] * (ab / y->f[0]), zero ? zero->i[0] : 0);
        else
            out->f[i] = sum[i] * ab;
    }
    return PM_OK;
}

static pm_status check_scales(const struct pm_onnx_op *op, const struct places *p, size_t outputs) {
    const struct pm_onnx_tensor *a = pm_eval_in(op, p->a_scale), *b = pm_eval_in(op, p->b_scale);
    const struct pm_onnx_tensor *y = pm_eval_in(op, p->y_scale), *zero = pm_eval_in(op, p->y_scale + 1);
    const struct pm_onnx_tensor *a_zero = pm_eval_in(op, p->a_zero), *b_zero = pm_eval_in(op, p->b_zero);
    if (!a || !b || !pm_onnx_is_float(a->type) || !pm_onnx_is_float(b->type) || a->count != 1 ||
        (b->count != 1 && b->count != outputs) || (y && (!pm_onnx_is_float(y->type) || y->count != 1)) ||
        (zero && (pm_onnx_is_float(zero->type) || zero->count != 1)) || (a_zero && a_zero->count != 1) ||
        (b_zero && b_zero->count != 1 && b_zero->count != outputs))
        return pm_eval_fail(op, PM_EINVAL, "scales and zero points that do not fit");
    return PM_OK;
}

static void whole_numbers(const float *sum, struct pm_onnx_tensor *y) {
    for (size_t i = 0; i < y->count; i++)
        y->i[i] = pm_onnx_saturate(PM_ONNX_INT32, (double)sum[i]);
}

enum { INTEGER, QLINEAR, QGEMM };

static const struct places conv_places[] = {
    [INTEGER] = {1, 2, 3, 0, 0, 0, 0}, [QLINEAR] = {3, 2, 5, 1, 4, 6, 8}};
static const struct places matmul_places[] = {
    [INTEGER] = {1, 2, 3, 0, 0, 0, 0}, [QLINEAR] = {3, 2, 5, 1, 4, 6, 0}, [QGEMM] = {3, 2, 5, 1, 4, 7, 6}};

/* Weights less their zero points, and the bias, as floats. */
static pm_status conv_weights(const struct pm_onnx_op *op, const struct places *p,
                              const struct pm_onnx_conv *c, float **weight, float **bias) {
    const struct pm_onnx_tensor *b = p->bias ? pm_eval_in(op, p->bias) : NULL;
    *bias = NULL;
    pm_status status = shifted(op, op->in[p->b], p->b_zero, c->depth, weight);
    return status == PM_OK && b ? shifted(op, b, PM_ONNX_NONE, 1, bias) : status;
}

static bool known(const struct pm_onnx_op *op, unsigned k) {
    const struct pm_onnx_tensor *t = k ? pm_eval_in(op, k) : NULL;
    return !t || t->data;
}

static pm_status conv_shape(const struct pm_onnx_op *op, const struct places *p, struct pm_onnx_conv *c) {
    return pm_eval_conv(op, op->in[0], op->in[p->b], p->bias ? pm_eval_in(op, p->bias) : NULL, c);
}

static pm_status conv_matrices(struct pm_onnx_op *op) {
    const struct places *p = &conv_places[op->node->op->variant];
    struct pm_onnx_conv c;
    float *weight = NULL, *bias = NULL;
    pm_status status = conv_shape(op, p, &c);
    if (status != PM_OK || !known(op, p->b) || !known(op, p->b_zero) || !known(op, p->bias))
        return status;
    status = conv_weights(op, p, &c, &weight, &bias);
    if (status == PM_OK)
        status = pm_eval_conv_matrices(op, &c, op->in[0]->shape[0], weight, bias);
    free(weight);
    free(bias);
    return status;
}

static pm_status conv(struct pm_onnx_op *op) {
    const struct places *p = &conv_places[op->node->op->variant];
    const bool integer = op->node->op->variant == INTEGER;
    const struct pm_onnx_tensor *x = op->in[0];
    struct pm_onnx_conv c;
    float *shift = NULL, *weight = NULL, *bias = NULL, *sum = NULL;
    pm_status status = conv_shape(op, p, &c);
    if (status == PM_OK && !integer)
        status = check_scales(op, p, c.groups * c.outputs);
    if (status == PM_OK)
        status = pm_eval_conv_out(op, &c, x, integer ? PM_ONNX_INT32 : type_of(op, p->y_scale + 1));
    if (status != PM_OK || op->dry || op->out[0].count == 0)
        return status;
    status = shifted(op, x, p->a_zero, x->count, &shift);
    if (status == PM_OK && op->node->layers == 0)
        status = conv_weights(op, p, &c, &weight, &bias);
    sum = reallocarray(NULL, op->out[0].count, sizeof *sum);
    if (status == PM_OK && !sum)
        status = pm_eval_memory(op);
    if (status == PM_OK)
        status = pm_eval_conv_run(op, &c, x->shape[0], shift, weight, bias, sum);
    if (status == PM_OK && integer)
        whole_numbers(sum, &op->out[0]);
    else if (status == PM_OK)
        status = requantise(op, p, sum, c.groups * c.outputs, c.positions);
    free(shift);
    free(weight);
    free(bias);
    free(sum);
    return status;
}

/* Operand b of a product, less its zero points, its last dimension that of the outputs. */
static pm_status matmul_weights(const struct pm_onnx_op *op, const struct places *p, bool turn,
                                float **weight, struct pm_onnx_tensor *b) {
    const struct pm_onnx_tensor *from = op->in[p->b];
    *b = *from;
    pm_status status = shifted(op, from, p->b_zero, turn && from->rank == 2 ? from->shape[1] : 1, weight);
    if (status != PM_OK || !turn)
        return status;
    float *turned = reallocarray(NULL, from->count + 1, sizeof *turned);
    if (!turned)
        return pm_eval_memory(op);
    pm_onnx_turn(*weight, from->shape[0], from->shape[1], turned, from->shape[0]);
    free(*weight);
    *weight = turned;
    return PM_OK;
}

/* QGemm: both operands matrices, the second perhaps turned, alpha 1. */
static pm_status operands(const struct pm_onnx_op *op, const struct places *p, bool *turn,
                          struct pm_onnx_tensor *b) {
    *b = *op->in[p->b];
    *turn = op->node->op->variant == QGEMM && pm_eval_int(op, "transB", 0) != 0;
    if (op->node->op->variant == QGEMM &&
        (op->in[0]->rank != 2 || b->rank != 2 || pm_eval_int(op, "transA", 0) != 0 ||
         pm_eval_float(op, "alpha", 1) != 1.0f))
        return pm_eval_fail(op, PM_EINVAL, "a first operand turned, alpha, or no matrices");
    if (*turn) {
        b->shape[0] = op->in[p->b]->shape[1];
        b->shape[1] = op->in[p->b]->shape[0];
    }
    return PM_OK;
}

static pm_status matmul_matrices(struct pm_onnx_op *op) {
    const struct places *p = &matmul_places[op->node->op->variant];
    struct pm_onnx_tensor b, raw;
    float *weight = NULL;
    bool turn;
    pm_status status = operands(op, p, &turn, &b);
    if (status != PM_OK || !known(op, p->b) || !known(op, p->b_zero))
        return status;
    status = matmul_weights(op, p, turn, &weight, &raw);
    if (status == PM_OK)
        status = pm_eval_matmul_matrices(op, op->in[0], &b, weight);
    free(weight);
    return status;
}

static pm_status add_bias(const struct pm_onnx_op *op, unsigned k, size_t outputs, size_t n, float *sum) {
    const struct pm_onnx_tensor *bias = k ? pm_eval_in(op, k) : NULL;
    if (!bias)
        return PM_OK;
    if (pm_onnx_is_float(bias->type) || (bias->count != outputs && bias->count != 1))
        return pm_eval_fail(op, PM_EINVAL, "a bias that does not fit");
    for (size_t i = 0; i < n; i++)
        sum[i] += (float)bias->i[i % bias->count];
    return PM_OK;
}

static pm_status matmul(struct pm_onnx_op *op) {
    const struct places *p = &matmul_places[op->node->op->variant];
    const bool integer = op->node->op->variant == INTEGER;
    struct pm_onnx_matmul s;
    struct pm_onnx_tensor a = *op->in[0], b, raw;
    float *shift = NULL, *weight = NULL, *sum = NULL;
    bool turn;
    pm_status status = operands(op, p, &turn, &b);
    if (status == PM_OK)
        status = pm_eval_matmul_shape(op, &a, &b, &s);
    if (status == PM_OK && !integer)
        status = check_scales(op, p, s.outputs);
    const bool to_float = !integer && !pm_eval_in(op, p->y_scale);
    if (status == PM_OK)
        status = pm_eval_out(op, 0,
                             integer    ? PM_ONNX_INT32
                             : to_float ? PM_ONNX_FLOAT
                                        : type_of(op, p->y_scale + 1),
                             s.out_rank, s.out);
    if (status != PM_OK)
        return status;
    op->node->macs = op->out[0].count * s.depth;
    if (op->dry || op->out[0].count == 0)
        return status;
    status = shifted(op, &a, p->a_zero, a.count + 1, &shift);
    if (status == PM_OK && op->node->layers == 0)
        status = matmul_weights(op, p, turn, &weight, &raw);
    sum = reallocarray(NULL, op->out[0].count, sizeof *sum);
    if (status == PM_OK && !sum)
        status = pm_eval_memory(op);
    a.f = shift;
    b.f = weight;
    if (status == PM_OK)
        status = pm_eval_matmul_run(op, &s, &a, &b, sum);
    if (status == PM_OK)
        status = add_bias(op, p->bias, s.outputs, op->out[0].count, sum);
    if (status == PM_OK && integer)
        whole_numbers(sum, &op->out[0]);
    else if (status == PM_OK)
        status = requantise(op, p, sum, s.outputs, 1);
    free(shift);
    free(weight);
    free(sum);
    return status;
}

/* ---- com.microsoft: others on integers, by their numbers ---- */

/* What operands the operator has; CONCAT: any number, behind the output's scale. */
enum { CONCAT, UNARY, BINARY };

/* Runs the operator that the name has behind "QLinear" on floats. */
static pm_status in_floats(struct pm_onnx_op *op, unsigned first, unsigned operands,
                           struct pm_onnx_tensor *in, const struct pm_onnx_tensor **pointer,
                           struct pm_onnx_tensor *out) {
    struct pm_onnx_node node = *op->node;
    struct pm_onnx_op inner = *op;
    pm_status status = PM_OK;
    node.op = pm_onnx_operator_find("", op->node->op->name + strlen("QLinear"));
    node.layers = 0;
    inner.node = &node;
    inner.in = pointer;
    inner.inputs = operands;
    inner.out = out;
    inner.outputs = 1;
    for (unsigned k = 0; k < operands && status == PM_OK; k++) {
        const struct pm_onnx_tensor *x = pm_eval_in(op, first + 3 * k);
        struct scale s;
        status = x && !pm_onnx_is_float(x->type) ? scale_of(op, first + 3 * k + 1, x, 0, &s)
                                                 : pm_eval_fail(op, PM_EINVAL, "operand %u is no integer", k);
        if (status == PM_OK && s.count != 1)
            status = pm_eval_fail(op, PM_EINVAL, "operand %u has several scales", k);
        if (status == PM_OK)
            pm_onnx_shape(&in[k], PM_ONNX_FLOAT, x->rank, x->shape);
        if (status == PM_OK && !op->dry && pm_onnx_allocate(&in[k]) != PM_OK)
            status = pm_eval_memory(op);
        for (size_t i = 0; status == PM_OK && !op->dry && i < x->count; i++)
            in[k].f[i] = (float)(x->i[i] - zero_at(&s, i)) * scale_at(&s, i);
        pointer[k] = &in[k];
    }
    return status == PM_OK ? node.op->run(&inner) : status;
}

static pm_status qlinear(struct pm_onnx_op *op) {
    const int kind = op->node->op->variant;
    const unsigned first = kind == CONCAT ? 2 : 0;
    const unsigned operands = kind == CONCAT ? (op->inputs - 2) / 3 : (unsigned)kind;
    const unsigned scale = kind == CONCAT ? 0 : 3 * operands;
    struct pm_onnx_tensor *in = calloc(operands + 1, sizeof *in), out = {0};
    const struct pm_onnx_tensor **pointer = calloc(operands + 1, sizeof *pointer);
    const enum pm_onnx_type type = type_of(op, scale + 1);
    struct scale s;
    pm_status status = in && pointer ? PM_OK : pm_eval_memory(op);
    if (status == PM_OK && pm_eval_int(op, "channels_last", 0) != 0)
        status = pm_eval_fail(op, PM_EINVAL, "channels_last");
    if (status == PM_OK)
        status = in_floats(op, first, operands, in, pointer, &out);
    if (status == PM_OK)
        status = scale_of(op, scale, &out, 0, &s);
    if (status == PM_OK && s.count != 1)
        status = pm_eval_fail(op, PM_EINVAL, "several scales of the output");
    if (status == PM_OK)
        status = pm_eval_out(op, 0, type, out.rank, out.shape);
    for (size_t i = 0; status == PM_OK && !op->dry && i < out.count; i++)
        op->out[0].i[i] = quantised(type, out.f[i] / s.scale[0], zero_at(&s, 0));
    for (unsigned k = 0; in && k < operands; k++)
        pm_onnx_drop(&in[k]);
    pm_onnx_drop(&out);
    free(in);
    free(pointer);
    return status;
}

const struct pm_onnx_operator pm_onnx_integers[] = {
    {"ConvInteger", 10, 2, 4, 1, conv, INTEGER, conv_matrices},
    {"DequantizeLinear", 10, 2, 3, 1, dequantize, 0, NULL},
    {"DequantizeLinear", 0, 2, 3, 1, dequantize, 0, NULL},
    {"DynamicQuantizeLinear", 11, 1, 1, 3, dynamic_quantize, 0, NULL},
    {"MatMulInteger", 10, 2, 4, 1, matmul, INTEGER, matmul_matrices},
    {"QGemm", 0, 6, 9, 1, matmul, QGEMM, matmul_matrices},
    {"QLinearAdd", 0, 7, 8, 1, qlinear, BINARY, NULL},
    {"QLinearAveragePool", 0, 4, 5, 1, qlinear, UNARY, NULL},
    {"QLinearConcat", 0, 5, PM_ONNX_ANY, 1, qlinear, CONCAT, NULL},
    {"QLinearConv", 10, 8, 9, 1, conv, QLINEAR, conv_matrices},
    {"QLinearGlobalAveragePool", 0, 4, 5, 1, qlinear, UNARY, NULL},
    {"QLinearLeakyRelu", 0, 4, 5, 1, qlinear, UNARY, NULL},
    {"QLinearMatMul", 10, 8, 8, 1, matmul, QLINEAR, matmul_matrices},
    {"QLinearMul", 0, 7, 8, 1, qlinear, BINARY, NULL},
    {"QLinearSigmoid", 0, 4, 5, 1, qlinear, UNARY, NULL},
    {"QuantizeLinear", 10, 2, 3, 1, quantize, 0, NULL},
    {"QuantizeLinear", 0, 2, 3, 1, quantize, 0, NULL},
    {0},
};

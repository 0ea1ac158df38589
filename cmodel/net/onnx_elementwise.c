// SPDX-License-Identifier: Apache-2.0
/* Operators on each element: functions of one, of two and three that are broadcast, casts. */
#include <math.h>
#include <string.h>

#include "net/onnx_op.h"

/* ---- of one ---- */

enum {
    ABS,
    CEIL,
    CELU,
    COS,
    ELU,
    ERF,
    EXP,
    FLOOR,
    GELU,
    FAST_GELU,
    QUICK_GELU,
    HARD_SIGMOID,
    HARD_SWISH,
    LEAKY_RELU,
    LOG,
    MISH,
    NEG,
    RECIPROCAL,
    RELU,
    ROUND,
    SELU,
    SIGMOID,
    SIGN,
    SIN,
    SOFTPLUS,
    SOFTSIGN,
    SQRT,
    TANH,
    THRESHOLDED_RELU,
};

static float sigmoid(float x) {
    return 1.0f / (1.0f + expf(-x));
}

static float softplus(float x) {
    return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
}

static float clamp01(float x) {
    return fminf(fmaxf(x, 0.0f), 1.0f);
}

/* One loop for each function, so that it is chosen once. */
#define EACH(expression)                                                                                     \
    for (size_t i = 0; i < n; i++) {                                                                         \
        const float v = x[i];                                                                                \
        y[i] = (expression);                                                                                 \
    }                                                                                                        \
    break

static void apply_float(int kind, float a, float b, size_t n, const float *x, float *y) {
    switch (kind) {
    case ABS:
        EACH(fabsf(v));
    case CEIL:
        EACH(ceilf(v));
    case CELU:
        EACH(fmaxf(v, 0.0f) + fminf(0.0f, a * expm1f(v / a)));
    case COS:
        EACH(cosf(v));
    case ELU:
        EACH(v < 0 ? a * expm1f(v) : v);
    case ERF:
        EACH(erff(v));
    case EXP:
        EACH(expf(v));
    case FLOOR:
        EACH(floorf(v));
    case GELU:
        EACH(0.5f * v * (1.0f + erff(v * 0.70710678f))); /* 1/sqrt(2) */
    case FAST_GELU:                                      /* sqrt(2/pi) */
        EACH(0.5f * v * (1.0f + tanhf(0.79788456f * (v + 0.044715f * v * v * v))));
    case QUICK_GELU:
        EACH(v * sigmoid(a * v));
    case HARD_SIGMOID:
        EACH(clamp01(a * v + b));
    case HARD_SWISH:
        EACH(v * clamp01(v / 6.0f + 0.5f));
    case LEAKY_RELU:
        EACH(v < 0 ? a * v : v);
    case LOG:
        EACH(logf(v));
    case MISH:
        EACH(v * tanhf(softplus(v)));
    case NEG:
        EACH(-v);
    case RECIPROCAL:
        EACH(1.0f / v);
    case RELU:
        EACH(v < 0 ? 0.0f : v);
    case ROUND:
        EACH(rintf(v));
    case SELU:
        EACH(b * (v > 0 ? v : a * expm1f(v)));
    case SIGMOID:
        EACH(sigmoid(v));
    case SIGN:
        EACH((float)((v > 0) - (v < 0)));
    case SIN:
        EACH(sinf(v));
    case SOFTPLUS:
        EACH(softplus(v));
    case SOFTSIGN:
        EACH(v / (1.0f + fabsf(v)));
    case SQRT:
        EACH(sqrtf(v));
    case TANH:
        EACH(tanhf(v));
    case THRESHOLDED_RELU:
        EACH(v > a ? v : 0.0f);
    }
}

/* false: the function has no integers. */
static bool apply_int(int kind, enum pm_onnx_type type, size_t n, const int64_t *x, int64_t *y) {
    if (kind != ABS && kind != NEG && kind != SIGN && kind != RELU)
        return false;
    for (size_t i = 0; i < n; i++) {
        const int64_t negative = pm_onnx_wrap(type, (int64_t)(0 - (uint64_t)x[i]));
        y[i] = kind == NEG    ? negative
               : kind == SIGN ? (x[i] > 0) - (x[i] < 0)
               : x[i] >= 0    ? x[i]
               : kind == ABS  ? negative
                              : 0;
    }
    return true;
}

/* What the attributes are without being given. */
static float first_of(const struct pm_onnx_op *op) {
    switch (op->node->op->variant) {
    case HARD_SIGMOID:
        return pm_eval_float(op, "alpha", 0.2f);
    case LEAKY_RELU:
        return pm_eval_float(op, "alpha", 0.01f);
    case QUICK_GELU:
        return pm_eval_float(op, "alpha", 1.702f);
    case SELU:
        return pm_eval_float(op, "alpha", 1.67326319f);
    default:
        return pm_eval_float(op, "alpha", 1.0f);
    }
}

static float second_of(const struct pm_onnx_op *op) {
    return op->node->op->variant == SELU ? pm_eval_float(op, "gamma", 1.05070102f)
                                         : pm_eval_float(op, "beta", 0.5f);
}

static pm_status unary(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const pm_status status = pm_eval_out(op, 0, x->type, x->rank, x->shape);
    if (status != PM_OK)
        return status;
    const int kind = op->node->op->variant;
    const int64_t one = 0;
    int64_t made;
    if (!pm_onnx_is_float(x->type) && !apply_int(kind, x->type, 1, &one, &made))
        return pm_eval_fail(op, PM_EINVAL, "%s is not supported", pm_onnx_type_name((int)x->type));
    if (op->dry)
        return PM_OK;
    if (pm_onnx_is_float(x->type))
        apply_float(kind, first_of(op), second_of(op), x->count, x->f, op->out[0].f);
    else
        apply_int(kind, x->type, x->count, x->i, op->out[0].i);
    return PM_OK;
}

static pm_status not(struct pm_onnx_op * op) {
    const struct pm_onnx_tensor *x = op->in[0];
    pm_status status = pm_eval_need_int(op, 0);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, PM_ONNX_BOOL, x->rank, x->shape);
    for (size_t i = 0; status == PM_OK && !op->dry && i < x->count; i++)
        op->out[0].i[i] = !x->i[i];
    return status;
}

static pm_status identity(struct pm_onnx_op *op) {
    return pm_eval_view(op, op->in[0]->rank, op->in[0]->shape);
}

/* Limits are inputs 1 and 2, scalars. */
static pm_status clip(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    pm_status status = pm_eval_out(op, 0, x->type, x->rank, x->shape);
    for (unsigned k = 1; k < 3 && status == PM_OK; k++) {
        const struct pm_onnx_tensor *limit = pm_eval_in(op, k);
        if (limit && (limit->count != 1 || pm_onnx_is_float(limit->type) != pm_onnx_is_float(x->type)))
            status = pm_eval_fail(op, PM_EINVAL, "input %u is no scalar of the first one's type", k);
    }
    if (status != PM_OK || op->dry)
        return status;
    const struct pm_onnx_tensor *lo = pm_eval_in(op, 1), *hi = pm_eval_in(op, 2);
    if (!pm_onnx_is_float(x->type)) {
        for (size_t i = 0; i < x->count; i++) {
            const int64_t least = lo && x->i[i] < lo->i[0] ? lo->i[0] : x->i[i];
            op->out[0].i[i] = hi && least > hi->i[0] ? hi->i[0] : least;
        }
        return PM_OK;
    }
    const float least = lo ? lo->f[0] : -INFINITY, most = hi ? hi->f[0] : INFINITY;
    for (size_t i = 0; i < x->count; i++) {
        const float v = x->f[i] < least ? least : x->f[i];
        op->out[0].f[i] = v > most ? most : v;
    }
    return PM_OK;
}

static pm_status cast(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0];
    const int64_t to = pm_eval_int(op, "to", 0);
    if (to < 0 || to > 31 || !pm_onnx_type_name((int)to))
        return pm_eval_fail(op, PM_EINVAL, "to type %lld, which is not supported", (long long)to);
    const enum pm_onnx_type type = (enum pm_onnx_type)to;
    const pm_status status = pm_eval_out(op, 0, type, x->rank, x->shape);
    if (status != PM_OK || op->dry)
        return status;
    const bool from_float = pm_onnx_is_float(x->type);
    for (size_t i = 0; i < x->count; i++)
        if (pm_onnx_is_float(type))
            op->out[0].f[i] = pm_onnx_round(type, from_float ? x->f[i] : (float)x->i[i]);
        else if (from_float)
            op->out[0].i[i] =
                type == PM_ONNX_BOOL ? x->f[i] != 0 : pm_onnx_saturate(type, (double)truncf(x->f[i]));
        else
            op->out[0].i[i] = pm_onnx_wrap(type, x->i[i]);
    return PM_OK;
}

/* ---- of two ---- */

enum {
    ADD,
    SUB,
    MUL,
    DIV,
    POW,
    MAX,
    MIN,
    MEAN,
    SUM,
    MOD,
    PRELU,
    EQUAL,
    LESS,
    LESS_EQUAL,
    GREATER,
    GREATER_EQUAL,
    AND,
    OR,
    XOR
};

#define PAIRS(expression)                                                                                    \
    if (sa == 1 && sb == 1)                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                                     \
            const float u = a[i], v = b[i];                                                                  \
            y[i] = (expression);                                                                             \
        }                                                                                                    \
    else                                                                                                     \
        for (size_t i = 0; i < n; i++) {                                                                     \
            const float u = a[i * sa], v = b[i * sb];                                                        \
            y[i] = (expression);                                                                             \
        }                                                                                                    \
    break

static void pairs_float(int kind, size_t n, const float *a, size_t sa, const float *b, size_t sb, float *y) {
    if (kind == POW && sb == 0 && n > 0 && b[0] == 2.0f) { /* LayerNorm's parts */
        for (size_t i = 0; i < n; i++)
            y[i] = a[i * sa] * a[i * sa];
        return;
    }
    switch (kind) {
    case ADD:
    case SUM:
    case MEAN:
        PAIRS(u + v);
    case SUB:
        PAIRS(u - v);
    case MUL:
        PAIRS(u * v);
    case DIV:
        PAIRS(u / v);
    case MAX:
        PAIRS(u > v || isnan(u) ? u : v);
    case MIN:
        PAIRS(u < v || isnan(u) ? u : v);
    case MOD:
        PAIRS(fmodf(u, v));
    case PRELU:
        PAIRS(u < 0 ? u * v : u);
    case POW:
        PAIRS(powf(u, v));
    }
}

/* false: a division by 0. */
static bool pair_int(int kind, bool floor_mod, int64_t u, int64_t v, int64_t *y) {
    const uint64_t a = (uint64_t)u, b = (uint64_t)v;
    uint64_t base = a, power = 1;
    switch (kind) {
    case ADD:
    case SUM:
        *y = (int64_t)(a + b);
        return true;
    case SUB:
        *y = (int64_t)(a - b);
        return true;
    case MUL:
        *y = (int64_t)(a * b);
        return true;
    case DIV:
        *y = v == -1 ? (int64_t)(0 - a) : v != 0 ? u / v : 0;
        return v != 0;
    case MOD:
        *y = v == 0 || v == -1 ? 0 : u % v;
        if (floor_mod && *y != 0 && (*y < 0) != (v < 0))
            *y += v;
        return v != 0;
    case POW:
        for (uint64_t e = v < 0 ? 0 : b; e; e >>= 1, base *= base)
            power *= e & 1 ? base : 1;
        *y = v < 0 ? 0 : (int64_t)power;
        return true;
    case MAX:
        *y = u > v ? u : v;
        return true;
    case PRELU:
        *y = u < 0 ? (int64_t)(a * b) : u;
        return true;
    default:
        *y = u < v ? u : v;
        return true;
    }
}

/* Rows of the broadcast operands. */
static void walk_two(struct pm_onnx_walk *w, const struct pm_onnx_tensor *a, const struct pm_onnx_tensor *b,
                     const struct pm_onnx_tensor *y) {
    size_t stride[3][PM_ONNX_RANK];
    pm_onnx_strides(a, y->rank, stride[0]);
    pm_onnx_strides(b, y->rank, stride[1]);
    pm_onnx_strides(y, y->rank, stride[2]);
    pm_onnx_walk_begin(w, y->rank, y->shape, 3, stride);
}

static pm_status broadcast(const struct pm_onnx_op *op, const struct pm_onnx_tensor *a,
                           const struct pm_onnx_tensor *b, unsigned *rank, size_t *shape) {
    char x[160], y[160];
    if (pm_onnx_broadcast(a->rank, a->shape, b->rank, b->shape, rank, shape))
        return PM_OK;
    pm_onnx_shape_text(x, sizeof x, a->rank, a->shape);
    pm_onnx_shape_text(y, sizeof y, b->rank, b->shape);
    return pm_eval_fail(op, PM_EINVAL, "%s and %s cannot be broadcast", x, y);
}

/* y = a and b, of one kind of memory. */
static pm_status combine(const struct pm_onnx_op *op, const struct pm_onnx_tensor *a,
                         const struct pm_onnx_tensor *b, struct pm_onnx_tensor *y) {
    const int kind = op->node->op->variant;
    const bool floor_mod = pm_eval_int(op, "fmod", 0) == 0;
    struct pm_onnx_walk w;
    for (walk_two(&w, a, b, y); !w.done; pm_onnx_walk_next(&w)) {
        if (pm_onnx_is_float(y->type)) {
            pairs_float(kind, w.n, a->f + w.at[0], w.step[0], b->f + w.at[1], w.step[1], y->f + w.at[2]);
            continue;
        }
        for (size_t i = 0; i < w.n; i++) {
            int64_t *to = &y->i[w.at[2] + i];
            if (!pair_int(kind, floor_mod, a->i[w.at[0] + i * w.step[0]], b->i[w.at[1] + i * w.step[1]], to))
                return pm_eval_fail(op, PM_EINVAL, "an integer divided by 0");
            *to = pm_onnx_wrap(y->type, *to);
        }
    }
    return PM_OK;
}

/* Both operands floating, or both integers; a power's exponent may differ from its base. */
static pm_status check_types(const struct pm_onnx_op *op, bool *mixed) {
    *mixed = false;
    for (unsigned k = 1; k < op->inputs; k++) {
        if (!op->in[k])
            return pm_eval_fail(op, PM_EINVAL, "input %u is left out", k);
        if (pm_onnx_is_float(op->in[k]->type) == pm_onnx_is_float(op->in[0]->type))
            continue;
        if (op->node->op->variant != POW)
            return pm_eval_fail(op, PM_EINVAL, "%s with %s", pm_onnx_type_name((int)op->in[0]->type),
                                pm_onnx_type_name((int)op->in[k]->type));
        *mixed = true;
    }
    return PM_OK;
}

/* A power whose base and exponent are of different kinds. */
static void mixed_power(const struct pm_onnx_tensor *a, const struct pm_onnx_tensor *b,
                        struct pm_onnx_tensor *y) {
    struct pm_onnx_walk w;
    for (walk_two(&w, a, b, y); !w.done; pm_onnx_walk_next(&w))
        for (size_t i = 0; i < w.n; i++) {
            const size_t at = w.at[0] + i * w.step[0], by = w.at[1] + i * w.step[1], to = w.at[2] + i;
            if (pm_onnx_is_float(y->type))
                y->f[to] = powf(a->f[at], (float)b->i[by]);
            else
                y->i[to] = pm_onnx_saturate(y->type, pow((double)a->i[at], (double)b->f[by]));
        }
}

/* Of two, or of any number one after the other. */
static pm_status variadic(struct pm_onnx_op *op) {
    const enum pm_onnx_type type = op->in[0]->type;
    size_t shape[PM_ONNX_RANK];
    unsigned rank = op->in[0]->rank;
    bool mixed;
    pm_status status = check_types(op, &mixed);
    memcpy(shape, op->in[0]->shape, sizeof shape);
    for (unsigned k = 1; k < op->inputs && status == PM_OK; k++) {
        struct pm_onnx_tensor so_far = {.rank = rank};
        memcpy(so_far.shape, shape, sizeof shape);
        status = broadcast(op, &so_far, op->in[k], &rank, shape);
    }
    if (status == PM_OK)
        status = pm_eval_out(op, 0, type, rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    struct pm_onnx_tensor *y = &op->out[0];
    if (mixed) {
        mixed_power(op->in[0], op->in[1], y);
        return PM_OK;
    }
    const struct pm_onnx_tensor zero = {.type = type, .count = 1, .data = &(int64_t){0}};
    if (op->inputs == 1)
        return combine(op, op->in[0], &zero, y);
    status = combine(op, op->in[0], op->in[1], y);
    for (unsigned k = 2; k < op->inputs && status == PM_OK; k++)
        status = combine(op, y, op->in[k], y);
    for (size_t i = 0; op->node->op->variant == MEAN && i < y->count && pm_onnx_is_float(type); i++)
        y->f[i] /= (float)op->inputs;
    return status;
}

/* The slopes are broadcast to x, which keeps its shape. */
static pm_status prelu(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *x = op->in[0], *slope = op->in[1];
    size_t shape[PM_ONNX_RANK];
    unsigned rank;
    bool mixed;
    pm_status status = check_types(op, &mixed);
    if (status == PM_OK)
        status = broadcast(op, x, slope, &rank, shape);
    if (status == PM_OK && (rank != x->rank || memcmp(shape, x->shape, rank * sizeof *shape) != 0))
        status = pm_eval_fail(op, PM_EINVAL, "slopes of another shape than the input");
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, x->rank, x->shape);
    return status != PM_OK || op->dry ? status : combine(op, x, slope, &op->out[0]);
}

/* Like -1, 0 or 1: how a compares with b; 2: not at all. */
static int order(bool is_float, const struct pm_onnx_tensor *a, size_t i, const struct pm_onnx_tensor *b,
                 size_t j) {
    if (!is_float)
        return (a->i[i] > b->i[j]) - (a->i[i] < b->i[j]);
    return isnan(a->f[i]) || isnan(b->f[j]) ? 2 : (a->f[i] > b->f[j]) - (a->f[i] < b->f[j]);
}

static pm_status compare(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *a = op->in[0], *b = op->in[1];
    const int kind = op->node->op->variant;
    size_t shape[PM_ONNX_RANK];
    unsigned rank;
    bool mixed;
    pm_status status = check_types(op, &mixed);
    if (status == PM_OK && kind >= AND)
        status = pm_eval_need_int(op, 0);
    if (status == PM_OK)
        status = broadcast(op, a, b, &rank, shape);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, PM_ONNX_BOOL, rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    const bool is_float = pm_onnx_is_float(a->type);
    struct pm_onnx_walk w;
    for (walk_two(&w, a, b, &op->out[0]); !w.done; pm_onnx_walk_next(&w))
        for (size_t i = 0; i < w.n; i++) {
            const size_t at = w.at[0] + i * w.step[0], with = w.at[1] + i * w.step[1];
            const int o = kind < AND ? order(is_float, a, at, b, with) : 0;
            const bool p = kind >= AND && a->i[at], q = kind >= AND && b->i[with];
            op->out[0].i[w.at[2] + i] = kind == EQUAL           ? o == 0
                                        : kind == LESS          ? o == -1
                                        : kind == LESS_EQUAL    ? o == -1 || o == 0
                                        : kind == GREATER       ? o == 1
                                        : kind == GREATER_EQUAL ? o == 1 || o == 0
                                        : kind == AND           ? p && q
                                        : kind == OR            ? p || q
                                                                : p != q;
        }
    return PM_OK;
}

/* ---- of three ---- */

static pm_status where(struct pm_onnx_op *op) {
    const struct pm_onnx_tensor *c = op->in[0], *a = op->in[1], *b = op->in[2];
    struct pm_onnx_tensor both = {0};
    size_t shape[PM_ONNX_RANK], stride[3][PM_ONNX_RANK];
    unsigned rank;
    pm_status status = pm_eval_need_int(op, 0);
    if (status == PM_OK && pm_onnx_is_float(a->type) != pm_onnx_is_float(b->type))
        status = pm_eval_fail(op, PM_EINVAL, "%s with %s", pm_onnx_type_name((int)a->type),
                              pm_onnx_type_name((int)b->type));
    if (status == PM_OK)
        status = broadcast(op, a, b, &both.rank, both.shape);
    if (status == PM_OK)
        status = broadcast(op, c, &both, &rank, shape);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, a->type, rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    struct pm_onnx_tensor *y = &op->out[0];
    pm_onnx_strides(c, rank, stride[0]);
    pm_onnx_strides(a, rank, stride[1]);
    pm_onnx_strides(b, rank, stride[2]);
    struct pm_onnx_walk w;
    size_t at = 0; /* the output's rows follow each other */
    for (pm_onnx_walk_begin(&w, rank, shape, 3, stride); !w.done; pm_onnx_walk_next(&w))
        for (size_t i = 0; i < w.n; i++, at++) {
            const bool first = c->i[w.at[0] + i * w.step[0]] != 0;
            const struct pm_onnx_tensor *from = first ? a : b;
            const size_t k = first ? w.at[1] + i * w.step[1] : w.at[2] + i * w.step[2];
            if (pm_onnx_is_float(y->type))
                y->f[at] = from->f[k];
            else
                y->i[at] = from->i[k];
        }
    return PM_OK;
}

/* com.microsoft: GELU of the sum with a bias. */
static pm_status bias_gelu(struct pm_onnx_op *op) {
    size_t shape[PM_ONNX_RANK];
    unsigned rank;
    pm_status status = pm_eval_need_float(op, 0);
    if (status == PM_OK)
        status = pm_eval_need_float(op, 1);
    const struct pm_onnx_tensor none = {.type = PM_ONNX_FLOAT, .count = 1, .data = &(float){0}};
    const struct pm_onnx_tensor *x = op->in[0], *bias = pm_eval_in(op, 1) ? op->in[1] : &none;
    if (status == PM_OK)
        status = broadcast(op, x, bias, &rank, shape);
    if (status == PM_OK)
        status = pm_eval_out(op, 0, x->type, rank, shape);
    if (status != PM_OK || op->dry)
        return status;
    struct pm_onnx_tensor *y = &op->out[0];
    struct pm_onnx_walk w;
    for (walk_two(&w, x, bias, y); !w.done; pm_onnx_walk_next(&w))
        pairs_float(ADD, w.n, x->f + w.at[0], w.step[0], bias->f + w.at[1], w.step[1], y->f + w.at[2]);
    apply_float(op->node->op->variant, 1, 0, y->count, y->f, y->f);
    return PM_OK;
}

#define ONE(name, since, variant)                                                                            \
    { name, since, 1, 1, 1, unary, variant, NULL }
#define TWO(name, since, f, variant)                                                                         \
    { name, since, 2, 2, 1, f, variant, NULL }
#define ALL(name, since, variant)                                                                            \
    { name, since, 1, PM_ONNX_ANY, 1, variadic, variant, NULL }

const struct pm_onnx_operator pm_onnx_elementwise[] = {
    ONE("Abs", 1, ABS),
    TWO("Add", 1, variadic, ADD),
    TWO("And", 1, compare, AND),
    {"BiasGelu", 0, 2, 2, 1, bias_gelu, GELU, NULL},
    {"Cast", 1, 1, 1, 1, cast, 0, NULL},
    ONE("Ceil", 1, CEIL),
    ONE("Celu", 12, CELU),
    {"Clip", 1, 1, 3, 1, clip, 0, NULL},
    ONE("Cos", 7, COS),
    TWO("Div", 1, variadic, DIV),
    {"Dropout", 1, 1, 3, 1, identity, 0, NULL},
    ONE("Elu", 1, ELU),
    TWO("Equal", 1, compare, EQUAL),
    ONE("Erf", 9, ERF),
    ONE("Exp", 1, EXP),
    {"FastGelu", 0, 1, 2, 1, bias_gelu, FAST_GELU, NULL},
    ONE("Floor", 1, FLOOR),
    ONE("Gelu", 0, GELU),
    TWO("Greater", 1, compare, GREATER),
    TWO("GreaterOrEqual", 12, compare, GREATER_EQUAL),
    ONE("HardSigmoid", 1, HARD_SIGMOID),
    ONE("HardSwish", 14, HARD_SWISH),
    {"Identity", 1, 1, 1, 1, identity, 0, NULL},
    ONE("LeakyRelu", 1, LEAKY_RELU),
    TWO("Less", 1, compare, LESS),
    TWO("LessOrEqual", 12, compare, LESS_EQUAL),
    ONE("Log", 1, LOG),
    ALL("Max", 1, MAX),
    ALL("Mean", 1, MEAN),
    ALL("Min", 1, MIN),
    ONE("Mish", 18, MISH),
    TWO("Mod", 10, variadic, MOD),
    TWO("Mul", 1, variadic, MUL),
    ONE("Neg", 1, NEG),
    {"Not", 1, 1, 1, 1, not, 0, NULL},
    TWO("Or", 1, compare, OR),
    TWO("PRelu", 1, prelu, PRELU),
    TWO("Pow", 1, variadic, POW),
    ONE("QuickGelu", 0, QUICK_GELU),
    ONE("Reciprocal", 1, RECIPROCAL),
    ONE("Relu", 1, RELU),
    ONE("Round", 11, ROUND),
    ONE("Selu", 1, SELU),
    ONE("Sigmoid", 1, SIGMOID),
    ONE("Sign", 9, SIGN),
    ONE("Sin", 7, SIN),
    ONE("Softplus", 1, SOFTPLUS),
    ONE("Softsign", 1, SOFTSIGN),
    ONE("Sqrt", 1, SQRT),
    TWO("Sub", 1, variadic, SUB),
    ALL("Sum", 1, SUM),
    ONE("Tanh", 1, TANH),
    ONE("ThresholdedRelu", 10, THRESHOLDED_RELU),
    {"Where", 9, 3, 3, 1, where, 0, NULL},
    TWO("Xor", 1, compare, XOR),
    {0},
};

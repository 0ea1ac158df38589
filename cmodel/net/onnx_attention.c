// SPDX-License-Identifier: Apache-2.0
/* Softmax attention among an ONNX network's nodes, in the forms in which PyTorch and Hugging Face export it:
 *
 *   h = LayerNorm(s), one node or its parts; q, k, v = h W + b, three products or one of three times the
 * width; heads by any nodes that move elements to where they belong, which numbers in their place show;
 * softmax(q k^T / sqrt(dk) [+ mask]) v, the factor anywhere; heads back in the same way; the last product.
 *
 * What is found is a layer of its own, in which its matrices are layers, too. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/onnx_path.h"

enum { Q, K, V, O, MATRICES };

struct pm_onnx_attention {
    unsigned layer, last; /* its layer; the last of its nodes */
    unsigned from, mask;  /* values: the stream; what is added to the logits, PM_ONNX_NONE */
    unsigned batch, tokens, heads, width;
    struct pm_layernorm norm;
    struct pm_matrix matrix[MATRICES];
    float *memory;
};

/* ---- matching ---- */

#define PARTS 64

struct match {
    struct pm_onnx *net;
    unsigned node[PARTS], nodes; /* that belong to it */
    double scale;                /* of the logits */
    unsigned product[MATRICES];  /* MatMul nodes: equal where q, k, v are one product */
    unsigned bias[MATRICES];     /* values, PM_ONNX_NONE */
    unsigned normed;             /* value: the input of the first products */
    unsigned mask, masked;       /* and of how many sequences the logits are that it is added to */
    struct pm_onnx_attention a;
    unsigned norm_weight, norm_bias; /* values */
};

/* The node that makes a value, if it is of this type. */
static struct pm_onnx_node *maker(const struct pm_onnx *net, unsigned value, const char *type) {
    const unsigned node = value == PM_ONNX_NONE ? PM_ONNX_NONE : net->value[value].producer;
    return node != PM_ONNX_NONE && strcmp(net->node[node].type, type) == 0 ? &net->node[node] : NULL;
}

static bool scalar(const struct pm_onnx *net, unsigned value, double *s) {
    const struct pm_onnx_tensor *t = &net->value[value].t;
    if (!net->value[value].constant || t->count != 1 || !pm_onnx_is_float(t->type))
        return false;
    *s = (double)t->f[0];
    return true;
}

/* A constant vector of `width`. */
static bool vector(const struct pm_onnx *net, unsigned value, size_t width) {
    const struct pm_onnx_tensor *t = &net->value[value].t;
    return net->value[value].constant && t->count == width && pm_onnx_is_float(t->type) &&
           (t->rank == 0 || t->shape[t->rank - 1] == width);
}

static bool is_part(const struct match *m, unsigned node) {
    for (unsigned i = 0; i < m->nodes; i++)
        if (m->node[i] == node)
            return true;
    return false;
}

static bool take(struct match *m, const struct pm_onnx_node *node) {
    if (is_part(m, (unsigned)(node - m->net->node)))
        return true;
    if (m->nodes == PARTS)
        return false;
    m->node[m->nodes++] = (unsigned)(node - m->net->node);
    return true;
}

/* The value before multiplications by constants, which go into the scale. */
static unsigned unscaled(struct match *m, unsigned value) {
    double s;
    for (;;) {
        const struct pm_onnx_node *div = maker(m->net, value, "Div"), *mul = maker(m->net, value, "Mul");
        const struct pm_onnx_node *node = div ? div : mul;
        if (!node || node->inputs != 2)
            return value;
        unsigned other = node->in[0];
        if (scalar(m->net, node->in[1], &s))
            m->scale *= div ? 1 / s : s;
        else if (mul && scalar(m->net, node->in[0], &s))
            m->scale *= s, other = node->in[1];
        else
            return value;
        if (!take(m, node))
            return PM_ONNX_NONE;
        value = other;
    }
}

/* The value before nodes that only move elements, or multiply by constants where they may. */
static unsigned moved(struct match *m, unsigned value, bool scales, struct pm_onnx_path *p) {
    for (;;) {
        value = scales ? unscaled(m, value) : value;
        const unsigned before = pm_onnx_path_back(m->net, p, value);
        if (before == PM_ONNX_NONE)
            return value;
        if (!take(m, &m->net->node[p->node[p->steps - 1]]))
            return PM_ONNX_NONE;
        value = before;
    }
}

/* The value before nodes that change its shape alone. */
static unsigned reshaped(struct match *m, unsigned value) {
    static const char *const types[] = {"Reshape", "Squeeze", "Unsqueeze"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct pm_onnx_node *node = maker(m->net, value, types[i]);
        if (node)
            return take(m, node) ? reshaped(m, node->in[0]) : PM_ONNX_NONE;
    }
    return value;
}

/* A product with a constant matrix. */
static const struct pm_onnx_node *product(const struct match *m, unsigned value) {
    const struct pm_onnx_node *mul = maker(m->net, value, "MatMul"), *gemm = maker(m->net, value, "Gemm"),
                              *node = mul ? mul : gemm;
    const struct pm_onnx_op op = {.net = m->net, .node = (struct pm_onnx_node *)(uintptr_t)node};
    if (!node || !m->net->value[node->in[1]].constant || m->net->value[node->in[1]].t.rank != 2 ||
        (gemm && (pm_eval_int(&op, "transA", 0) != 0 || pm_eval_float(&op, "alpha", 1) != 1 ||
                  pm_eval_float(&op, "beta", 1) != 1)))
        return NULL;
    return node;
}

/* A product with a constant matrix and, perhaps, a bias: its input. */
static unsigned linear(struct match *m, unsigned value, unsigned which) {
    const struct pm_onnx_node *add = maker(m->net, value, "Add");
    m->bias[which] = PM_ONNX_NONE;
    if (add && add->inputs == 2) {
        const size_t width =
            m->net->value[value].t.rank ? m->net->value[value].t.shape[m->net->value[value].t.rank - 1] : 0;
        const bool second = vector(m->net, add->in[1], width);
        if ((!second && !vector(m->net, add->in[0], width)) || !take(m, add))
            return PM_ONNX_NONE;
        m->bias[which] = add->in[second];
        value = add->in[!second];
    }
    const struct pm_onnx_node *node = product(m, value);
    if (!node || !take(m, node))
        return PM_ONNX_NONE;
    if (node->inputs > 2 && node->in[2] != PM_ONNX_NONE) { /* Gemm's own */
        if (add || !vector(m->net, node->in[2], m->net->value[value].t.shape[1]))
            return PM_ONNX_NONE;
        m->bias[which] = node->in[2];
    }
    m->product[which] = (unsigned)(node - m->net->node);
    return node->in[0];
}

/* Element (l, t, d) of q and v, (l, d, t) of k, is element d of head l % heads of token t of sequence l /
 * heads. `rows`: what the product reads, `end`: the heads, both by their places. */
static bool heads_are_right(const struct match *m, unsigned which, size_t columns,
                            const struct pm_onnx_tensor *rows, const struct pm_onnx_tensor *end) {
    const size_t width = m->a.width, n = m->a.tokens, heads = m->a.heads, dk = width / heads;
    const size_t first = columns == width ? 0 : which * width;
    for (size_t i = 0; i < rows->count; i++)
        if ((size_t)rows->i[i] != (size_t)rows->i[i - i % width] + i % width)
            return false;
    for (size_t i = 0; i < end->count; i++) {
        const size_t l = i / (n * dk), t = which == K ? i % n : i / dk % n,
                     d = which == K ? i / n % dk : i % dk;
        const size_t from = (size_t)end->i[i], token = (size_t)rows->i[from / columns * width] / width;
        if (from % columns != first + l % heads * dk + d || token != l / heads * n + t)
            return false;
    }
    return true;
}

/* Width and heads, of what is normalised. */
static bool measure(struct match *m, unsigned normed, size_t dk, size_t sequences) {
    const struct pm_onnx_tensor *x = &m->net->value[normed].t;
    const size_t width = x->rank ? x->shape[x->rank - 1] : 0, heads = width / dk;
    m->normed = normed;
    if (heads == 0 || width % dk || sequences % heads ||
        x->count != sequences / heads * m->a.tokens * width || width > INT_MAX || sequences > INT_MAX)
        return false;
    m->a.width = (unsigned)width;
    m->a.heads = (unsigned)heads;
    m->a.batch = (unsigned)(sequences / heads);
    return true;
}

/* From heads [sequences and heads][n][dk], of k with the last two turned, back to what is normalised. */
static bool project(struct match *m, unsigned value, unsigned which) {
    const struct pm_onnx_tensor *t = &m->net->value[value].t;
    struct pm_onnx_path after = {0}, before = {0};
    struct pm_onnx_tensor rows = {0}, end = {0};
    const size_t n = m->a.tokens, dk = t->rank > 1 ? t->shape[t->rank - (which == K ? 2 : 1)] : 0;
    const unsigned out = moved(m, value, true, &after), in = linear(m, out, which);
    const unsigned normed = moved(m, in, false, &before);
    if (in == PM_ONNX_NONE || normed == PM_ONNX_NONE || dk == 0 ||
        (which == Q ? !measure(m, normed, dk, t->count / (n * dk))
                    : normed != m->normed || t->count != (size_t)m->a.batch * n * m->a.width ||
                          dk * m->a.heads != m->a.width))
        return false;
    const struct pm_onnx_tensor *made = &m->net->value[out].t;
    const size_t columns = made->shape[made->rank - 1];
    const bool right = (columns == m->a.width || columns == 3 * (size_t)m->a.width) &&
                       pm_onnx_path_follow(m->net, &before, normed, &rows) &&
                       pm_onnx_path_follow(m->net, &after, out, &end) &&
                       heads_are_right(m, which, columns, &rows, &end);
    pm_onnx_drop(&rows);
    pm_onnx_drop(&end);
    return right;
}

/* The stream of which `value` is the LayerNorm. */
static unsigned normalised(struct match *m, unsigned value) {
    const struct pm_onnx *net = m->net;
    const size_t width = m->a.width;
    double two, eps;
    const struct pm_onnx_node *whole = maker(net, value, "LayerNormalization");
    if (whole) {
        const struct pm_onnx_op op = {.net = m->net, .node = (struct pm_onnx_node *)(uintptr_t)whole};
        const int64_t axis = pm_eval_int(&op, "axis", -1);
        if ((axis != -1 && axis + 1 != net->value[value].t.rank) || whole->inputs < 3 ||
            whole->in[2] == PM_ONNX_NONE)
            return PM_ONNX_NONE;
        m->norm_weight = whole->in[1];
        m->norm_bias = whole->in[2];
        m->a.norm.eps = pm_eval_float(&op, "epsilon", 1e-5f);
        return whole->in[0];
    }
    const struct pm_onnx_node *add = maker(net, value, "Add");
    const bool add_second = add && vector(net, add->in[1], width);
    const struct pm_onnx_node *mul = add ? maker(net, add->in[!add_second], "Mul") : NULL;
    const bool mul_second = mul && vector(net, mul->in[1], width);
    const struct pm_onnx_node *div = mul ? maker(net, mul->in[!mul_second], "Div") : NULL;
    const struct pm_onnx_node *sub = div ? maker(net, div->in[0], "Sub") : NULL;
    const struct pm_onnx_node *root = div ? maker(net, div->in[1], "Sqrt") : NULL;
    const struct pm_onnx_node *sum = root ? maker(net, root->in[0], "Add") : NULL;
    const bool eps_second = sum && scalar(net, sum->in[1], &eps);
    const struct pm_onnx_node *mean = sum ? maker(net, sum->in[!eps_second], "ReduceMean") : NULL;
    const struct pm_onnx_node *power = mean ? maker(net, mean->in[0], "Pow") : NULL;
    if (!sub || !power || power->in[0] != div->in[0] || !scalar(net, power->in[1], &two) || two != 2 ||
        !scalar(net, sum->in[eps_second], &eps) || !maker(net, sub->in[1], "ReduceMean") ||
        maker(net, sub->in[1], "ReduceMean")->in[0] != sub->in[0])
        return PM_ONNX_NONE;
    m->norm_weight = mul->in[mul_second];
    m->norm_bias = add->in[add_second];
    m->a.norm.eps = (float)eps;
    return sub->in[0];
}

static bool reads(const struct pm_onnx_node *node, unsigned value) {
    for (unsigned k = 0; k < node->inputs; k++)
        if (node->in[k] == value)
            return true;
    return false;
}

static bool is_output(const struct pm_onnx *net, unsigned value) {
    for (unsigned k = 0; k < net->outputs; k++)
        if (net->output_value[k] == value)
            return true;
    return false;
}

/* Whether nobody else reads what its nodes make, but the last one's; who reads the shape alone is folded. */
static bool closed(const struct match *m) {
    const struct pm_onnx *net = m->net;
    for (unsigned i = 0; i < m->nodes; i++) {
        const struct pm_onnx_node *node = &net->node[m->node[i]];
        for (unsigned k = 0; k < node->outputs && m->node[i] != m->a.last; k++) {
            if (node->out[k] != PM_ONNX_NONE && is_output(net, node->out[k]))
                return false;
            for (unsigned j = m->node[i] + 1; j < net->nodes && node->out[k] != PM_ONNX_NONE; j++)
                if (!net->node[j].constant && reads(&net->node[j], node->out[k]) && !is_part(m, j))
                    return false;
        }
    }
    return true;
}

/* What reads a value, if that is one node. */
static struct pm_onnx_node *reader(const struct pm_onnx *net, unsigned value) {
    struct pm_onnx_node *found = NULL;
    const unsigned producer = net->value[value].producer;
    for (unsigned i = producer == PM_ONNX_NONE ? 0 : producer + 1; i < net->nodes; i++) {
        if (net->node[i].constant || !reads(&net->node[i], value))
            continue;
        if (found)
            return NULL;
        found = &net->node[i];
    }
    return found;
}

static bool is(const struct pm_onnx_node *node, const char *type) {
    return node && strcmp(node->type, type) == 0;
}

/* The value that a node which only moves elements makes of this one; PM_ONNX_NONE: nobody else reads it but
 * such a node. */
static unsigned onward(const struct match *m, unsigned value) {
    const struct pm_onnx_node *next = reader(m->net, value);
    struct pm_onnx_path p = {0};
    return next && next->outputs == 1 && pm_onnx_path_back(m->net, &p, next->out[0]) == value ? next->out[0]
                                                                                              : PM_ONNX_NONE;
}

/* Whether the heads' elements come back to their tokens: `rows` are the last product's inputs, by their
 * places among the heads, `end` the tokens, by places among its outputs. */
static bool tokens_are_right(const struct match *m, const struct pm_onnx_tensor *rows,
                             const struct pm_onnx_tensor *end) {
    const size_t width = m->a.width, n = m->a.tokens, heads = m->a.heads, dk = width / heads;
    for (size_t i = 0; i < end->count; i++) {
        const size_t token = i / width, c = i % width, r = (size_t)end->i[token * width];
        const size_t from = ((token / n * heads + c / dk) * n + token % n) * dk + c % dk;
        if (r % width != 0 || (size_t)end->i[i] != r + c || (size_t)rows->i[r + c] != from)
            return false;
    }
    return true;
}

/* From the last product's output on to what has the stream's shape. */
static bool match_end(struct match *m, unsigned heads, unsigned out, unsigned in) {
    const struct pm_onnx_tensor *x = &m->net->value[m->normed].t;
    struct pm_onnx_path before = {0}, after = {0};
    struct pm_onnx_tensor rows = {0}, end = {0};
    unsigned last = out;
    bool right = false;
    if (moved(m, in, false, &before) != heads || !pm_onnx_path_follow(m->net, &before, heads, &rows) ||
        rows.count != x->count || m->net->value[out].t.count != x->count)
        last = PM_ONNX_NONE;
    while (last != PM_ONNX_NONE && !right) {
        after.steps = 0;
        if (pm_onnx_same_shape(&m->net->value[last].t, x))
            right = moved(m, last, false, &after) == out && pm_onnx_path_follow(m->net, &after, out, &end) &&
                    tokens_are_right(m, &rows, &end);
        pm_onnx_drop(&end);
        if (right)
            m->a.last = m->net->value[last].producer;
        last = onward(m, last);
    }
    pm_onnx_drop(&rows);
    return right;
}

/* From the softmax on to the last product. */
static bool match_after(struct match *m, unsigned softmax) {
    const struct pm_onnx *net = m->net;
    const struct pm_onnx_node *node = &net->node[softmax], *next = reader(net, node->out[0]);
    if (is(next, "Dropout")) {
        if (!take(m, next))
            return false;
        node = next;
        next = reader(net, node->out[0]);
    }
    if (!is(next, "MatMul") || next->in[0] != node->out[0] || !take(m, next))
        return false;
    const unsigned heads = next->out[0], v = next->in[1];
    unsigned value = heads;
    for (unsigned on = onward(m, value); on != PM_ONNX_NONE; on = onward(m, value))
        value = on;
    next = reader(net, value);
    if ((!is(next, "MatMul") && !is(next, "Gemm")) || next->in[0] != value)
        return false;
    unsigned out = next->out[0];
    const struct pm_onnx_node *add = reader(net, out);
    if (is(add, "Add") && (vector(net, add->in[0], m->a.width) || vector(net, add->in[1], m->a.width)))
        out = add->out[0];
    const double scale = m->scale;
    return linear(m, out, O) == value && project(m, v, V) && m->scale == scale &&
           match_end(m, heads, out, value);
}

/* What is added to the logits, which have four dimensions then: a mask that is the same for all rows and
 * heads. */
static bool match_mask(struct match *m, unsigned *logits) {
    const struct pm_onnx *net = m->net;
    const struct pm_onnx_node *add = maker(net, *logits, "Add");
    if (!add)
        return true;
    const struct pm_onnx_tensor *t = &net->value[*logits].t, *a = &net->value[add->in[1]].t;
    const bool second = a->rank == 0 || a->rank < 4 || a->shape[2] == 1;
    m->mask = add->in[second];
    a = &net->value[m->mask].t;
    if (t->rank != 4 || a->rank != 4 || a->shape[1] != 1 || a->shape[2] != 1 || a->shape[3] != t->shape[3] ||
        (a->shape[0] != 1 && a->shape[0] != t->shape[0]) || m->scale != 1.0 || !take(m, add))
        return false;
    m->masked = (unsigned)t->shape[0];
    *logits = reshaped(m, unscaled(m, add->in[!second]));
    return true;
}

static bool match_softmax(struct match *m, unsigned softmax) {
    const struct pm_onnx *net = m->net;
    const struct pm_onnx_node *node = &net->node[softmax];
    const struct pm_onnx_op op = {.net = m->net, .node = (struct pm_onnx_node *)(uintptr_t)node};
    const struct pm_onnx_tensor *t = &net->value[node->out[0]].t;
    const int64_t axis = pm_eval_int(&op, "axis", net->opset < 13 ? 1 : -1);
    if (t->rank < 3 || t->count == 0 || (axis != -1 && axis + 1 != t->rank) ||
        t->shape[t->rank - 2] != t->shape[t->rank - 1] || t->shape[t->rank - 1] > INT_MAX || !take(m, node))
        return false;
    m->a.tokens = (unsigned)t->shape[t->rank - 1];
    unsigned logits = reshaped(m, unscaled(m, node->in[0]));
    if (logits == PM_ONNX_NONE || !match_mask(m, &logits))
        return false;
    const struct pm_onnx_node *two = maker(net, logits, "MatMul");
    if (!two || !take(m, two) || !project(m, two->in[0], Q) || !project(m, two->in[1], K) ||
        !match_after(m, softmax))
        return false;
    const double wanted = 1 / sqrt((double)(m->a.width / m->a.heads));
    m->a.from = normalised(m, m->normed);
    m->a.mask = m->mask;
    return m->a.from != PM_ONNX_NONE && vector(net, m->norm_weight, m->a.width) &&
           vector(net, m->norm_bias, m->a.width) && fabs(m->scale / wanted - 1) < 1e-4 &&
           (m->mask == PM_ONNX_NONE || m->masked == m->a.batch) && closed(m);
}

/* ---- as layers ---- */

/* Matrix `which` of the width, one of its own or a third of the shared product. */
static bool take_matrix(struct match *m, unsigned which) {
    const struct pm_onnx_node *node = &m->net->node[m->product[which]];
    const struct pm_onnx_tensor *w = &m->net->value[node->in[1]].t;
    const struct pm_onnx_tensor *bias =
        m->bias[which] == PM_ONNX_NONE ? NULL : &m->net->value[m->bias[which]].t;
    const struct pm_onnx_op op = {.net = m->net, .node = (struct pm_onnx_node *)(uintptr_t)node};
    const bool turned = strcmp(node->type, "Gemm") == 0 && pm_eval_int(&op, "transB", 0) != 0;
    const size_t width = m->a.width, columns = w->shape[!turned];
    const bool shared = columns == 3 * width && which != O;
    if (w->shape[turned] != width || (columns != width && !shared) ||
        (shared && m->product[Q] != m->product[which]) ||
        (!shared && which != O && which != Q && m->product[Q] == m->product[which]))
        return false;
    struct pm_matrix *to = &m->a.matrix[which];
    *to = (struct pm_matrix){.in = (unsigned)width, .out = (unsigned)width};
    to->weight = m->a.memory + which * (width + 1) * width;
    to->bias = to->weight + width * width;
    const size_t first = shared ? which * width : 0;
    for (size_t o = 0; o < width; o++) {
        for (size_t i = 0; i < width; i++)
            to->weight[o * width + i] = w->f[turned ? (first + o) * width + i : i * columns + first + o];
        to->bias[o] = bias ? bias->f[first + o] : 0.0f;
    }
    return true;
}

static pm_status add_products(struct pm_onnx *net, const struct match *m, unsigned number) {
    static const char *const names[MATRICES] = {"q", "k", "v", "o"};
    struct pm_error e;
    for (unsigned k = 0; k < MATRICES; k++) {
        struct pm_onnx_node *node = &net->node[m->product[k]];
        const struct pm_onnx_tensor *in[3] = {NULL};
        const bool shared = k == Q && m->product[V] == m->product[Q];
        char name[32];
        if (node->layers > 0)
            continue;
        for (unsigned i = 0; i < node->inputs && i < 3; i++)
            in[i] = node->in[i] == PM_ONNX_NONE ? NULL : &net->value[node->in[i]].t;
        struct pm_onnx_op op = {.net = net, .node = node, .in = in, .inputs = node->inputs, .e = &e};
        snprintf(name, sizeof name, "attn%u.%s", number, shared ? "qkv" : names[k]);
        pm_status status = node->op->matrices(&op);
        if (status == PM_OK)
            status = pm_onnx_add_matrices(net, node, name);
        if (status != PM_OK)
            return status;
    }
    return PM_OK;
}

static pm_status add_attention(struct match *m) {
    struct pm_onnx *net = m->net;
    const unsigned number = net->attentions;
    const size_t width = m->a.width;
    m->a.memory = calloc(MATRICES * (width + 1) * width, sizeof *m->a.memory);
    if (!m->a.memory)
        return PM_ENOMEM;
    for (unsigned k = 0; k < MATRICES; k++)
        if (!take_matrix(m, k)) {
            free(m->a.memory);
            return PM_OK;
        }
    struct pm_onnx_attention **more = realloc(net->attention, (number + 1) * sizeof *more);
    net->attention = more ? more : net->attention;
    struct pm_onnx_attention *a = more ? malloc(sizeof *a) : NULL;
    if (!a) {
        free(m->a.memory);
        return PM_ENOMEM;
    }
    *a = m->a;
    net->attention[net->attentions++] = a;
    a->norm = (struct pm_layernorm){.width = a->width, .eps = m->a.norm.eps};
    a->norm.weight = net->value[m->norm_weight].t.f;
    a->norm.bias = net->value[m->norm_bias].t.f;
    net->value[a->from].users++; /* the layer, beside the nodes */
    if (a->mask != PM_ONNX_NONE)
        net->value[a->mask].users++;
    for (unsigned i = 0; i < m->nodes; i++)
        net->node[m->node[i]].attention = number;
    struct pm_node layer = {
        .kind = PM_NODE_ATTENTION,
        .layer = number,
        .in = {PM_NO_NODE, PM_NO_NODE, PM_NO_NODE},
        .width = a->width,
        .rows = a->tokens,
        .attention = {&a->norm, &a->matrix[Q], &a->matrix[K], &a->matrix[V], &a->matrix[O], a->heads, 0}};
    snprintf(layer.name, sizeof layer.name, "attn%u", number);
    a->layer = pm_graph_add(&net->layers, &layer);
    const pm_status status = add_products(net, m, number);
    if (status == PM_OK && !net->layers.failed)
        net->layers.node[a->layer].attention.body = net->layers.nodes - 1 - a->layer;
    return net->layers.failed ? PM_ENOMEM : status;
}

pm_status pm_onnx_find_attentions(struct pm_onnx *net) {
    pm_status status = PM_OK;
    for (unsigned i = 0; i < net->nodes && status == PM_OK; i++) {
        if (strcmp(net->node[i].type, "Softmax") != 0 || net->node[i].constant)
            continue;
        struct match m = {.net = net, .scale = 1.0, .mask = PM_ONNX_NONE};
        if (match_softmax(&m, i))
            status = add_attention(&m);
    }
    return status;
}

void pm_onnx_attentions_free(struct pm_onnx *net) {
    for (unsigned i = 0; i < net->attentions; i++) {
        net->value[net->attention[i]->from].users--;
        if (net->attention[i]->mask != PM_ONNX_NONE)
            net->value[net->attention[i]->mask].users--;
        free(net->attention[i]->memory);
        free(net->attention[i]);
    }
    free(net->attention);
    net->attention = NULL;
    net->attentions = 0;
}

/* ---- running ---- */

/* Which tokens of a sequence are kept: those to whose logits the mask adds 0, not what rules them out. */
static pm_status keep_of(const struct pm_onnx_op *op, const struct pm_onnx_attention *a, size_t sequence,
                         uint8_t *keep) {
    const struct pm_onnx_tensor *mask = &op->net->value[a->mask].t;
    bool any = false;
    for (size_t t = 0; t < a->tokens; t++) {
        const float v = mask->f[(mask->shape[0] == 1 ? 0 : sequence * a->tokens) + t];
        if (v != 0 && !(v <= -1e3f))
            return pm_eval_fail(op, PM_EINVAL,
                                "a mask that is neither 0 nor below -1000: place its matrices alone");
        keep[t] = v == 0;
        any = any || keep[t];
    }
    return any ? PM_OK : pm_eval_fail(op, PM_EINVAL, "a mask that rules out every token");
}

static pm_status run_whole(struct pm_onnx_op *op, const struct pm_onnx_attention *a) {
    struct pm_onnx_value *from = &op->net->value[a->from];
    struct pm_onnx_tensor y;
    uint8_t *keep = a->mask == PM_ONNX_NONE ? NULL : malloc(a->tokens);
    pm_status status = pm_onnx_shape(&y, PM_ONNX_FLOAT, from->t.rank, from->t.shape);
    if (status == PM_OK)
        status = pm_onnx_allocate(&y);
    if (status != PM_OK || (a->mask != PM_ONNX_NONE && !keep))
        status = pm_eval_memory(op);
    const size_t sequence = (size_t)a->tokens * a->width;
    for (size_t b = 0; b < a->batch && status == PM_OK; b++) {
        if (keep)
            status = keep_of(op, a, b, keep);
        const struct pm_operands o = {
            .n = a->tokens, .x = from->t.f + b * sequence, .keep = keep, .y = y.f + b * sequence};
        if (status == PM_OK)
            status = op->elsewhere->compute(op->elsewhere->ctx, a->layer, b * a->tokens, &o);
    }
    free(keep);
    if (status == PM_OK)
        op->net->value[op->net->node[a->last].out[0]].t = y;
    else
        pm_onnx_drop(&y);
    return status;
}

static void release(struct pm_onnx *net, unsigned value) {
    struct pm_onnx_value *v = value == PM_ONNX_NONE ? NULL : &net->value[value];
    if (v && --v->left == 0 && !v->constant)
        pm_onnx_drop(&v->t);
}

bool pm_onnx_attention_covers(struct pm_onnx_op *op, unsigned node, pm_status *status) {
    const unsigned number = op->net->node[node].attention;
    const struct pm_onnx_attention *a = number == PM_ONNX_NONE ? NULL : op->net->attention[number];
    const bool covered = a && op->elsewhere && op->elsewhere->has(op->elsewhere->ctx, a->layer);
    if (!a || node != a->last)
        return covered;
    op->node = &op->net->node[node];
    if (covered)
        *status = run_whole(op, a);
    release(op->net, a->from);
    release(op->net, a->mask);
    return covered;
}

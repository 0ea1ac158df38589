// SPDX-License-Identifier: Apache-2.0
/* Products with constant weights: matrices that a system may have. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gemm.h"
#include "net/onnx_op.h"

pm_status pm_eval_matrices(struct pm_onnx_op *op, unsigned count, size_t in, size_t out, size_t rows,
                           bool pack) {
    struct pm_onnx_node *node = op->node;
    size_t packed = 0, floats;
    if (in == 0 || out == 0 || rows == 0 || in > INT32_MAX || out > INT32_MAX || rows > INT32_MAX)
        return PM_OK; /* no layer */
    if (pack)
        packed = pm_sgemm_packed((unsigned)in, (unsigned)out);
    if (__builtin_mul_overflow(in + 1, out, &floats) ||
        __builtin_mul_overflow(floats + packed, count, &floats))
        return pm_eval_memory(op);
    node->matrix = calloc(count, sizeof *node->matrix);
    node->weights = calloc(floats, sizeof *node->weights);
    if (!node->matrix || !node->weights)
        return pm_eval_memory(op);
    float *at = node->weights;
    for (unsigned k = 0; k < count; k++) {
        struct pm_matrix *m = &node->matrix[k];
        *m = (struct pm_matrix){.in = (unsigned)in, .out = (unsigned)out};
        m->weight = at;
        m->bias = m->weight + in * out;
        m->packed = pack ? m->bias + out : NULL;
        at += (in + 1) * out + packed;
    }
    node->layers = count;
    node->rows = rows;
    return PM_OK;
}

void pm_eval_matrices_free(struct pm_onnx_node *node) {
    free(node->matrix);
    free(node->weights);
    node->matrix = NULL;
    node->weights = NULL;
    node->layers = 0;
}

void pm_eval_matrices_pack(struct pm_onnx_op *op) {
    for (unsigned k = 0; k < op->node->layers; k++) {
        struct pm_matrix *m = &op->node->matrix[k];
        if (m->packed)
            pm_sgemm_pack(m->weight, 1, m->in, m->in, m->out, m->packed);
    }
}

static bool taken(const struct pm_graph *g, const char *name) {
    for (unsigned i = 0; i < g->nodes; i++)
        if (strcmp(g->node[i].name, name) == 0)
            return true;
    return false;
}

/* The node's name, if it is short and no other layer's; else its operator and place. */
static void name_layer(const struct pm_onnx *net, const struct pm_onnx_node *node, unsigned k, char *name,
                       size_t length) {
    const unsigned place = (unsigned)(node - net->node);
    char group[16] = "";
    if (node->layers > 1)
        snprintf(group, sizeof group, ".%u", k);
    if (snprintf(name, length, "%s%s", node->name, group) < (int)length && !taken(&net->layers, name))
        return;
    snprintf(name, length, "%.24s_%u%s", node->type, place, group);
}

pm_status pm_onnx_add_matrices(struct pm_onnx *net, struct pm_onnx_node *node, const char *name) {
    node->layer = net->layers.nodes;
    for (unsigned k = 0; k < node->layers; k++) {
        struct pm_node layer = {.kind = PM_NODE_MATRIX,
                                .layer = (unsigned)(node - net->node),
                                .id = net->layers.nodes,
                                .in = {PM_NO_NODE, PM_NO_NODE, PM_NO_NODE},
                                .width = node->matrix[k].out,
                                .rows = (unsigned)node->rows,
                                .matrix = &node->matrix[k]};
        if (name)
            snprintf(layer.name, sizeof layer.name, "%s", name);
        else
            name_layer(net, node, k, layer.name, sizeof layer.name);
        pm_graph_add(&net->layers, &layer);
        if (net->layers.failed)
            return PM_ENOMEM;
    }
    if (net->layers.tokens < node->rows)
        net->layers.tokens = (unsigned)node->rows;
    return PM_OK;
}

static bool placed(const struct pm_onnx_op *op, unsigned k) {
    return op->elsewhere && op->node->layers > k &&
           op->elsewhere->has(op->elsewhere->ctx, op->node->layer + k);
}

bool pm_eval_placed(const struct pm_onnx_op *op) {
    if (op->elsewhere && op->elsewhere->see && op->node->layers > 0)
        return true;
    for (unsigned k = 0; k < op->node->layers; k++)
        if (placed(op, k))
            return true;
    return false;
}

pm_status pm_eval_matrix(struct pm_onnx_op *op, unsigned k, size_t first, size_t n, const float *x,
                         float *y) {
    const struct pm_matrix *m = &op->node->matrix[k];
    if (op->elsewhere && op->elsewhere->see)
        op->elsewhere->see(op->elsewhere->ctx, op->node->layer + k, n * m->in, x);
    if (placed(op, k)) {
        const struct pm_operands o = {.n = (unsigned)n, .x = x, .y = y};
        return op->elsewhere->compute(op->elsewhere->ctx, op->node->layer + k, first, &o);
    }
    if (m->packed) {
        pm_matrix_apply(m, n, x, NULL, y);
        return PM_OK;
    }
    for (size_t r = 0; r < n; r++)
        for (size_t o = 0; o < m->out; o++) {
            float sum = m->bias[o];
            for (size_t i = 0; i < m->in; i++)
                sum += x[r * m->in + i] * m->weight[o * m->in + i];
            y[r * m->out + o] = sum;
        }
    return PM_OK;
}

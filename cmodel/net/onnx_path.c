// SPDX-License-Identifier: Apache-2.0
#include "net/onnx_path.h"

#include <string.h>

#define INPUTS        8
#define OUTPUTS       8
#define ELEMENTS_MOST ((size_t)1 << 24)

static bool moves(const struct pm_onnx *net, const struct pm_onnx_node *node) {
    static const char *const types[] = {"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten",
                                        "Split",     "Slice",   "Gather",  "Identity"};
    bool known = false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        known = known || strcmp(node->type, types[i]) == 0;
    for (unsigned k = 1; k < node->inputs && known; k++)
        known = node->in[k] == PM_ONNX_NONE || net->value[node->in[k]].constant;
    return known && node->inputs > 0 && node->inputs <= INPUTS && node->outputs <= OUTPUTS &&
           node->in[0] != PM_ONNX_NONE && !node->constant;
}

unsigned pm_onnx_path_back(const struct pm_onnx *net, struct pm_onnx_path *p, unsigned value) {
    const unsigned producer = value == PM_ONNX_NONE ? PM_ONNX_NONE : net->value[value].producer;
    if (producer == PM_ONNX_NONE || p->steps == PM_ONNX_STEPS || !moves(net, &net->node[producer]))
        return PM_ONNX_NONE;
    const struct pm_onnx_node *node = &net->node[producer];
    unsigned out = 0;
    while (node->out[out] != value)
        out++;
    p->node[p->steps] = producer;
    p->out[p->steps++] = out;
    return node->in[0];
}

/* Moves *t by a node to its output `out`; *t is dropped. */
static bool step(struct pm_onnx *net, unsigned index, unsigned out, struct pm_onnx_tensor *t) {
    const struct pm_onnx_tensor *in[INPUTS];
    struct pm_onnx_tensor made[OUTPUTS] = {0};
    struct pm_error e;
    struct pm_onnx_node *node = &net->node[index];
    struct pm_onnx_op op = {.net = net,
                            .node = node,
                            .in = in,
                            .out = made,
                            .inputs = node->inputs,
                            .outputs = node->outputs < node->op->outputs ? node->outputs : node->op->outputs,
                            .e = &e};
    for (unsigned k = 0; k < node->inputs; k++)
        in[k] = k == 0 ? t : node->in[k] == PM_ONNX_NONE ? NULL : &net->value[node->in[k]].t;
    const pm_status status = node->op->run(&op);
    pm_onnx_drop(t);
    for (unsigned k = 0; k < op.outputs; k++)
        if (k == out && status == PM_OK)
            *t = made[k];
        else
            pm_onnx_drop(&made[k]);
    return status == PM_OK && t->data;
}

bool pm_onnx_path_follow(struct pm_onnx *net, const struct pm_onnx_path *p, unsigned from,
                         struct pm_onnx_tensor *end) {
    const struct pm_onnx_tensor *of = &net->value[from].t;
    if (of->count > ELEMENTS_MOST || pm_onnx_shape(end, PM_ONNX_INT64, of->rank, of->shape) != PM_OK ||
        pm_onnx_allocate(end) != PM_OK)
        return false;
    for (size_t i = 0; i < end->count; i++)
        end->i[i] = (int64_t)i;
    for (unsigned s = p->steps; s-- > 0;)
        if (!step(net, p->node[s], p->out[s], end))
            return false;
    return true;
}
